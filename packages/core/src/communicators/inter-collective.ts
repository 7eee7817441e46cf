import { checkRank, invalid } from "../calls/check.ts";
import { type KnownOptions, knownOptions } from "../calls/check-options.ts";
import { MpiError } from "../calls/errors.ts";
import { checkRoom, delivered, fill } from "../calls/into.ts";
import type { OptionedCall } from "../calls/option-names.ts";
import type { CallOptions, DeterministicOptions, InterRootOptions } from "../calls/options.ts";
import type { ArrayOrBlock } from "../calls/regions/block.ts";
import * as collectives from "../collectives/algorithms/index.ts";
import { requireParts } from "../collectives/algorithms/require-parts.ts";
import { within } from "../collectives/algorithms/sub-peers.ts";
import { denseValue } from "../collectives/dense-arguments.ts";
import { Collectives } from "../collectives/runner.ts";
import type { Operation } from "../collectives/signature.ts";
import { alone, apply, check } from "../ops/apply.ts";
import { asOp, type Reducer } from "../ops/op.ts";
import { decode, encode } from "../wire/codec/codec.ts";
import type { Peers } from "../wire/peers.ts";
import { Group } from "./api/group.ts";
import type { InterCollectiveCalls } from "./api/inter-collectives.ts";
import { offer } from "./membership.ts";
import { Recoverable } from "./recoverable.ts";
import type { World } from "./world.ts";

type MaybeInto = { into?: ArrayOrBlock | undefined };
type Op = Reducer<unknown>;

/**
 * The collectives of two groups. The docs of each call are at the interface.
 *
 * They are built from the collectives of one group, run among those ranks of both groups that take part. Results are
 * `never` here, which fits each overload of the interface.
 */
export abstract class InterCollective extends Recoverable implements InterCollectiveCalls {
  readonly #collectives: Collectives;
  /** Rank in the world of each rank of this group. */
  readonly #members: readonly number[];
  /** Numbers of this group's ranks among the ranks of both groups. */
  readonly #local: readonly number[];
  /** Numbers of the other group's ranks among the ranks of both groups. */
  readonly #remote: readonly number[];

  protected constructor(world: World, context: number, members: readonly number[], remote: readonly number[]) {
    const first = (members[0] as number) < (remote[0] as number); // both groups must number all ranks alike
    const all = first ? [...members, ...remote] : [...remote, ...members];
    super(world, context, members, remote, all);
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

  get remoteSize(): number {
    return this.partners.length;
  }

  get group(): Group {
    return new Group(this.#members);
  }

  get remoteGroup(): Group {
    return new Group(this.partners);
  }

  barrier(options: CallOptions = {}): Promise<void> {
    return this.collective("barrier", options, (peers) => collectives.barrier(peers));
  }

  bcast(value: unknown, options: InterRootOptions & MaybeInto): Promise<never> {
    return this.#rooted("bcast", options, async (peers, here) => {
      const result = await collectives.bcast(peers, here ? await valueOf(value) : undefined, 0);
      return here ? undefined : delivered(result, options.into);
    });
  }

