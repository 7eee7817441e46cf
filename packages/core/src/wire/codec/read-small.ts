/**
 * Reads the MessagePack of small plain values that `write-small.ts` writes, and gives up on anything else.
 *
 * Most messages have one of a few shapes. If the keys of an object are, byte by byte, those of a known shape, it is
 * made in one step. Property by property takes three times as long, most of it in V8's table of strings. Texts are
 * compared with the last text of the same hash in the same way, because many of them repeat.
 *
 * One file although it is long: its functions share the cursor, and V8 inlines them into each other.
 *
 * ```text
 * 83 | a2 i d | 01 | a4 n a m e | a3 a b c | a1 x | 07        { id: 1, name: "abc", x: 7 }
 *      ^ each key: is it that of the shape?  ^ each text: is it the one read before?
 * ```
 */
export function readSmall(bytes: Buffer, shown: DataView | undefined, start: number, end: number): unknown {
  if (end - start > mostBytes) return notSmall;
  cursor.src = bytes;
  cursor.view = shown;
  cursor.at = start;
  cursor.limit = end;
  cursor.gaveUp = false;
  const value = read();
  return cursor.gaveUp || cursor.at !== end ? notSmall : value;
}

/** Returned by {@link readSmall} for other values: longer ones, other kinds, invalid bytes. */
export const notSmall: unique symbol = Symbol("not a small value");

/** Longer values are not small. This also bounds how deep they are nested. */
const mostBytes = 768;
/** After so many objects of its hash, a shape is compiled at its third one: it takes as long as a hundred messages. */
const seenOften = 8;
/** Programs whose keys are data would otherwise compile functions without end. */
const mostFunctions = 256;
const mostPatience = 8;

const nothing: readonly never[] = [];
/** The position of the reader. An object, so that compiled functions can use it. */
const cursor: {
  src: Buffer;
  /** A view of the same memory, if there is one. */
  view: DataView | undefined;
  at: number;
  /** The end of the value. Bytes behind it may be read, but then `at` is wrong in the end. */
  limit: number;
  /** The value is not for this reader. */
  gaveUp: boolean;
} = { src: Buffer.alloc(0), view: undefined, at: 0, limit: 0, gaveUp: false };

function read(): unknown {
  const byte = cursor.src[cursor.at++] as number;
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
      return readText(cursor.src[cursor.at++] as number);
  }
  cursor.gaveUp = true;
  return undefined;
}

function readInteger(): number {
  const { src, at } = cursor;
  cursor.at += 4;
  const high = ((src[at] as number) << 24) | ((src[at + 1] as number) << 16);
  return high | ((src[at + 2] as number) << 8) | (src[at + 3] as number);
}

function readDouble(): number {
  const { at, limit } = cursor;
  cursor.at += 8;
  return at + 8 <= limit ? viewed().getFloat64(at) : 0;
}

function viewed(): DataView {
  const { src } = cursor;
  cursor.view ??= new DataView(src.buffer, src.byteOffset, src.length);
  return cursor.view;
}

/** Short arrays are made by literals, so that their memory fits their length and they have no holes. */
function readArray(length: number): unknown[] {
  if (cursor.at > cursor.limit) cursor.gaveUp = true;
  if (cursor.gaveUp) return [];
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
  for (let i = 0; i < length && !cursor.gaveUp; i++) array.push(read());
  return array;
}

/** Whether the next `length` values are all doubles. */
function areDoubles(length: number): boolean {
  const { src, at, limit } = cursor;
  const end = at + 9 * length;
  if (length === 0 || end > limit) return false;
  for (let i = at; i < end; i += 9) if (src[i] !== 0xcb) return false;
  return true;
}

