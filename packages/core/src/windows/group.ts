import { type Call, failure } from "../calls/call.ts";
import { located } from "../calls/call-site.ts";
import { knownOptions } from "../calls/check-options.ts";
import { MpiError } from "../calls/errors.ts";
import { allgather } from "../collectives/algorithms/allgather.ts";
import { barrier } from "../collectives/algorithms/barrier.ts";
import type { Collectives } from "../collectives/runner.ts";
import type { Engine } from "../engine/engine.ts";
import type { Peers } from "../wire/peers.ts";
import type { SharedParts } from "../wire/transport.ts";

/** The ranks of a window, which have a number (context) of their own for it. */
export interface Membership {
  readonly engine: Engine;
  readonly context: number;
  /** Rank in the world of each rank. */
  readonly members: readonly number[];
  readonly hosts: readonly string[];
}

/** Memory that the ranks of a host have in common, and which ranks those are. */
export interface HostMemory {
  readonly memory: SharedParts;
  /** The ranks that share this memory, in order; the part with number i + 1 is that of `near[i]`. */
  readonly near: readonly number[];
}

/** What each rank tells the others about its part. */
interface Plan {
  readonly bytes: number;
  /** The first rank of those that share memory. */
  readonly group: number;
}

/**
 * Makes the memory of a window: on each host one file with a header and the parts of its ranks. Each rank allocates its own part, so
 * that it lies in the memory of its own CPU. Where memory is full, all ranks get the error.
 */
export async function makeMemory(
  { engine, context, members }: Membership,
  peers: Peers,
  bytes: number,
  headerBytes: (near: number) => number,
): Promise<HostMemory> {
  const group = firstOf(engine, members);
  const plans = await allgather<Plan>(peers, { bytes, group });
  const near = plans.flatMap((plan, rank) => (plan.group === group ? [rank] : []));
  const sizes = [headerBytes(near.length), ...near.map((rank) => (plans[rank] as Plan).bytes)];
  const own = near.indexOf(peers.rank) + 1;
  const name = `${context}-${group}`;
  const memory = await onAll(peers, () => {
    const ranges = (own === 1 ? [0, own] : [own]).map((part) => ({ part, from: 0, until: sizes[part] as number }));
    return engine.memory(name, sizes, ranges) ?? privateParts(sizes);
  });
  if (own === 1) memory.unlink();
  return { memory, near };
}

/** The first rank of `members` that shares memory with this one, as a rank of the world. */
export function firstOf(engine: Engine, members: readonly number[]): number {
  const { neighbors } = engine;
  return members.find((member) => neighbors.includes(member)) as number;
}

/** What `make` gives on this rank, if it gives something on all ranks; otherwise they all throw the same. */
export async function onAll(peers: Peers, make: () => SharedParts): Promise<SharedParts> {
  let made: SharedParts | undefined;
  let failed: { code: MpiError["code"]; message: string } | undefined;
  try {
    made = make();
  } catch (error) {
    failed = { code: error instanceof MpiError ? error.code : "launch", message: (error as Error).message };
  }
  const all = await allgather(peers, failed);
  const rank = all.findIndex((each) => each !== undefined);
  if (rank < 0 && made !== undefined) return made;
  made?.unlink();
  made?.release();
  const { code, message } = all[rank] as NonNullable<typeof failed>;
  throw new MpiError(code, peers.rank === rank ? message : `rank ${rank}: ${message}`);
}

/** Memory of this rank alone. */
export function privateParts(sizes: readonly number[]): SharedParts {
  const parts = sizes.map((size) => new Uint8Array(size));
  const release = (): void => {
    for (const { buffer } of parts.splice(0)) structuredClone(buffer, { transfer: [buffer] });
  };
  return { parts: [...parts], loops: undefined, isPrivate: true, unlink: () => {}, release };
}

/** A barrier before all ranks let go what they have in common. */
export function closeTogether(collectives: Collectives, call: Call): Promise<void> {
  return collectives.run("close", call, knownOptions.fence, {}, (peers) => barrier(peers));
}

/** A rank leaves a group without the others: their collectives fail from now on, with this reason. */
export function leave(engine: Engine, collectives: Collectives, call: Call, why: string): void {
  if (engine.stopped) return;
  collectives.refuse("close", call, new MpiError("closed", why)).catch(() => {});
}

/** The error of a call on something that this rank has closed. */
export function closedError(engine: Engine, call: Call, what: string): MpiError {
  return failure(engine.who, located(call), "closed", `this ${what} is closed`);
}
