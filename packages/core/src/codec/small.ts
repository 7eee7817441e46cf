import { Excerpt } from "../packet.ts";

/**
 * Small values as MessagePack, found plain and written in the same walk: numbers, booleans, null, short strings of ASCII,
 * arrays and objects of these. Undefined for all else, and when it becomes too much: then `isPlain` and msgpackr see to it.
 *
 * Most messages are that. msgpackr, which is made for large ones, takes 0.5 µs for `{ id, name, position: [x, y, z] }`, to
 * find it plain 0.15 and to cut its result from its pool 0.2; this takes 0.25.
 */
export function encodeSmall(form: number, value: unknown): Excerpt | undefined {
  if (count > 0) return undefined; // called by an accessor of a value that is being written
  const start = room(mostBytes + slack);
  bytes[start] = form;
  let end = gaveUp;
  try {
    end = write(value, start + 1, start + mostBytes);
  } catch {
    // An accessor that throws: whoever flattens the value says where.
  }
  while (count > 0) met[--count] = undefined;
  if (end === gaveUp) return undefined;
  used = end;
  return new Excerpt(bytes, start, end, words);
}

/** The form and one number, not as MessagePack. */
export function encodeDouble(form: number, value: number): Excerpt {
  const start = room(9);
  bytes[start] = form;
  view.setFloat64(start + 1, value, true);
  used = start + 9;
  return new Excerpt(bytes, start, used, words);
}

/** The form and a copy of a few bytes. */
export function encodeBytes(form: number, value: Uint8Array): Excerpt {
  const { length } = value;
  const start = room(1 + length);
  bytes[start] = form;
  if (length <= 64) for (let i = 0; i < length; i++) bytes[start + 1 + i] = value[i] as number;
  else bytes.set(value, start + 1);
  used = start + 1 + length;
  return new Excerpt(bytes, start, used, words);
}

/** Whoever keeps a parcel keeps the whole pool that it was cut from. */
const poolBytes = 8 * 1024;
/** The result's, and what may be written beyond them before that is noticed. */
const mostBytes = 512;
const slack = 192;
const longestText = 64;
const mostEntries = 15;
const mostObjects = 8;
const gaveUp = -1;

/** What is given away is never written again. */
let bytes: Buffer = Buffer.alloc(0);
let words: Int32Array = new Int32Array(0);
let view: DataView = new DataView(bytes.buffer);
let used = 0;
/** Objects met in this value: one that is met again is no plain value. */
const met: (object | undefined)[] = [];
let count = 0;

/** Where there is room for so many bytes, at a multiple of 8. */
function room(most: number): number {
  const start = (used + 7) & ~7;
  if (start + most <= bytes.length) return start;
  bytes = Buffer.allocUnsafeSlow(poolBytes);
  words = new Int32Array(bytes.buffer);
  view = new DataView(bytes.buffer);
  used = 0;
  return 0;
}

/** Writes a value at `at`, and says where the next one goes. */
function write(value: unknown, at: number, limit: number): number {
  if (at > limit) return gaveUp;
  switch (typeof value) {
    case "number":
      return writeNumber(value, at);
    case "string":
      return writeText(value, at);
    case "boolean":
      bytes[at] = value ? 0xc3 : 0xc2;
      return at + 1;
    case "object":
      if (value === null) {
        bytes[at] = 0xc0;
        return at + 1;
      }
      if (count === mostObjects) return gaveUp;
      for (let i = 0; i < count; i++) if (met[i] === value) return gaveUp;
      met[count++] = value;
      if (Array.isArray(value)) return writeArray(value, at, limit);
      return Object.getPrototypeOf(value) === Object.prototype ? writeObject(value, at, limit) : gaveUp;
    default:
      return gaveUp;
  }
}

function writeNumber(value: number, at: number): number {
  if (value >>> 0 === value) {
    if (value === 0 && 1 / value < 0) return gaveUp;
    if (value < 0x80) {
      bytes[at] = value;
      return at + 1;
    }
    bytes[at] = 0xce;
    view.setUint32(at + 1, value);
    return at + 5;
  }
  if (value >> 0 === value) {
    bytes[at] = 0xd2;
    view.setInt32(at + 1, value);
    return at + 5;
  }
  bytes[at] = 0xcb;
  view.setFloat64(at + 1, value);
  return at + 9;
}

function writeText(text: string, at: number): number {
  const { length } = text;
  if (length > longestText) return gaveUp;
  let to = at + 1;
  if (length < 32) bytes[at] = 0xa0 | length;
  else {
    bytes[at] = 0xd9;
    bytes[to++] = length;
  }
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0x7f) return gaveUp;
    bytes[to++] = code;
  }
  return to;
}

function writeArray(array: readonly unknown[], at: number, limit: number): number {
  const { length } = array;
  // What a RegExp matched has properties with names.
  if (length > mostEntries || (array as { index?: unknown }).index !== undefined) return gaveUp;
  bytes[at] = 0x90 | length;
  let to = at + 1;
  for (let i = 0; i < length && to !== gaveUp; i++) to = write(array[i], to, limit); // holes are undefined, and given up
  return to;
}

function writeObject(object: object, at: number, limit: number): number {
  const keys = Object.keys(object);
  if (keys.length > mostEntries) return gaveUp;
  bytes[at] = 0x80 | keys.length;
  let to = at + 1;
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i] as string;
    if (key === "__proto__") return gaveUp;
    to = writeText(key, to);
    if (to === gaveUp) return gaveUp;
    to = write((object as Record<string, unknown>)[key], to, limit);
    if (to === gaveUp) return gaveUp;
  }
  return to;
}
