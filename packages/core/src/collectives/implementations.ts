import { type KnownOptions, knownOptions } from "../calls/check-options.ts";
import { checkRoom, delivered, fill } from "../calls/into.ts";
import type { DeterministicOptions, OptionalIntoOptions, RootOptions } from "../calls/options.ts";
import type { TypedArray } from "../calls/typed-array.ts";
import { alone, check } from "../ops/apply.ts";
import { asOp, type Reducer } from "../ops/op.ts";
import type { Peers } from "../wire/peers.ts";
import { allgather, allgatherOnBoard } from "./algorithms/allgather.ts";
import { allreduce, allreduceOnBoard } from "./algorithms/allreduce.ts";
import { alltoall, alltoallOnBoard } from "./algorithms/alltoall.ts";
import { barrier, barrierOnBoard } from "./algorithms/barrier.ts";
import { bcast, bcastOnBoard } from "./algorithms/bcast.ts";
import { type Here, type Plan, taken } from "./algorithms/board-exchange.ts";
import { exscan, exscanOnBoard } from "./algorithms/exscan.ts";
import { gather, gatherOnBoard } from "./algorithms/gather.ts";
import { reduce, reduceOnBoard } from "./algorithms/reduce.ts";
import { reduceScatter, reduceScatterOnBoard } from "./algorithms/reduce-scatter.ts";
import { requireParts } from "./algorithms/require-parts.ts";
import { scan, scanOnBoard } from "./algorithms/scan.ts";
import { scatter, scatterOnBoard } from "./algorithms/scatter.ts";
import { denseValue } from "./dense-arguments.ts";
import { numberOfOperation, type Operation } from "./signature.ts";

export type RoutineOptions = RootOptions & DeterministicOptions & OptionalIntoOptions<TypedArray>;

/** A plan, or a promise of one where the root first calls a function for its value. */
export type Planned = Plan<unknown> | Promise<Plan<unknown>>;

/** How a rank does one kind of collective: on a board where the ranks have one, otherwise by messages. */
export interface Routine extends Implementation {
  readonly operation: Operation;
  /** The operation's number in signatures. */
  readonly number: number;
  readonly known: KnownOptions;
}

interface Implementation {
  onBoard(here: Here, value: unknown, root: number, options: RoutineOptions, reducer: Reducer<unknown>): Planned;
  byMessages(
    peers: Peers,
    value: unknown,
    root: number,
    options: RoutineOptions,
    reducer: Reducer<unknown>,
  ): Promise<unknown>;
}

type RoutineName = Extract<
  Operation,
  | "barrier"
  | "fence"
  | "bcast"
  | "scatter"
  | "gather"
  | "allgather"
  | "alltoall"
  | "reduce"
  | "allreduce"
  | "reduceScatter"
  | "scan"
  | "exscan"
>;

