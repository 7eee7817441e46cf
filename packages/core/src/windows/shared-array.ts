import type { Call } from "../calls/call.ts";
import { MpiError } from "../calls/errors.ts";
import type { TypedArray } from "../calls/typed-array.ts";
import { allgather } from "../collectives/algorithms/allgather.ts";
import { Collectives } from "../collectives/runner.ts";
import type { Engine } from "../engine/engine.ts";
import type { Peers } from "../wire/peers.ts";
import type { SharedParts } from "../wire/transport.ts";
import type { SharedArray } from "./face.ts";
import { closeTogether, firstOf, leave, type Membership, onAll, privateParts } from "./group.ts";
import { type ArrayKind, viewOf } from "./part.ts";

/** Ranks allocate whole pages, so that each page is in the memory of one CPU. */
const pageBytes = 4096;

/** One array in memory that all ranks of a group share. */
export class HostArray implements SharedArray {
  readonly array: TypedArray;
  readonly #memory: SharedParts;
  readonly #collectives: Collectives;
  readonly #engine: Engine;
  readonly #rank: number;
  #closed = false;

  constructor({ engine, context, members, hosts }: Membership, memory: SharedParts, array: TypedArray) {
    this.array = array;
    this.#memory = memory;
    this.#engine = engine;
    this.#rank = members.indexOf(engine.who.rank);
    this.#collectives = new Collectives(engine, context, members, hosts, "shared array");
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    const call: Call = { operation: "close", communicator: "sharedArray" };
    try {
      await closeTogether(this.#collectives, call);
    } finally {
      this.#release();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    const call: Call = { operation: "close", communicator: "sharedArray" };
    const why = `rank ${this.#rank} has let the shared array go: it left its scope without close()`;
    leave(this.#engine, this.#collectives, call, why);
    this.#release();
  }

  #release(): void {
    this.#closed = true;
    this.#collectives.close();
    this.#memory.release();
  }
}

/** Makes an array that all ranks of the group share. Collective. Each rank allocates its share of the pages. */
export async function makeSharedArray(
  group: Membership,
  peers: Peers,
  Kind: ArrayKind,
  length: number,
): Promise<HostArray> {
  const { engine, context, members } = group;
  const first = firstOf(engine, members);
  const others = await allgather(peers, { first, length });
  const apart = others.findIndex((other) => other.first !== others[0]?.first);
  if (apart > 0) {
    throw new MpiError(
      "invalid-argument",
      `rank ${apart} does not share memory with rank 0: call sharedArray on the communicator that splitShared() gives`,
    );
  }
  const differs = others.findIndex((other) => other.length !== length);
  if (differs >= 0) {
    const theirs = others[differs]?.length;
    throw new MpiError("mismatch", `rank ${peers.rank} gives the length ${length}, rank ${differs} gives ${theirs}`);
  }
  const bytes = length * Kind.BYTES_PER_ELEMENT;
  const share = Math.ceil(bytes / peers.size / pageBytes) * pageBytes;
  const from = Math.min(bytes, peers.rank * share);
  const own = [{ part: 0, from, until: Math.min(bytes, from + share) }];
  const memory = await onAll(peers, () => engine.memory(`${context}-${first}`, [bytes], own) ?? privateParts([bytes]));
  if (peers.rank === 0) memory.unlink();
  return new HostArray(group, memory, viewOf(memory.parts[0] as Uint8Array<ArrayBuffer>, Kind));
}