  scatter(parts: unknown, options: InterRootOptions & MaybeInto): Promise<never> {
    return this.#rooted("scatter", options, async (peers, here) => {
      const all = here ? requireParts("scatter", (await valueOf(parts)) as readonly unknown[], this.remoteSize) : [];
      const mine = await collectives.scatter(peers, here ? [undefined, ...all] : undefined, 0);
      return here ? undefined : delivered(mine, options.into);
    });
  }

  gather(value: unknown, options: InterRootOptions & MaybeInto): Promise<never> {
    return this.#rooted("gather", options, async (peers, here) => {
      const all = await collectives.gather(peers, here ? undefined : value, 0);
      return all && allDelivered(all.slice(1), options);
    });
  }

  reduce(value: unknown, op: unknown, options: InterRootOptions & DeterministicOptions & MaybeInto): Promise<never> {
    return this.#rooted("reduce", options, async (peers, here) => {
      if (here) return delivered(decode(await peers.recv(1)), options.into);
      const group = within(
        peers,
        Array.from({ length: peers.size - 1 }, (_, i) => i + 1),
      );
      const result = await collectives.reduce(group, denseValue(value), op as Op, 0, options);
      if (group.rank === 0) await peers.send(0, encode(result));
      return undefined;
    });
  }

  allgather(value: unknown, options: CallOptions & MaybeInto = {}): Promise<never> {
    const body = async (peers: Peers): Promise<unknown> => {
      const all = await collectives.allgather(peers, value);
      return allDelivered(
        this.#remote.map((rank) => all[rank]),
        options,
      );
    };
    return this.collective("allgather", options, body, known.allgather) as Promise<never>;
  }

  alltoall(parts: readonly unknown[], options: CallOptions & MaybeInto = {}): Promise<never> {
    const body = async (peers: Peers): Promise<unknown> =>
      allDelivered(await this.#swap(peers, requireParts("alltoall", parts, this.remoteSize)), options);
    return this.collective("alltoall", options, body, known.alltoall) as Promise<never>;
  }

  allreduce(value: unknown, op: unknown, options: DeterministicOptions & MaybeInto = {}): Promise<never> {
    const body = async (peers: Peers): Promise<unknown> => {
      const group = within(peers, this.#local);
      const ours = await collectives.reduce(group, denseValue(value), op as Op, 0, options);
      const leader = this.#remote[0] as number;
      let theirs: unknown;
      if (group.rank === 0) {
        const [parcel] = await Promise.all([peers.recv(leader), peers.send(leader, encode(ours))]);
        theirs = decode(parcel);
      }
      return delivered(await collectives.bcast(group, theirs, 0), options.into);
    };
    return this.collective("allreduce", options, body, known.allreduce) as Promise<never>;
  }

  reduceScatter(parts: readonly unknown[], reducer: unknown, options: CallOptions & MaybeInto = {}): Promise<never> {
    const body = async (peers: Peers): Promise<unknown> => {
      const op = asOp(reducer as Op);
      for (const part of requireParts("reduceScatter", parts, this.remoteSize)) check(op, denseValue(part));
      const theirs = await this.#swap(peers, parts);
      checkRoom(options.into, theirs.slice(0, 1));
      const result = theirs.reduce((below, value) => apply(op, below, value));
      if (!op.builtIn) await collectives.barrier(peers); // a user's function may throw on one rank: then all reject
      return delivered(theirs.length === 1 ? alone(op, result) : result, options.into);
    };
    return this.collective("reduceScatter", options, body, known.reduceScatter) as Promise<never>;
  }

  /** Not in the interface, but called by programs without types. */
  scan(): Promise<never> {
    return this.#noScan("scan");
  }

  /** Like {@link scan}. */
  exscan(): Promise<never> {
    return this.#noScan("exscan");
  }

  override async close(): Promise<void> {
    await super.close();
    this.#collectives.close();
  }

  protected collective<R>(
    operation: Operation,
    options: CallOptions,
    body: (peers: Peers) => Promise<R>,
    known: KnownOptions = knownOptions[operation as OptionedCall],
    shown: object = options,
  ): Promise<R> {
    const call = { operation, options: shown, communicator: this.name };
    if (this.over !== "") return Promise.reject(this.overError(call));
    return this.#collectives.run(operation, call, known, options, body);
  }

  /** A number for a communicator of both groups, and whether this group comes first in it. */
  protected async meet(peers: Peers, high: boolean): Promise<{ context: number; first: boolean }> {
    const context = offer(this.world);
    const votes = await collectives.allgather(peers, { context, high });
    for (const group of [this.#local, this.#remote]) {
      if (new Set(group.map((rank) => votes[rank]?.high)).size > 1) {
        throw new MpiError("mismatch", "ranks of one group must say the same about `high`");
      }
    }
    this.world.engine.survival.derived(this.context, votes[0]?.context as number);
    const theirs = votes[this.#remote[0] as number]?.high;
    const first = high === theirs ? this.#local[0] === 0 : !high;
    return { context: votes[0]?.context as number, first };
  }

  /** Gives `parts[r]` to rank r of the other group; what each of its ranks had for this one. */
  async #swap(peers: Peers, parts: readonly unknown[]): Promise<unknown[]> {
    const all = new Array<unknown>(peers.size).fill(undefined);
    for (const [i, rank] of this.#remote.entries()) all[rank] = parts[i];
    const received = await collectives.alltoall(peers, all);
    return this.#remote.map((rank) => received[rank]);
  }

  /** Runs `body` among the root and all ranks of the other group, in this order: the root is rank 0 of its peers. */
  #rooted(
    operation: "bcast" | "scatter" | "gather" | "reduce",
    options: InterRootOptions,
    body: (peers: Peers, here: boolean) => Promise<unknown>,
  ): Promise<never> {
    // Text in error messages, where the comparison of ranks does not look: the groups rightly differ in it.
    const shown = { signal: options?.signal, root: String(options?.root) };
    const work = async (peers: Peers): Promise<unknown> => {
      const { root } = options;
      if (root === null) return undefined;
      if (root === "here") return body(within(peers, [peers.rank, ...this.#remote]), true);
      if (typeof root !== "number") throw invalid('root is a rank of the other group, "here", or null');
      checkRank("root", root, this.remoteSize);
      return body(within(peers, [this.#remote[root] as number, ...this.#local]), false);
    };
    return this.collective(operation, options, work, known[operation], shown) as Promise<never>;
  }

  async #noScan(operation: "scan" | "exscan"): Promise<never> {
    throw invalid(
      `${operation}() on an intercommunicator: its two groups have no common order of ranks, as in MPI; merge() makes one communicator of both`,
    );
  }
}

/** Calls whose options differ from those of a communicator's call of the same name. */
const known = {
  bcast: knownOptions.interBcast,
  scatter: knownOptions.interScatter,
  gather: knownOptions.interGather,
  reduce: knownOptions.interReduce,
  allgather: knownOptions.interAllgather,
  alltoall: knownOptions.interAlltoall,
  allreduce: knownOptions.interAllreduce,
  reduceScatter: knownOptions.interReduceScatter,
};

function valueOf(value: unknown): unknown {
  return typeof value === "function" ? (value as () => unknown)() : value;
}

function allDelivered(values: readonly unknown[], { into }: MaybeInto): unknown {
  return into === undefined ? values : fill(into, values);
}
