import { types } from "node:util";
import { MpiError } from "../../calls/errors.ts";
import { isBlock } from "../../calls/regions/block.ts";
import { errorClassOf, hiddenOf } from "./error-classes.ts";
import { isIndex, sampleArray, warnOfBuiltIn, warnOfInstance } from "./losses.ts";
import { fillingOrder, Node, type Reference } from "./node-table.ts";
import { inlineBytes } from "./parcel.ts";
import { isText, isTooLong } from "./plain.ts";
import {
  type ClassKind,
  isRegisteredAs,
  kindOfObject,
  type PrototypeKind,
  type Registration,
} from "./prototype-kind.ts";
import { type Bytes, bytesOf, isBytes, kindOf, reasonAgainstBytes } from "./typed-arrays.ts";
import {
  pathOf,
  reasonAgainst,
  reasonAgainstCircular,
  reasonAgainstInstance,
  reasonAgainstPrimitive,
  reasonAgainstText,
  type Step,
  unreadable,
  unserializable,
} from "./unserializable.ts";

/**
 * The table of nodes (see `node-table.ts`) of any value. Lends large byte arrays to `attachments`. Throws MpiError
 * `unserializable`, with the path, for the first thing that cannot travel.
 */
export function flatten(root: unknown, attachments: Uint8Array[]): unknown[] {
  return new Flattening(attachments).run(root);
}

class Flattening {
  readonly #attachments: Uint8Array[];
  /** The values that get a node, in order. The other two arrays say how each was reached, for the path in an error. */
  readonly #values: unknown[] = [];
  readonly #holders: number[] = [];
  readonly #steps: Step[] = [];
  readonly #references = new Map<object, Reference>();
  /** The node that is being made, and the step in it. */
  #node = -1;
  #step: Step;
  /** Whether the value contains an instance of a registered class. */
  #instances = false;

  constructor(attachments: Uint8Array[]) {
    this.#attachments = attachments;
  }

  run(root: unknown): unknown[][] {
    this.#slot(root, undefined);
    const nodes: unknown[][] = [];
    try {
      for (this.#node = 0; this.#node < this.#values.length; this.#node++) {
        this.#step = undefined;
        nodes.push(this.#describe(this.#values[this.#node]));
      }
      if (this.#instances) this.#refuseCircular(nodes);
    } catch (error) {
      throw error instanceof MpiError ? error : this.#refusal(unreadable(error), error);
    }
    return nodes;
  }

  /** The entry for `value` in the current node: the value itself, or a reference to its node. */
  #slot(value: unknown, step: Step): unknown {
    this.#step = step;
    switch (typeof value) {
      case "number":
        return Object.is(value, -0) ? this.#add(value) : value;
      case "string":
        return isText(value) ? value : this.#add(value);
      case "boolean":
      case "undefined":
      case "bigint":
        return value;
      case "object": {
        if (value === null) return null;
        let reference = this.#references.get(value);
        if (reference === undefined) {
          reference = this.#add(value);
          this.#references.set(value, reference);
        }
        return reference;
      }
      default:
        throw this.#refusal(reasonAgainstPrimitive(value, this.#values[this.#node]));
    }
  }

  #add(value: unknown): Reference {
    this.#holders.push(this.#node);
    this.#steps.push(this.#step);
    return [this.#values.push(value) - 1];
  }

  #path(): string {
    const way: [unknown, Step][] = [[this.#values[this.#node], this.#step]];
    for (let node = this.#node; node > 0; node = this.#holders[node] as number) {
      way.push([this.#values[this.#holders[node] as number], this.#steps[node]]);
    }
    return pathOf(way.reverse());
  }

  #describe(value: unknown): unknown[] {
    if (typeof value === "string") {
      if (isTooLong(value)) throw this.#refusal(reasonAgainstText(value));
      return [Node.text, Buffer.from(value, "utf16le")];
    }
    if (typeof value === "number") return [Node.negativeZero];
    const object = value as object;
    if (isBytes(object)) return this.#bytes(object);
    if (isBlock(object)) return this.#bytes(object.contiguous ?? object.toArray());
    const kind = kindOfObject(object);
    switch (kind.type) {
      case "registered":
        return this.#registered(object, kind.registration);
      case "private":
      case "subclass":
        return this.#foreign(object, kind);
      case "class":
        return this.#instance(object, kind);
    }
    if (Array.isArray(object)) return this.#array(object);
    if (kind.type === "data") return this.#properties([Node.object], object);
    return this.#builtIn(object, kind) ?? this.#foreign(object, kind);
  }

  #registered(instance: object, registration: Registration): unknown[] {
    const { name, write } = registration;
    const written = write(instance as never);
    // An instance of the same class would be written again, without end.
    if (isRegisteredAs(written, registration)) throw this.#refusal(reasonAgainstCircular(name));
    this.#instances = true;
    return [Node.instance, name, this.#slot(written, undefined)];
  }

  #refuseCircular(nodes: readonly (readonly unknown[])[]): void {
    const { circular } = fillingOrder(nodes);
    if (circular === undefined) return;
    [this.#node, this.#step] = [circular, undefined];
    throw this.#refusal(reasonAgainstCircular(nodes[circular]?.[1] as string));
  }

  #instance(value: object, kind: ClassKind): unknown[] {
    const reason = reasonAgainstInstance(value, kind);
    if (reason !== undefined) throw this.#refusal(reason);
    const node = this.#properties([Node.object], value);
    if (!kind.warned) warnOfInstance(value, kind);
    return node;
  }

  #builtIn(value: object, kind: PrototypeKind): unknown[] | undefined {
    if (types.isAnyArrayBuffer(value)) return this.#bytes(value); // an ArrayBuffer of another realm
    const error = types.isNativeError(value) || value instanceof Error;
    if (kind.type === "built-in" && !kind.warned) warnOfBuiltIn(value, kind, error);
    if (types.isMap(value)) return this.#map(value);
    if (types.isSet(value)) return this.#set(value);
    if (types.isDate(value)) return [Node.date, Date.prototype.getTime.call(value)];
    if (types.isRegExp(value)) return [Node.regexp, Buffer.from(value.source, "utf16le"), value.flags];
    if (error) return this.#error(value as Error);
    if (types.isBoxedPrimitive(value)) return [Node.boxed, this.#slot(value.valueOf(), undefined)];
    return undefined;
  }

  #foreign(value: object, kind: PrototypeKind): unknown[] {
    const reason = reasonAgainst(value, kind);
    if (reason !== undefined) throw this.#refusal(reason);
    return this.#properties([Node.object], value);
  }

  #refusal(reason: string, cause?: unknown): MpiError {
    return unserializable(this.#path(), reason, cause);
  }

  #bytes(value: Bytes): unknown[] {
    let bytes: Uint8Array;
    try {
      bytes = bytesOf(value);
    } catch (error) {
      throw this.#refusal(reasonAgainstBytes(value), error);
    }
    sampleArray(value);
    if (bytes.byteLength <= inlineBytes) return [Node.bytes, kindOf(value), bytes];
    this.#attachments.push(bytes);
    return [Node.bytes, kindOf(value)];
  }

