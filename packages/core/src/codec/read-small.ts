/**
 * Reads the MessagePack of small plain values, which `small.ts` writes, and gives up what is anything else.
 *
 * Most messages have one of a few shapes. An object whose keys are, byte by byte, those of a shape that has come before is
 * made in one step; property by property it takes three times as long, most of it in V8's table of strings. Texts are
 * compared with the last one of the same hash in the same way, for many of them come again.
 *
 * ```text
 * 83 | a2 i d | 01 | a4 n a m e | a3 a b c | a1 x | 07        { id: 1, name: "abc", x: 7 }
 *      ^ each key: is it that of the shape?  ^ each text: is it the one read before?
 * ```
 */
export function readSmall(bytes: Buffer, shown: DataView | undefined, start: number, end: number): unknown {
  if (end - start > mostBytes) return notSmall;
  src = bytes;
  view = shown;
  at = start;
  limit = end;
  gaveUp = false;
  const value = read();
  return gaveUp || at !== end ? notSmall : value;
}

/** What {@link readSmall} returns for all else: longer, of other kinds, or no value at all. */
export const notSmall: unique symbol = Symbol("not a small value");

/** Longer is not small. It bounds how deep it is nested, too. */
const mostBytes = 768;
/** A shape that comes for the third time after that becomes a function: to compile one takes as long as a hundred messages. */
const seenOften = 8;
/** Programs whose keys are data would have functions without end. */
const mostFunctions = 256;
const mostPatience = 8;

const nothing: readonly never[] = [];
let src: Buffer = Buffer.alloc(0);
/** The same memory, where it is shown like that already. */
let view: DataView | undefined;
let at = 0;
/** Where the value ends. What lies behind it may be looked at, but then `at` is wrong in the end. */
let limit = 0;
/** It is nothing for this reader. */
let gaveUp = false;

function read(): unknown {
  const byte = src[at++] as number;
  if (byte < 0x80) return byte;
  if (byte < 0x90) return readObject(byte & 0x0f);
  if (byte < 0xa0) return readArray(byte & 0x0f);
  if (byte < 0xc0) return readText(byte & 0x1f);
  switch (byte) {
    case 0xc0:
      return null;
    case 0xc2:
      return false;
    case 0xc3:
      return true;
    case 0xcb:
      return readDouble();
    case 0xce:
      return readInteger() >>> 0;
    case 0xd2:
      return readInteger();
    case 0xd9:
      return readText(src[at++] as number);
  }
  gaveUp = true;
  return undefined;
}

function readInteger(): number {
  const from = at;
  at += 4;
  const high = ((src[from] as number) << 24) | ((src[from + 1] as number) << 16);
  return high | ((src[from + 2] as number) << 8) | (src[from + 3] as number);
}

function readDouble(): number {
  view ??= new DataView(src.buffer, src.byteOffset, src.length);
  at += 8;
  return at <= limit ? view.getFloat64(at - 8) : 0;
}

/** Short ones as literals: they take as much memory as they have elements, and no holes. */
function readArray(length: number): unknown[] {
  if (at > limit) gaveUp = true;
  if (gaveUp) return [];
  if (areDoubles(length)) return readDoubles(length);
  switch (length) {
    case 1:
      return [read()];
    case 2:
      return [read(), read()];
    case 3:
      return [read(), read(), read()];
    case 4:
      return [read(), read(), read(), read()];
  }
  const array: unknown[] = [];
  for (let i = 0; i < length && !gaveUp; i++) array.push(read());
  return array;
}

/** Whether the next so many values are all doubles. */
function areDoubles(length: number): boolean {
  const end = at + 9 * length;
  if (length === 0 || end > limit) return false;
  for (let i = at; i < end; i += 9) if (src[i] !== 0xcb) return false;
  return true;
}

/** Without an object for each number. */
function readDoubles(length: number): number[] {
  const from = at + 1;
  at += 9 * length;
  view ??= new DataView(src.buffer, src.byteOffset, src.length);
  switch (length) {
    case 1:
      return [view.getFloat64(from)];
    case 2:
      return [view.getFloat64(from), view.getFloat64(from + 9)];
    case 3:
      return [view.getFloat64(from), view.getFloat64(from + 9), view.getFloat64(from + 18)];
  }
  const array: number[] = [];
  for (let i = 0; i < length; i++) array.push(view.getFloat64(from + 9 * i));
  return array;
}

const longestKept = 64;
const places = 4096;
const noBytes = new Uint8Array(0);
/** The last one of each length and some bytes, and those bytes: to compare with them takes half as long. */
const texts: string[] = Array.from({ length: places }, () => "");
const textBytes: Uint8Array[] = Array.from({ length: places }, () => noBytes);