const implementations: Readonly<Record<RoutineName, Implementation>> = {
  barrier: {
    onBoard: () => barrierOnBoard,
    byMessages: barrier,
  },
  fence: {
    onBoard: () => barrierOnBoard,
    byMessages: barrier,
  },
  bcast: {
    onBoard(here, value, root, { into }) {
      if (here.rank !== root) return taken(root, into);
      return typeof value === "function"
        ? called(value as () => unknown).then((made) => bcastOnBoard(made, into))
        : bcastOnBoard(value, into);
    },
    async byMessages(peers, value, root, { into }) {
      const mine = await atRoot(peers, value, root);
      if (peers.rank === root) checkRoom(into, [mine]);
      return delivered(await bcast(peers, mine, root), into);
    },
  },
  scatter: {
    onBoard(here, parts, root, { into }) {
      if (here.rank !== root) return taken(root, into);
      return typeof parts === "function"
        ? called(parts as () => unknown).then((made) => scatterOnBoard(here, made as unknown[], into))
        : scatterOnBoard(here, parts as unknown[], into);
    },
    async byMessages(peers, parts, root, { into }) {
      const mine = (await atRoot(peers, parts, root)) as readonly unknown[];
      if (peers.size === 1 && into !== undefined) return fill(into, requireParts("scatter", mine, 1));
      if (peers.rank === root && Array.isArray(mine)) checkRoom(into, [mine[root]]);
      return delivered(await scatter(peers, mine, root), into);
    },
  },
  gather: {
    onBoard: (here, value, root, { into }) => gatherOnBoard(here, value, root, into),
    async byMessages(peers, value, root, options) {
      const { into } = options;
      if (peers.size === 1 && into !== undefined) return fill(into, [value]);
      const all = await gather(peers, value, root);
      return all && allDelivered(all, options);
    },
  },
  allgather: {
    onBoard: (here, value, _root, { into }) => allgatherOnBoard(here, value, into),
    async byMessages(peers, value, _root, options) {
      const { into } = options;
      if (peers.size === 1 && into !== undefined) return fill(into, [value]);
      return allDelivered(await allgather(peers, value), options);
    },
  },
  alltoall: {
    onBoard: (here, parts, _root, { into }) => alltoallOnBoard(here, parts as unknown[], into),
    async byMessages(peers, parts, _root, options) {
      const { into } = options;
      if (peers.size === 1 && into !== undefined) return fill(into, requireParts("alltoall", parts as unknown[], 1));
      return allDelivered(await alltoall(peers, parts as unknown[]), options);
    },
  },
  reduce: {
    onBoard: (here, value, root, { into }, reducer) => reduceOnBoard(here, value, reducer, root, into),
    async byMessages(peers, value, root, options, reducer) {
      if (peers.rank === root) checkRoom(options.into, [value]);
      if (peers.size === 1 && options.into !== undefined) return soleIn(options.into, value, reducer);
      const result = await reduce(peers, value, reducer, root, options);
      return result === undefined ? undefined : delivered(result, options.into);
    },
  },
  allreduce: {
    onBoard: (here, value, _root, { into }, reducer) => allreduceOnBoard(here, value, reducer, into),
    async byMessages(peers, value, _root, options, reducer) {
      checkRoom(options.into, [value]);
      if (peers.size === 1 && options.into !== undefined) return soleIn(options.into, value, reducer);
      return delivered(await allreduce(peers, value, reducer, options), options.into);
    },
  },
  reduceScatter: {
    onBoard: (here, parts, _root, { into }, reducer) => reduceScatterOnBoard(here, parts as unknown[], reducer, into),
    async byMessages(peers, parts, _root, { into }, reducer) {
      if (Array.isArray(parts)) checkRoom(into, [parts[peers.rank]]);
      return delivered(await reduceScatter(peers, parts as unknown[], reducer), into);
    },
  },
  scan: {
    onBoard: (here, value, _root, { into }, reducer) => scanOnBoard(here, value, reducer, into),
    async byMessages(peers, value, _root, options, reducer) {
      checkRoom(options.into, [value]);
      if (peers.size === 1 && options.into !== undefined) return soleIn(options.into, value, reducer);
      return delivered(await scan(peers, value, reducer, options), options.into);
    },
  },
  exscan: {
    onBoard: (here, value, _root, { into }, reducer) => exscanOnBoard(here, value, reducer, into),
    async byMessages(peers, value, _root, options, reducer) {
      if (peers.rank > 0) checkRoom(options.into, [value]);
      const result = await exscan(peers, value, reducer, options);
      return result === undefined ? undefined : delivered(result, options.into);
    },
  },
};

/** The collectives that communicators have, by the names of their operations. */
export const routines: Readonly<Record<RoutineName, Routine>> = Object.fromEntries(
  (Object.keys(implementations) as RoutineName[]).map((operation): [RoutineName, Routine] => [
    operation,
    { operation, number: numberOfOperation(operation), known: knownOptions[operation], ...implementations[operation] },
  ]),
) as Record<RoutineName, Routine>;

/** The root's value, undefined on other ranks. A function is called for it, only at the root. */
function atRoot(here: Here, value: unknown, root: number): unknown {
  const mine = here.rank === root ? value : undefined;
  return typeof mine === "function" ? called(mine as () => unknown) : mine;
}

/** The value without blocks: the root's own result has the same type as that of the other ranks. */
async function called(make: () => unknown): Promise<unknown> {
  return denseValue(await make());
}

/** The reduction of one rank's array, in the caller's array, which may be the same. Allocates nothing. */
function soleIn(into: TypedArray, value: unknown, reducer: Reducer<unknown>): TypedArray {
  const op = asOp(reducer);
  check(op, value);
  fill(into, [value]);
  const { length } = value as TypedArray;
  alone(op, length === into.length ? into : into.subarray(0, length));
  return into;
}

/** The values; concatenated in the caller's array, if there is one. */
function allDelivered(values: readonly unknown[], { into }: RoutineOptions): unknown {
  return into === undefined ? values : fill(into, values);
}
