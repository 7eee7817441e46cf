import { checkRank, invalid } from "../calls/check.ts";
import { type KnownOptions, knownOptions } from "../calls/check-options.ts";
import { MpiError } from "../calls/errors.ts";
import type { OptionedCall } from "../calls/option-names.ts";
import type { Cancellable, InterRootOptions, ReduceOptions } from "../calls/options.ts";
import * as collectives from "../collectives/algorithms/index.ts";
import { requireParts } from "../collectives/algorithms/require-parts.ts";
import { within } from "../collectives/algorithms/sub-peers.ts";
import { Collectives } from "../collectives/runner.ts";
import type { Operation } from "../collectives/signature.ts";
import type { Reducer } from "../ops/op.ts";
import { decode, encode } from "../wire/codec/codec.ts";
import type { Peers } from "../wire/peers.ts";
import { Group } from "./group.ts";
import { offer } from "./membership.ts";
import { PointToPoint } from "./point-to-point.ts";
import type { World } from "./world.ts";

/**
 * What the two groups of an intercommunicator do together: data goes from one group to the other. All ranks of both
 * call it.
 *
 * Built from the collectives of one group: each is run among those ranks of both groups whom it concerns.
 */
export abstract class InterCollective extends PointToPoint {
  readonly #collectives: Collectives;
  /** Ranks in the world, and their numbers among the ranks of both groups, of this group and of the other. */
  readonly #members: readonly number[];
  readonly #local: readonly number[];
  readonly #remote: readonly number[];

