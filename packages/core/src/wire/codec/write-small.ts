import { Excerpt, Memory } from "../packet.ts";
import { sampleArray } from "./losses.ts";

/**
 * Writes small values as MessagePack, and checks in the same pass that they are plain: numbers, booleans, null, short
 * ASCII strings, arrays and objects of these. Undefined for other values and for larger ones, which `isPlain` and
 * msgpackr handle.
 *
 * Most messages are small. msgpackr is made for large ones: for `{ id, name, position: [x, y, z] }` it takes 0.5 µs,
 * plus 0.15 for `isPlain` and 0.2 to cut its result from its pool. This function takes 0.12 to 0.25.
 *
 * One file although it is long: its functions share variables, and V8 inlines them into each other.
 */
export function encodeSmall(form: number, value: unknown): Excerpt | undefined {
  const own = poolFor(mostBytes + slack);
  const { memory, start } = own;
  memory.bytes[start] = form;
  const end = writeSmall(value, memory, start + 1, start + mostBytes + slack);
  return end === gaveUp ? undefined : own.cut(end);
}

/**
 * The same without the form: writes at `at`, and nothing at `room` or beyond. Returns where it ends, or {@link gaveUp}.
 */
export function writeSmall(value: unknown, memory: Memory, at: number, room: number): number {
  if (count > 0) return gaveUp; // called by an accessor of the value that is being written
  target = memory;
  let end = gaveUp;
  try {
    end = write(value, at, Math.min(room - slack, at + mostBytes));
  } catch {
    // An accessor has thrown. `flatten` will report where.
  }
  while (count > 0) met[--count] = undefined;
  return end;
}

/** The form and one number, not as MessagePack. */
export function encodeDouble(form: number, value: number): Excerpt {
  const own = poolFor(9);
  return own.cut(writeDouble(form, value, own.memory, own.start));
}

/** The same at `at`; returns where it ends. */
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

/** The size of a pool. A parcel that is kept holds the whole pool that it was cut from. */
const poolBytes = 32 * 1024;
/** The largest result, and how much may be written beyond it before that is checked. */
const mostBytes = 512;
const slack = 192;
const longestText = 64;
const mostEntries = 15;
const mostObjects = 8;
export const gaveUp = -1;

/** Memory that parcels are cut from. The memory of a parcel is never written again. */
class Pool {
  readonly memory: Memory;
  /** Where the next parcel begins: a multiple of 8. */
  start = 0;

  constructor(bytes: number) {
    this.memory = new Memory(Buffer.allocUnsafeSlow((bytes + 7) & ~7));
  }

  /** Cuts off what has been written since {@link start}. */
  cut(end: number): Excerpt {
    const { start } = this;
    this.start = (end + 7) & ~7;
    return new Excerpt(this.memory, start, end);
  }
}

let pool: Pool = new Pool(0);
/** Where the value is written to. */
let target: Memory = pool.memory;
/** The objects on the way in the current value; an object that repeats is not plain. Empty while nothing is written. */
const met: (object | undefined)[] = [];
let count = 0;

/** A pool with room for `most` bytes. An accessor of the value that is being written gets a pool of its own. */
function poolFor(most: number): Pool {
  if (count > 0) return new Pool(most);
  if (pool.start + most > pool.memory.bytes.length) pool = new Pool(poolBytes);
  return pool;
}

/** Writes a value at `at` and returns where the next one goes. */
// biome-ignore lint/complexity/noExcessiveCognitiveComplexity: one test after the other, cheapest first, inlined by V8 into its callers
function write(value: unknown, at: number, limit: number): number {
  if (at > limit) return gaveUp;
  // One by one: `switch (typeof value)` first makes the name of the type.
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
  // Asking for the prototype is a call into V8's runtime. Other objects with this constructor inherit nothing that
  // travels, or their keys show that they do.
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
  // The result of a RegExp match has named properties.
  if (length > mostEntries || (array as { index?: unknown }).index !== undefined) return gaveUp;
  sampleArray(array);
  target.bytes[at] = 0x90 | length;
  let to = at + 1;
  for (let i = 0; i < length && to !== gaveUp; i++) {
    const entry = array[i]; // a hole is undefined, which is not small
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

/** With for-in, because Object.keys makes an array. */
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
  if (entries === 0 && Object.getPrototypeOf(object) !== Object.prototype) return gaveUp; // iterators and the like
  target.bytes[at] = 0x80 | entries;
  return to;
}

/** Objects with the same keys in the same order. A frequent shape has a compiled function that writes their bytes. */
interface Shape {
  readonly keys: readonly string[];
  write: ((object: object, bytes: Buffer, at: number, limit: number) => number) | undefined;
  /** How many objects have come before that. */
  times: number;
  /** How many objects of other shapes may come before one of those replaces this shape. */
  patience: number;
}

/** The last shape of each hash of the first key. */
const shapes: (Shape | undefined)[] = Array.from({ length: 256 }, () => undefined);
/** Compiling a function takes as long as it saves in a few hundred messages. */
const seenOften = 100;
/** Programs whose keys are data would otherwise compile functions without end. */
const mostFunctions = 256;
const mostPatience = 8;
let functions = 0;

function placeOf(key: string): number {
  return ((key.length << 4) ^ key.charCodeAt(0)) & 0xff;
}

/**
 * The known shape of this object, if there is one. Its keys are then the same strings, because V8 keeps each key once.
 * In a for-in loop V8 knows that the keys are the object's own, if it is asked in exactly these words.
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
 * For `id` and `name`: `bytes[at] = 0x82; bytes[at + 1] = 0xa2; ... const v0 = object["id"]; at = write(v0, at + 4,
 * limit); ...`. Undefined if the process may not compile functions.
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
