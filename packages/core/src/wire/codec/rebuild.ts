import { emptyError } from "./error-classes.ts";
import { fillingOrder, Node } from "./node-table.ts";
import { malformed } from "./parcel.ts";
import { revive } from "./registered-classes.ts";
import { fromBytes } from "./typed-arrays.ts";

/**
 * The value from the table that `flatten` has made. Large byte arrays show the memory of `attachments`, each of which
 * is used once.
 *
 * The table came over a network, so everything in it is checked. Throws MpiError `protocol`, or what a constructor
 * throws for its arguments.
 */
export function rebuild(table: unknown, attachments: readonly Uint8Array[]): unknown {
  if (!Array.isArray(table) || table.length === 0) throw malformed("no table of nodes");
  const nodes = table as unknown[];
  const values = new Array<unknown>(nodes.length);
  // Backwards, because a box comes before its content. Attachments were taken forwards.
  let unused = attachments.length;
  let instances = false;
  for (let i = nodes.length - 1; i >= 0; i--) {
    const node = nodes[i];
    if (!Array.isArray(node)) throw malformed("a node is no array");
    const lent = node[0] === Node.bytes && node.length === 2;
    if (node[0] === Node.instance) instances = true;
    values[i] = empty(node, values, lent ? attachments[--unused] : undefined);
  }
  if (unused !== 0) throw malformed(`${-unused} attachments are missing`);
  if (instances) fillInOrder(nodes as unknown[][], values);
  else for (let i = 0; i < nodes.length; i++) fill(values[i], nodes[i] as unknown[], values);
  return values[0];
}

/** Fills the nodes when there are instances of registered classes. Each instance is made once its data is complete. */
function fillInOrder(nodes: readonly (readonly unknown[])[], values: unknown[]): void {
  const { order, circular } = fillingOrder(nodes);
  if (circular !== undefined) throw malformed("an instance that holds itself");
  for (const i of order) {
    const node = nodes[i] as readonly unknown[];
    if (node[0] === Node.instance) values[i] = revive(text(node[1]), resolve(node[2], values));
    else fill(values[i], node, values);
  }
}

/** The value of a node that holds nothing; otherwise an empty value, to be filled later. */
function empty(node: readonly unknown[], values: readonly unknown[], lent: Uint8Array | undefined): unknown {
  switch (node[0]) {
    case Node.object:
      return {};
    case Node.array:
      return [];
    case Node.sparse:
      return emptyArray(number(node[1]));
    case Node.map:
      return new Map();
    case Node.set:
      return new Set();
    case Node.date:
      return new Date(number(node[1]));
    case Node.regexp:
      return new RegExp(utf16(node[1]), text(node[2]));
    case Node.error: {
      const error = emptyError(text(node[1]));
      if (error === undefined) throw malformed("an error of an unknown class");
      return error;
    }
    case Node.boxed:
      return Object(resolve(node[1], values));
    case Node.bytes:
      return fromBytes(number(node[1]), lent ?? new Uint8Array(bytes(node[2])));
    case Node.text:
      return utf16(node[1]);
    case Node.negativeZero:
      return -0;
    case Node.instance:
      return undefined; // made by fillInOrder
    default:
      throw malformed("a node of an unknown type");
  }
}

function fill(value: unknown, node: readonly unknown[], values: readonly unknown[]): void {
  switch (node[0]) {
    case Node.object:
      assign(value as object, node, 1, values);
      return;
    case Node.array:
      for (let i = 1; i < node.length; i++) (value as unknown[]).push(resolve(node[i], values));
      return;
    case Node.sparse:
      assign(value as object, node, 2, values);
      return;
    case Node.map:
      for (let i = 1; i < node.length; i += 2) {
        (value as Map<unknown, unknown>).set(resolve(node[i], values), resolve(node[i + 1], values));
      }
      return;
    case Node.set:
      for (let i = 1; i < node.length; i++) (value as Set<unknown>).add(resolve(node[i], values));
      return;
    case Node.error:
      fillError(value as Error, node, values);
  }
}

function assign(object: object, node: readonly unknown[], from: number, values: readonly unknown[]): void {
  for (let i = from; i < node.length; i += 2) {
    const key = text(resolve(node[i], values));
    const value = resolve(node[i + 1], values);
    // Assigning these keys would change a prototype, or reserve memory for items that may never come.
    if (key === "__proto__") define(object, key, value, true);
    else if (key === "length" && Array.isArray(object)) throw malformed("an array with two lengths");
    else (object as Record<string, unknown>)[key] = value;
  }
}

function fillError(error: Error, node: readonly unknown[], values: readonly unknown[]): void {
  const enumerableFrom = 3 + 2 * number(node[2]);
  for (let i = 3; i < node.length; i += 2) {
    define(error, text(resolve(node[i], values)), resolve(node[i + 1], values), i >= enumerableFrom);
  }
}

function define(object: object, key: string, value: unknown, enumerable: boolean): void {
  Object.defineProperty(object, key, { value, enumerable, writable: true, configurable: true });
}

/** `[n]` stands for the value of node n, anything else for itself. */
function resolve(slot: unknown, values: readonly unknown[]): unknown {
  if (!Array.isArray(slot)) return slot;
  const node = number(slot[0]);
  if (!(node in values)) throw malformed("a reference to a node that is not there");
  return values[node];
}

/** An array of holes that takes no memory. Setting an item far out makes V8 keep the array as a dictionary. */
function emptyArray(length: number): unknown[] {
  const array: unknown[] = [];
  if (length === 0) return array;
  if (!(length >>> 0 === length)) throw malformed("an array of impossible length");
  array[length - 1] = undefined;
  delete array[length - 1];
  return array;
}

function number(value: unknown): number {
  if (typeof value !== "number") throw malformed("a number is missing");
  return value;
}

function text(value: unknown): string {
  if (typeof value !== "string") throw malformed("a string is missing");
  return value;
}

function bytes(value: unknown): Uint8Array {
  if (!(value instanceof Uint8Array)) throw malformed("bytes are missing");
  return value;
}

function utf16(value: unknown): string {
  const { buffer, byteOffset, byteLength } = bytes(value);
  return Buffer.from(buffer, byteOffset, byteLength).toString("utf16le");
}