function readText(length: number): string {
  const from = at;
  at += length;
  if (at > limit) gaveUp = true;
  if (length === 0 || gaveUp) return "";
  const ends = ((src[from] as number) << 16) ^ ((src[at - 2] as number) << 8) ^ (src[at - 1] as number);
  const place = Math.imul(ends ^ (length << 24) ^ ((src[from + (length >> 1)] as number) << 4), 0x9e3779b1) >>> 20;
  if (areAt(textBytes[place] as Uint8Array, from, length)) return texts[place] as string;
  for (let i = from; i < at; i++) if ((src[i] as number) > 0x7f) gaveUp = true; // not ASCII
  if (gaveUp) return "";
  const text = src.toString("latin1", from, at);
  if (length <= longestKept) {
    texts[place] = text;
    textBytes[place] = Uint8Array.prototype.slice.call(src, from, at);
  }
  return text;
}

function areAt(bytes: Uint8Array, from: number, length: number): boolean {
  if (bytes.length !== length) return false;
  for (let i = 0; i < length; i++) if (bytes[i] !== src[from + i]) return false;
  return true;
}

function isAt(text: string, from: number): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) !== src[from + i]) return false;
  return true;
}

/** What objects have in common. */
interface Shape {
  /** In this order. */
  readonly keys: readonly string[];
  /** Reads an object from behind its first key on. */
  readOn: (() => object) | undefined;
  /** How many others may come before it gives way to one of them. */
  patience: number;
}

/** The last one of each number of keys and first key, roughly, and how often something came there. */
const shapes: (Shape | undefined)[] = Array.from({ length: 256 }, () => undefined);
const seen = new Uint8Array(256);
let functions = 0;

function readObject(length: number): object {
  if (length === 0) return {};
  const place = (length ^ ((src[at] as number) << 4) ^ ((src[at + 1] as number) << 2) ^ (src[at + 2] as number)) & 0xff;
  const shape = shapes[place];
  if (shape?.readOn === undefined) {
    const often = seen[place] as number;
    if (often >= seenOften) return readByKeys(place, length, nothing, nothing);
    seen[place] = often + 1;
    gaveUp = true; // for keys that will never come again this reader is too slow
    return nothing;
  }
  if (at > limit) gaveUp = true;
  if (gaveUp) return nothing;
  if (shape.keys.length !== length || !isKey(shape.keys[0] as string))
    return readByKeys(place, length, nothing, nothing);
  shape.patience = mostPatience;
  return shape.readOn();
}

/** Whether the next key is this one; if so it has been read. */
function isKey(key: string): boolean {
  const { length } = key;
  if (src[at] !== (0xa0 | length) || !isAt(key, at + 1)) return false;
  at += 1 + length;
  return true;
}

/** An object of an unknown shape; so many values have been read, and their keys, with which `known` begins. */
function readByKeys(place: number, length: number, known: readonly string[], values: readonly unknown[]): object {
  const object: Record<string, unknown> = {};
  const keys: string[] = [];
  for (let i = 0; i < length && !gaveUp; i++) {
    const key = i < values.length ? (known[i] as string) : readKey();
    keys.push(key);
    object[key] = i < values.length ? values[i] : read();
  }
  if (!gaveUp) note(place, keys);
  return object;
}

function readKey(): string {
  const byte = src[at++] as number;
  const key = readText(byte & 0x1f);
  if ((byte & 0xe0) !== 0xa0 || key === "__proto__") gaveUp = true;
  return gaveUp ? "" : key;
}

function note(place: number, keys: readonly string[]): void {
  const shape = shapes[place];
  if (shape !== undefined && areSame(keys, shape.keys)) {
    if (shape.readOn !== undefined || functions === mostFunctions) return;
    functions++;
    shape.readOn = readerOf(place, keys);
  } else if (shape?.readOn === undefined || --shape.patience === 0) {
    shapes[place] = { keys, readOn: undefined, patience: mostPatience };
    seen[place] = 0;
  }
}

function areSame(some: readonly string[], others: readonly string[]): boolean {
  if (some.length !== others.length) return false;
  for (let i = 0; i < some.length; i++) if (some[i] !== others[i]) return false;
  return true;
}

/**
 * For `id` and `name`: `const v0 = read(); if (!isKey("name")) return byKeys([v0]); const v1 = read(); return {"id": v0,
 * "name": v1};`. Undefined where the process may not make functions.
 */
function readerOf(place: number, keys: readonly string[]): (() => object) | undefined {
  const names = keys.map((key) => JSON.stringify(key));
  const before = (i: number) => Array.from({ length: i }, (_, j) => `v${j}`).join();
  const steps = names.map(
    (name, i) => `${i === 0 ? "" : `if (!isKey(${name})) return byKeys([${before(i)}]);`} const v${i} = read();`,
  );
  const text = `return () => { ${steps.join(" ")} return { ${names.map((name, i) => `${name}: v${i}`).join()} }; };`;
  const byKeys = (values: readonly unknown[]): object => readByKeys(place, keys.length, keys, values);
  try {
    return new Function("read", "isKey", "byKeys", text)(read, isKey, byKeys) as () => object;
  } catch {
    return undefined; // --disallow-code-generation-from-strings
  }
}