  #array(array: unknown[]): unknown[] {
    if ((array as { index?: unknown }).index !== undefined) {
      return this.#properties([Node.sparse, array.length], array);
    }
    sampleArray(array);
    const node: unknown[] = [Node.array];
    for (let i = 0; i < array.length; i++) {
      const item = array[i];
      if (item === undefined && !(i in array)) return this.#withHoles(array);
      node.push(this.#slot(item, i));
    }
    return node;
  }

  /**
   * Lists only the items that exist: an array with one item at 4 000 000 000 is legal. Named properties are dropped:
   * see `losses.ts`.
   */
  #withHoles(array: unknown[]): unknown[] {
    const node: unknown[] = [Node.sparse, array.length];
    for (const key of Object.keys(array)) {
      if (isIndex(key, array.length)) node.push(key, this.#slot(array[Number(key)], Number(key)));
    }
    return node;
  }

  #map(map: ReadonlyMap<unknown, unknown>): unknown[] {
    const node: unknown[] = [Node.map];
    let step = 0;
    for (const [key, value] of Map.prototype.entries.call(map)) {
      node.push(this.#slot(key, step++), this.#slot(value, step++));
    }
    return node;
  }

  #set(set: ReadonlySet<unknown>): unknown[] {
    const node: unknown[] = [Node.set];
    let step = 0;
    for (const member of Set.prototype.values.call(set)) node.push(this.#slot(member, step++));
    return node;
  }

  #properties(node: unknown[], object: object): unknown[] {
    for (const key of Object.keys(object)) this.#property(node, object, key);
    return node;
  }

  #property(node: unknown[], object: object, key: string): void {
    this.#step = key;
    const value = (object as Record<string, unknown>)[key];
    node.push(this.#slot(key, key), this.#slot(value, key));
  }

  #error(error: Error): unknown[] {
    const hidden = hiddenOf(error);
    const node: unknown[] = [Node.error, errorClassOf(error).name, hidden.length];
    for (const key of hidden) this.#property(node, error, key);
    return this.#properties(node, error);
  }
}
