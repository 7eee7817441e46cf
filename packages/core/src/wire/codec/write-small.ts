import { Excerpt, Memory } from "../packet.ts";
import { sampleArray } from "./losses.ts";

/**
 * Small values as MessagePack, found plain and written in the same walk: numbers, booleans, null, short strings of ASCII,
 * arrays and objects of these. Undefined for all else, and when it becomes too much: then `isPlain` and msgpackr see to it.
 *
 * Most messages are that. msgpackr, which is made for large ones, takes 0.5 µs for `{ id, name, position: [x, y, z] }`, to
 * find it plain 0.15 and to cut its result from its pool 0.2; this takes 0.12 to 0.25.
 */
export function encodeSmall(form: number, value: unknown): Excerpt | undefined {
  const own = poolFor(mostBytes + slack);
  const { memory, start } = own;
  memory.bytes[start] = form;
  const end = writeSmall(value, memory, start + 1, start + mostBytes + slack);
  return end === gaveUp ? undefined : own.cut(end);
}

/** The same without the form: to `at`, and not to `room` or beyond. Gives where it ends, or {@link gaveUp}. */
export function writeSmall(value: unknown, memory: Memory, at: number, room: number): number {
  if (count > 0) return gaveUp; // called by an accessor of a value that is being written
  target = memory;
  let end = gaveUp;
  try {
    end = write(value, at, Math.min(room - slack, at + mostBytes));
  } catch {
    // An accessor that throws: whoever flattens the value says where.
  }
  while (count > 0) met[--count] = undefined;
  return end;
}

/** The form and one number, not as MessagePack. */
export function encodeDouble(form: number, value: number): Excerpt {
  const own = poolFor(9);
  return own.cut(writeDouble(form, value, own.memory, own.start));
}

/** The same to `at`; gives where it ends. */
export function writeDouble(form: number, value: number, { bytes, view }: Memory, at: number): number {
  bytes[at] = form;
  view.setFloat64(at + 1, value, true);
  return at + 9;
}

/** The form and a copy of a few bytes. */
export function encodeBytes(form: number, value: Uint8Array): Excerpt {
  const { length } = value;
  const own = poolFor(1 + length);
  const { start } = own;
  const { bytes } = own.memory;
  bytes[start] = form;
  if (length <= 64) for (let i = 0; i < length; i++) bytes[start + 1 + i] = value[i] as number;
  else bytes.set(value, start + 1);
  return own.cut(start + 1 + length);
}

/** Whoever keeps a parcel keeps the whole pool that it was cut from. */
const poolBytes = 32 * 1024;
/** The result's, and what may be written beyond them before that is noticed. */
const mostBytes = 512;
const slack = 192;
const longestText = 64;
const mostEntries = 15;
const mostObjects = 8;
export const gaveUp = -1;

/** Memory that parcels are cut from. What is given away is never written again. */
class Pool {
  readonly memory: Memory;
  /** Where the next parcel begins: a multiple of 8. */
  start = 0;

  constructor(bytes: number) {
    this.memory = new Memory(Buffer.allocUnsafeSlow((bytes + 7) & ~7).buffer as ArrayBuffer);
  }

  /** What has been written from {@link start} on. */
  cut(end: number): Excerpt {
    const { start } = this;
    this.start = (end + 7) & ~7;
    return new Excerpt(this.memory, start, end);
  }
}

let pool: Pool = new Pool(0);
/** Where the value is written to. */
let target: Memory = pool.memory;
/** Objects met in the value that is being written: one that is met again is no plain value. None while nothing is. */
const met: (object | undefined)[] = [];
let count = 0;

/** One with room for so many bytes: not the one in which a value is being written, one of whose accessors has called. */
function poolFor(most: number): Pool {
  if (count > 0) return new Pool(most);
  if (pool.start + most > pool.memory.bytes.length) pool = new Pool(poolBytes);
  return pool;
}

/** Writes a value at `at`, and says where the next one goes. */
// biome-ignore lint/complexity/noExcessiveCognitiveComplexity: one test after the other, cheapest first, inlined by V8 into its callers
function write(value: unknown, at: number, limit: number): number {
  if (at > limit) return gaveUp;
  // One by one: `switch (typeof value)` makes the name of the type first.
  if (typeof value === "number") return writeNumber(value, at);
  if (typeof value === "string") return writeText(value, at);
  if (typeof value === "boolean" || value === null) {
    target.bytes[at] = value === null ? 0xc0 : value ? 0xc3 : 0xc2;
    return at + 1;
  }
  if (typeof value !== "object" || count === mostObjects) return gaveUp;
  for (let i = 0; i < count; i++) if (met[i] === value) return gaveUp;
  met[count++] = value;
  if (Array.isArray(value)) return writeArray(value, at, limit);
  // To ask for its prototype is a call of V8's runtime. Whoever else has this constructor inherits nothing that travels, or
  // shows that with its keys.
  return value.constructor === Object ? writeObject(value, at, limit) : gaveUp;
}

function writeNumber(value: number, at: number): number {
  if (value >>> 0 === value) {
    if (value === 0 && 1 / value < 0) return gaveUp;
    if (value < 0x80) {
      target.bytes[at] = value;
      return at + 1;
    }
    target.bytes[at] = 0xce;
    target.view.setUint32(at + 1, value);
    return at + 5;
  }
  if (value >> 0 === value) {
    target.bytes[at] = 0xd2;
    target.view.setInt32(at + 1, value);
    return at + 5;
  }
  target.bytes[at] = 0xcb;
  target.view.setFloat64(at + 1, value);
  return at + 9;
}