/** Reads doubles without a heap object for each. */
function readDoubles(length: number): number[] {
  const from = cursor.at + 1;
  const view = viewed();
  cursor.at += 9 * length;
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
/**
 * The last text of each hash (its length and some of its bytes), and its bytes: comparing them takes half as long as
 * decoding.
 */
const texts: string[] = Array.from({ length: places }, () => "");
const textBytes: Uint8Array[] = Array.from({ length: places }, () => noBytes);

function readText(length: number): string {
  const { src, at: from, limit } = cursor;
  const to = from + length;
  cursor.at = to;
  if (to > limit) cursor.gaveUp = true;
  if (length === 0 || cursor.gaveUp) return "";
  const ends = ((src[from] as number) << 16) ^ ((src[to - 2] as number) << 8) ^ (src[to - 1] as number);
  const place = Math.imul(ends ^ (length << 24) ^ ((src[from + (length >> 1)] as number) << 4), 0x9e3779b1) >>> 20;
  if (areAt(textBytes[place] as Uint8Array, from, length)) return texts[place] as string;
  for (let i = from; i < to; i++) if ((src[i] as number) > 0x7f) cursor.gaveUp = true; // not ASCII
  if (cursor.gaveUp) return "";
  const text = src.toString("latin1", from, to);
  if (length <= longestKept) {
    texts[place] = text;
    textBytes[place] = Uint8Array.prototype.slice.call(src, from, to);
  }
  return text;
}

function areAt(bytes: Uint8Array, from: number, length: number): boolean {
  if (bytes.length !== length) return false;
  const { src } = cursor;
  for (let i = 0; i < length; i++) if (bytes[i] !== src[from + i]) return false;
  return true;
}

/** Objects with the same keys in the same order. */
interface Shape {
  readonly keys: readonly string[];
  /** The compiled function: reads an object, beginning at its first key. */
  readOn: (() => object) | undefined;
  /** How many objects of other shapes may come before one of those replaces this shape. */
  patience: number;
}

/** The last shape of each hash (number of keys and first key), and how many objects with that hash have come. */
const shapes: (Shape | undefined)[] = Array.from({ length: 256 }, () => undefined);
const seen = new Uint8Array(256);
let functions = 0;

function readObject(length: number): object {
  if (length === 0) return {};
  const { src, at } = cursor;
  const place = (length ^ ((src[at] as number) << 4) ^ ((src[at + 1] as number) << 2) ^ (src[at + 2] as number)) & 0xff;
  const shape = shapes[place];
  if (shape?.readOn === undefined) {
    const often = seen[place] as number;
    if (often >= seenOften) return readByKeys(place, length, nothing, nothing);
    seen[place] = often + 1;
    cursor.gaveUp = true; // this reader is too slow for keys that never come again
    return nothing;
  }
  if (at > cursor.limit) cursor.gaveUp = true;
  if (cursor.gaveUp) return nothing;
  return shape.keys.length === length ? shape.readOn() : readByKeys(place, length, nothing, nothing);
}

/** Reads an object of an unknown shape. Its first `values` are already read; their keys are the first of `known`. */
function readByKeys(place: number, length: number, known: readonly string[], values: readonly unknown[]): object {
  const object: Record<string, unknown> = {};
  const keys: string[] = [];
  for (let i = 0; i < length && !cursor.gaveUp; i++) {
    const key = i < values.length ? (known[i] as string) : readKey();
    keys.push(key);
    object[key] = i < values.length ? values[i] : read();
  }
  if (!cursor.gaveUp) note(place, keys);
  return object;
}

function readKey(): string {
  const byte = cursor.src[cursor.at++] as number;
  const key = readText(byte & 0x1f);
  if ((byte & 0xe0) !== 0xa0 || key === "__proto__") cursor.gaveUp = true;
  return cursor.gaveUp ? "" : key;
}

function note(place: number, keys: readonly string[]): void {
  const shape = shapes[place];
  if (shape !== undefined && areSame(keys, shape.keys)) {
    if (shape.readOn !== undefined || functions === mostFunctions) return;
    functions++;
    shape.readOn = readerOf(place, shape);
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
 * For `id` and `name`: `const { src } = cursor; let at = cursor.at; if (src[at] !== 0xa2 || src[at + 1] !== 0x69 ...)
 * return byKeys([]); cursor.at = at + 3; const v0 = read(); ... return {"id": v0, "name": v1};`. Undefined if the
 * process may not compile functions.
 */
function readerOf(place: number, shape: Shape): (() => object) | undefined {
  const { keys } = shape;
  const before = (i: number) => Array.from({ length: i }, (_, j) => `v${j}`).join();
  const steps = keys.map((key, i) => {
    const differs = [0xa0 | key.length, ...Buffer.from(key)]
      .map((byte, j) => `src[at + ${j}] !== ${byte}`)
      .join(" || ");
    return `at = cursor.at; if (${differs}) return byKeys([${before(i)}]); cursor.at = at + ${1 + key.length}; const v${i} = read();`;
  });
  const entries = keys.map((key, i) => `${JSON.stringify(key)}: v${i}`).join();
  const text = `return () => { const { src } = cursor; let at; ${steps.join(" ")} shape.patience = ${mostPatience}; return { ${entries} }; };`;
  const byKeys = (values: readonly unknown[]): object => readByKeys(place, keys.length, keys, values);
  try {
    return new Function("cursor", "read", "byKeys", "shape", text)(cursor, read, byKeys, shape) as () => object;
  } catch {
    return undefined; // --disallow-code-generation-from-strings
  }
}