  protected constructor(world: World, context: number, members: readonly number[], remote: readonly number[]) {
    super(world, context, members, remote);
    const first = (members[0] as number) < (remote[0] as number); // both groups must number all ranks alike
    const all = first ? [...members, ...remote] : [...remote, ...members];
    this.#members = members;
    this.#local = members.map((member) => all.indexOf(member));
    this.#remote = remote.map((member) => all.indexOf(member));
    this.#collectives = new Collectives(
      world.engine,
      context,
      all,
      all.map((member) => world.hosts[member] ?? "?"),
    );
  }

  /** How many ranks the other group has. */
  get remoteSize(): number {
    return this.partners.length;
  }

  get group(): Group {
    return new Group(this.#members);
  }

  get remoteGroup(): Group {
    return new Group(this.partners);
  }

  /** Resolves when all ranks of both groups have called it. */
  barrier(options: Cancellable = {}): Promise<void> {
    return this.collective("barrier", options, (peers) => collectives.barrier(peers));
  }

  /**
   * The root's value, on every rank of the other group; undefined in the root's own.
   *
   * ```ts
   * if (left) await other.bcast(config, { root: other.rank === 0 ? "here" : null });
   * else config = await other.bcast<Config>(undefined, { root: 0 });
   * ```
   */
  bcast<T>(value: T | (() => T | Promise<T>) | undefined, options: InterRootOptions): Promise<T | undefined> {
    return this.#rooted("bcast", options, async (peers, here) => {
      const result = await collectives.bcast(peers, here ? await valueOf(value) : undefined, 0);
      return here ? undefined : (result as T);
    });
  }

  /** The root's parts, one for each rank of the other group; undefined in the root's own. */
  scatter<T>(
    parts: readonly T[] | (() => readonly T[] | Promise<readonly T[]>) | undefined,
    options: InterRootOptions,
  ): Promise<T | undefined> {
    return this.#rooted("scatter", options, async (peers, here) => {
      const all = here ? requireParts("scatter", (await valueOf(parts)) as readonly T[], this.remoteSize) : [];
      const mine = await collectives.scatter(peers, here ? [undefined, ...all] : undefined, 0);
      return here ? undefined : (mine as T);
    });
  }

  /** The values of the other group's ranks, in their order, at the root; undefined elsewhere. */
  gather<T>(value: T, options: InterRootOptions): Promise<T[] | undefined> {
    return this.#rooted("gather", options, async (peers, here) => {
      const all = await collectives.gather<T | undefined>(peers, here ? undefined : value, 0);
      return all?.slice(1) as T[] | undefined;
    });
  }

  /** The values of the other group's ranks combined in their order, at the root; undefined elsewhere. */
  reduce<T>(value: T, op: Reducer<T>, options: InterRootOptions & ReduceOptions): Promise<T | undefined> {
    return this.#rooted("reduce", options, async (peers, here) => {
      if (here) return decode(await peers.recv(1)) as T;
      const group = within(
        peers,
        Array.from({ length: peers.size - 1 }, (_, i) => i + 1),
      );
      const result = await collectives.reduce(group, value, op, 0, options);
      if (group.rank === 0) await peers.send(0, encode(result));
      return undefined;
    });
  }

  /** The values of the other group's ranks, in their order, on every rank. */
  allgather<T>(value: T, options: Cancellable = {}): Promise<T[]> {
    return this.collective(
      "allgather",
      options,
      async (peers) => {
        const all = await collectives.allgather(peers, value);
        return this.#remote.map((rank) => all[rank] as T);
      },
      known.allgather,
    );
  }

  /** Sends `parts[r]` to rank r of the other group, and resolves to what each of its ranks had for this one. */
  alltoall<T>(parts: readonly T[], options: Cancellable = {}): Promise<T[]> {
    return this.collective(
      "alltoall",
      options,
      async (peers) => {
        const given = requireParts("alltoall", parts, this.remoteSize);
        const all = new Array<T | undefined>(peers.size).fill(undefined);
        for (const [i, rank] of this.#remote.entries()) all[rank] = given[i];
        const received = await collectives.alltoall(peers, all);
        return this.#remote.map((rank) => received[rank] as T);
      },
      known.alltoall,
    );
  }

  /** The values of the other group's ranks combined in their order, on every rank. */
  allreduce<T>(value: T, op: Reducer<T>, options: ReduceOptions = {}): Promise<T> {
    return this.collective(
      "allreduce",
      options,
      async (peers) => {
        const group = within(peers, this.#local);
        const ours = await collectives.reduce(group, value, op, 0, options);
        const leader = this.#remote[0] as number;
        let theirs: unknown;
        if (group.rank === 0) {
          const [parcel] = await Promise.all([peers.recv(leader), peers.send(leader, encode(ours))]);
          theirs = decode(parcel);
        }
        return (await collectives.bcast(group, theirs, 0)) as T;
      },
      known.allreduce,
    );
  }

  override async close(): Promise<void> {
    await super.close();
    this.#collectives.close();
  }

  /** @internal */
  protected collective<R>(
    operation: Operation,
    options: Cancellable,
    body: (peers: Peers) => Promise<R>,
    known: KnownOptions = knownOptions[operation as OptionedCall],
    shown: object = options,
  ): Promise<R> {
    const call = { operation, options: shown, communicator: this.name };
    if (this.closed) return Promise.reject(this.closedError(call));
    return this.#collectives.run(operation, call, known, options, body);
  }

  /** @internal A number for a communicator of both groups, and which of them says to be the lower one. */
  protected async meet(peers: Peers, high: boolean): Promise<{ context: number; first: boolean }> {
    const { who } = this.world;
    const context = offer(this.world.nextContext++, who.rank, who.size);
    const votes = await collectives.allgather(peers, { context, high });
    for (const group of [this.#local, this.#remote]) {
      if (new Set(group.map((rank) => votes[rank]?.high)).size > 1) {
        throw new MpiError("mismatch", "ranks of one group must say the same about `high`");
      }
    }
    const theirs = votes[this.#remote[0] as number]?.high;
    const first = high === theirs ? this.#local[0] === 0 : !high;
    return { context: votes[0]?.context as number, first };
  }

  /** Runs `body` among the root and all ranks of the other group, in this order: the root is rank 0 of its peers. */
  #rooted<R>(
    operation: "bcast" | "scatter" | "gather" | "reduce",
    options: InterRootOptions,
    body: (peers: Peers, here: boolean) => Promise<R | undefined>,
  ): Promise<R | undefined> {
    // As text: for the messages of errors, but not for comparison, since the groups rightly differ in it.
    const shown = { signal: options?.signal, root: String(options?.root) };
    const work = async (peers: Peers): Promise<R | undefined> => {
      const { root } = options;
      if (root === null) return undefined;
      if (root === "here") return body(within(peers, [peers.rank, ...this.#remote]), true);
      if (typeof root !== "number") throw invalid('root is a rank of the other group, "here", or null');
      checkRank("root", root, this.remoteSize);
      return body(within(peers, [this.#remote[root] as number, ...this.#local]), false);
    };
    return this.collective(operation, options, work, known[operation], shown);
  }
}

/** Those of its calls that have other options than a communicator's. */
const known = {
  bcast: knownOptions.interBcast,
  scatter: knownOptions.interScatter,
  gather: knownOptions.interGather,
  reduce: knownOptions.interReduce,
  allgather: knownOptions.interAllgather,
  alltoall: knownOptions.interAlltoall,
  allreduce: knownOptions.interAllreduce,
};

function valueOf<T>(value: T | (() => T | Promise<T>)): T | Promise<T> {
  return typeof value === "function" ? (value as () => T | Promise<T>)() : value;
}