function writeText(text: string, at: number): number {
  const { length } = text;
  if (length > longestText) return gaveUp;
  const { bytes } = target;
  let to = at + 1;
  if (length < 32) bytes[at] = 0xa0 | length;
  else {
    bytes[at] = 0xd9;
    bytes[to++] = length;
  }
  let all = 0;
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i);
    all |= code;
    bytes[to++] = code;
  }
  return all > 0x7f ? gaveUp : to;
}

function writeArray(array: readonly unknown[], at: number, limit: number): number {
  const { length } = array;
  // What a RegExp matched has properties with names.
  if (length > mostEntries || (array as { index?: unknown }).index !== undefined) return gaveUp;
  sampleArray(array);
  target.bytes[at] = 0x90 | length;
  let to = at + 1;
  for (let i = 0; i < length && to !== gaveUp; i++) {
    const entry = array[i]; // holes are undefined, and given up
    to = typeof entry === "number" ? writeNumber(entry, to) : write(entry, to, limit);
  }
  return to;
}

function writeObject(object: object, at: number, limit: number): number {
  const shape = shapeOf(object);
  if (shape?.write !== undefined) return shape.write(object, target.bytes, at, limit);
  const end = writeByKeys(object, at, limit);
  if (end !== gaveUp) note(object, shape);
  return end;
}

/** By for-in: Object.keys makes an array of them. */
function writeByKeys(object: object, at: number, limit: number): number {
  let entries = 0;
  let to = at + 1;
  for (const key in object) {
    if (++entries > mostEntries || key === "__proto__" || !Object.hasOwn(object, key)) return gaveUp;
    to = writeText(key, to);
    if (to === gaveUp) return gaveUp;
    to = write((object as Record<string, unknown>)[key], to, limit);
    if (to === gaveUp) return gaveUp;
  }
  if (entries === 0 && Object.getPrototypeOf(object) !== Object.prototype) return gaveUp; // iterators, and such
  target.bytes[at] = 0x80 | entries;
  return to;
}

/** What objects have in common: these keys, in this order. Those that come often have a function that knows their bytes. */
interface Shape {
  readonly keys: readonly string[];
  write: ((object: object, bytes: Buffer, at: number, limit: number) => number) | undefined;
  /** How often it has come before that. */
  times: number;
  /** How many others may come before it gives way to one of them. */
  patience: number;
}

/** The last one of each first key, roughly. */
const shapes: (Shape | undefined)[] = Array.from({ length: 256 }, () => undefined);
/** To make a function takes as long as it saves in some hundred messages. */
const seenOften = 100;
/** Programs whose keys are data would have functions without end. */
const mostFunctions = 256;
const mostPatience = 8;
let functions = 0;

function placeOf(key: string): number {
  return ((key.length << 4) ^ key.charCodeAt(0)) & 0xff;
}

/**
 * The one of this object's keys, if it has come before. They are the same strings then: V8 has each key once. In a for-in it
 * knows, too, that they are the object's own, without asking: if it is asked in these words.
 */
function shapeOf(object: object): Shape | undefined {
  let shape: Shape | undefined;
  let i = 0;
  for (const key in object) {
    if (i === 0) shape = shapes[placeOf(key)];
    if (shape === undefined || shape.keys[i] !== key) return undefined;
    // biome-ignore lint/suspicious/noPrototypeBuiltins: Object.hasOwn is called each time
    if (!Object.prototype.hasOwnProperty.call(object, key)) return undefined;
    i++;
  }
  if (i !== shape?.keys.length) return undefined;
  shape.patience = mostPatience;
  return shape;
}

function note(object: object, shape: Shape | undefined): void {
  if (shape !== undefined) {
    if (++shape.times !== seenOften || functions === mostFunctions) return;
    functions++;
    shape.write = writerOf(shape.keys);
    return;
  }
  for (const key in object) {
    const place = placeOf(key);
    const other = shapes[place];
    if (other === undefined || --other.patience === 0) {
      shapes[place] = { keys: Object.keys(object), write: undefined, times: 1, patience: mostPatience };
    }
    return;
  }
}

/**
 * For `id` and `name`: `bytes[at] = 0x82; bytes[at + 1] = 0xa2; ... const v0 = object["id"]; at = write(v0, at + 4, limit); ...`.
 * Undefined where the process may not make functions.
 */
function writerOf(keys: readonly string[]): Shape["write"] {
  const steps = keys.map((key, i) => {
    const name = key.length < 32 ? [0xa0 | key.length] : [0xd9, key.length];
    const constants = [...(i === 0 ? [0x80 | keys.length] : []), ...name, ...Buffer.from(key)];
    const stores = constants.map((byte, j) => `bytes[at + ${j}] = ${byte};`).join(" ");
    const to = `at + ${constants.length}`;
    return `if (at > limit) return gaveUp; ${stores} const v${i} = object[${JSON.stringify(key)}];
      at = typeof v${i} === "number" ? writeNumber(v${i}, ${to}) : write(v${i}, ${to}, limit); if (at === gaveUp) return gaveUp;`;
  });
  const text = `return (object, bytes, at, limit) => { ${steps.join("\n")} return at; };`;
  try {
    return new Function("write", "writeNumber", "gaveUp", text)(write, writeNumber, gaveUp) as Shape["write"];
  } catch {
    return undefined; // --disallow-code-generation-from-strings
  }
}
