import { binary } from "./binary.ts";

/** The part of it that is used here. TypeScript has it only among the types of browsers. */
declare const WebAssembly: {
  Memory: new (pages: { initial: number; maximum: number }) => GrowingMemory;
  Module: new (binary: Uint8Array) => object;
  Instance: new (module: object, imports: { env: object }) => { readonly exports: unknown };
};

interface GrowingMemory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

/** What the module exports. Addresses are offsets in its memory; see `assembly/`. */
export interface Exports {
  /** `out[i] = a[i] op b[i]` for arrays of so many bytes. */
  combine(op: number, kind: number, out: number, a: number, b: number, bytes: number): void;
  /** `target[i] = target[i] op operand[i]`, each element atomically; the old values go to `old`, unless that is 0. */
  accumulate(op: number, kind: number, target: number, operand: number, old: number, bytes: number): void;
  /** Whether one of `count` words has changed; looks at each of them so many times. */
  watch(list: number, count: number, looks: number): number;
  /** Waits for a record of a ring. Returns the ring's `written` if it is this message, else `read`. */
  awaitMessage(
    ring: number,
    capacity: number,
    read: number,
    context: number,
    tag: number,
    sequence: number,
    looks: number,
  ): number;
  /** Waits for the posts of some ranks. Returns whether they are there, all with this signature. */
  awaitPosts(
    marks: number,
    mark: number,
    signature: number,
    ignored: number,
    first: number,
    last: number,
    looks: number,
  ): number;
  /** Whether those posts of the ranks 0 to `last` that are there have this signature. */
  agree(marks: number, mark: number, signature: number, ignored: number, last: number): number;
}

/** A module and its memory, which never grows: views of it stay valid until it is detached. */
export class Instance {
  readonly memory: ArrayBuffer;
  readonly #memory: GrowingMemory;
  readonly exports: Exports;

  /** @throws RangeError where there is no room for so many bytes of memory, or no WebAssembly. */
  constructor(bytes: number) {
    const pages = Math.ceil(bytes / pageBytes);
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
    compiled ??= new WebAssembly.Module(Buffer.from(binary, "base64"));
    this.#memory = memory;
    this.memory = memory.buffer;
    this.exports = new WebAssembly.Instance(compiled, { env: { memory } }).exports as Exports;
  }

  /** Ends all views of the memory: their length is 0 from now on. Returns the same memory in another buffer. */
  detach(): ArrayBuffer {
    this.#memory.grow(0);
    return this.#memory.buffer;
  }
}

const pageBytes = 65536;
let compiled: object | undefined;
