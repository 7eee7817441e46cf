import { Excerpt, Memory } from "../packet.ts";

/**
 * Small values as MessagePack, found plain and written in the same walk: numbers, booleans, null, short strings of ASCII,
 * arrays and objects of these. Undefined for all else, and when it becomes too much: then `isPlain` and msgpackr see to it.
 *
 * Most messages are that. msgpackr, which is made for large ones, takes 0.5 µs for `{ id, name, position: [x, y, z] }`, to
 * find it plain 0.15 and to cut its result from its pool 0.2; this takes 0.25.
 */
export function encodeSmall(form: number, value: unknown): Excerpt | undefined {
  if (count > 0) return undefined; // called by an accessor of a value that is being written
  const own = poolFor(mostBytes + slack);
  const { start } = own;
  own.bytes[start] = form;
  let end = gaveUp;
  try {
    end = write(value, start + 1, start + mostBytes);
  } catch {
    // An accessor that throws: whoever flattens the value says where.
  }
  while (count > 0) met[--count] = undefined;
  return end === gaveUp ? undefined : own.cut(end);
}

/** The form and one number, not as MessagePack. */
export function encodeDouble(form: number, value: number): Excerpt {
  const own = poolFor(9);
  const { start } = own;
  own.bytes[start] = form;
  own.view.setFloat64(start + 1, value, true);
  return own.cut(start + 9);
}

/** The form and a copy of a few bytes. */
export function encodeBytes(form: number, value: Uint8Array): Excerpt {
  const { length } = value;
  const own = poolFor(1 + length);
  const { bytes, start } = own;
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
const gaveUp = -1;

/** Memory that parcels are cut from. What is given away is never written again. */
class Pool extends Memory {
  /** Where the next parcel begins: a multiple of 8. */
  start = 0;

  constructor(bytes: number) {
    super(Buffer.allocUnsafeSlow((bytes + 7) & ~7).buffer as ArrayBuffer);
  }

  /** What has been written from {@link start} on. */
  cut(end: number): Excerpt {
    const { start } = this;
    this.start = (end + 7) & ~7;
    return new Excerpt(this, start, end);
  }
}

let pool: Pool = new Pool(0);
/** Objects met in the value that is being written: one that is met again is no plain value. None while nothing is. */
const met: (object | undefined)[] = [];
let count = 0;

/** One with room for so many bytes: not the one in which a value is being written, one of whose accessors has called. */
function poolFor(most: number): Pool {
  if (count > 0) return new Pool(most);
  if (pool.start + most > pool.bytes.length) pool = new Pool(poolBytes);
  return pool;
}

/** Writes a value at `at`, and says where the next one goes. */
function write(value: unknown, at: number, limit: number): number {
  if (at > limit) return gaveUp;
  // One by one: `switch (typeof value)` makes the name of the type first.
  if (typeof value === "number") return writeNumber(value, at);
  if (typeof value === "string") return writeText(value, at);
  if (typeof value === "boolean" || value === null) {
    pool.bytes[at] = value === null ? 0xc0 : value ? 0xc3 : 0xc2;
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
      pool.bytes[at] = value;
      return at + 1;
    }
    pool.bytes[at] = 0xce;
    pool.view.setUint32(at + 1, value);
    return at + 5;
  }
  if (value >> 0 === value) {
    pool.bytes[at] = 0xd2;
    pool.view.setInt32(at + 1, value);
    return at + 5;
  }
  pool.bytes[at] = 0xcb;
  pool.view.setFloat64(at + 1, value);
  return at + 9;
}

function writeText(text: string, at: number): number {
  const { length } = text;
  if (length > longestText) return gaveUp;
  const { bytes } = pool;
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
  pool.bytes[at] = 0x90 | length;
  let to = at + 1;
  for (let i = 0; i < length && to !== gaveUp; i++) to = write(array[i], to, limit); // holes are undefined, and given up
  return to;
}

/**
 * By for-in, for which V8 keeps the keys of a shape, and where their values are; it knows then, too, that they are the
 * object's own. Object.keys makes an array of them.
 */
function writeObject(object: object, at: number, limit: number): number {
  let entries = 0;
  let to = at + 1;
  for (const key in object) {
    if (++entries > mostEntries || key === "__proto__" || !hasOwn.call(object, key)) return gaveUp;
    to = writeText(key, to);
    if (to === gaveUp) return gaveUp;
    to = write((object as Record<string, unknown>)[key], to, limit);
    if (to === gaveUp) return gaveUp;
  }
  if (entries === 0 && Object.getPrototypeOf(object) !== Object.prototype) return gaveUp; // iterators, and such
  pool.bytes[at] = 0x80 | entries;
  return to;
}

const hasOwn = Object.prototype.hasOwnProperty;
