/// <reference lib="es2024.string" />
import { constants } from "node:buffer";
import { sampleArray } from "./losses.ts";
import { prototypeKindOf } from "./prototype-kind.ts";

/** Deeper values become a table of nodes, which needs no recursion, so that no stack on either side can overflow. */
const deepest = 128;

/** TextDecoder, with which msgpackr reads strings above 64 bytes, drops this character at the beginning. */
const byteOrderMark = 0xfeff;

/**
 * Whether msgpackr carries `value` intact: primitives, arrays and objects, each met once. False for what MessagePack or
 * msgpackr cannot express (-0, holes, lone surrogates, a `__proto__` key, built-in objects).
 *
 * Runs before every packing. Takes 0.04 µs for `{ id, name, x }`, whose packing takes 0.2; 0.07 µs each for a thousand
 * of them (packing 0.12), half of that to recognise repeated objects. False also if reading throws: `flatten` will
 * report where.
 */
export function isPlain(value: unknown): boolean {
  try {
    return isPlainWithin(value, new Seen(), deepest);
  } catch {
    return false;
  }
}

/** Whether `text` survives UTF-8 and msgpackr. */
export function isText(text: string): boolean {
  return text.isWellFormed() && (text.length <= 64 / 3 || (text.charCodeAt(0) !== byteOrderMark && !isTooLong(text)));
}

/** Whether `text` has more bytes in UTF-8 than V8 accepts in one string: then no rank could read it. */
export function isTooLong(text: string, most: number = constants.MAX_STRING_LENGTH): boolean {
  return text.length > most / 3 && Buffer.byteLength(text) > most;
}

function isPlainWithin(value: unknown, seen: Seen, depth: number): boolean {
  switch (typeof value) {
    case "number":
      return value !== 0 || 1 / value > 0;
    case "string":
      return isText(value);
    case "boolean":
    case "undefined":
    case "bigint":
      return true;
    case "object":
      if (value === null) return true;
      if (depth === 0 || seen.before(value)) return false;
      return Array.isArray(value) ? isPlainArray(value, seen, depth) : isPlainObject(value, seen, depth);
    default:
      return false;
  }
}

function isPlainArray(array: readonly unknown[], seen: Seen, depth: number): boolean {
  // The result of a RegExp match has named properties. Other arrays lose theirs: a check costs as much as packing.
  if ((array as { index?: unknown }).index !== undefined) return false;
  sampleArray(array);
  for (let i = 0; i < array.length; i++) {
    const item = array[i];
    if (item === undefined && !(i in array)) return false;
    if (!isPlainWithin(item, seen, depth - 1)) return false;
  }
  return true;
}

// biome-ignore lint/complexity/noExcessiveCognitiveComplexity: a loop over every key of every object; a call for each key would cost a fifth
function isPlainObject(object: object, seen: Seen, depth: number): boolean {
  const prototype: unknown = Object.getPrototypeOf(object);
  if (prototype !== Object.prototype && prototype !== null && !isDataOf(object, prototype as object)) return false;
  // For-in is the fastest loop over keys. It also yields inherited keys, which at worst make the result false. Numbers
  // and strings are checked here to save a call: a fifth of the time for small objects.
  for (const key in object) {
    const item = (object as Record<string, unknown>)[key];
    if (key === "__proto__" || !isText(key)) return false;
    if (typeof item === "number") {
      if (item === 0 && 1 / item < 0) return false;
    } else if (typeof item === "string") {
      if (!isText(item)) return false;
    } else if (!isPlainWithin(item, seen, depth - 1)) return false;
  }
  return true;
}

/** Whether an instance loses nothing, or the program has been warned of the loss. */
function isDataOf(object: object, prototype: object): boolean {
  const kind = prototypeKindOf(prototype);
  if (kind.type !== "class") return kind.type === "data";
  if (!kind.warned) return false;
  for (const key in object) return Object.hasOwn(object, key);
  return false;
}

/**
 * The objects met so far. Most values have few: comparing pointers is cheaper than a Set, and one object needs no
 * array.
 */
class Seen {
  #first: object | undefined;
  #few: object[] | undefined;
  #many: Set<object> | undefined;

  /** Adds `object`; true if it was there before. */
  before(object: object): boolean {
    if (this.#many !== undefined) {
      const { size } = this.#many;
      return this.#many.add(object).size === size;
    }
    if (this.#first === undefined) {
      this.#first = object;
      return false;
    }
    return this.#beforeAmongFew(object, this.#first);
  }

  #beforeAmongFew(object: object, first: object): boolean {
    if (object === first || this.#few?.includes(object)) return true;
    if (this.#few === undefined) this.#few = [object];
    else if (this.#few.push(object) === 8) this.#many = new Set([first, ...this.#few]);
    return false;
  }
}
