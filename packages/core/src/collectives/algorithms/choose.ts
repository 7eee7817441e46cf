import { MpiError } from "../../calls/errors.ts";
import type { Op } from "../../ops/op.ts";
import type { Peers } from "../../wire/peers.ts";
import { hostsOf } from "./host-levels.ts";

/** The algorithms of each operation. The file with the operation's name describes them. */
export interface Algorithms {
  barrier: "dissemination" | "tree" | "two-level";
  bcast: "binomial" | "scatter-allgather" | "two-level";
  scatter: "linear" | "binomial";
  gather: "linear" | "binomial";
  allgather: "bruck" | "ring" | "two-level";
  alltoall: "pairwise" | "bruck";
  reduce: "tree" | "two-level" | "rabenseifner";
  allreduce: "recursive-doubling" | "tree" | "two-level" | "rabenseifner" | "ring" | "segmented";
  reduceScatter: "pairwise" | "recursive-halving";
  scan: "linear" | "doubling";
  exscan: "linear" | "doubling";
}
export type Operation = keyof Algorithms;

/** The facts that decide the algorithm. They must be equal on all ranks, except `bytes` (see {@link rules}). */
export interface Facts {
  ranks: number;
  powerOfTwo: boolean;
  hosts: number;
  /** The most ranks on one host. */
  perHost: number;
  /** Combining host by host keeps the order of ranks, or the order does not matter. */
  blocks: boolean;
  /** Size of a typed array, which can be cut in pieces; undefined for other values. */
  bytes: number | undefined;
  commutative: boolean;
  builtIn: boolean;
  deterministic: boolean;
}

/** Conditions on facts: a range `[least, most]` of a number, or the value itself. All must hold. */
type Condition = { readonly [F in keyof Facts]?: readonly [number, number] | boolean };

const KiB = 1024;
const up = Number.POSITIVE_INFINITY;
const apart: Condition = { hosts: [2, up], perHost: [2, up] };

/** What each algorithm requires, chosen by the table or by an override. */
const needs: { readonly [O in Operation]: { readonly [A in Algorithms[O]]: Condition } } = {
  barrier: { dissemination: {}, tree: {}, "two-level": apart },
  bcast: { binomial: {}, "scatter-allgather": { bytes: [0, up] }, "two-level": apart },
  scatter: { linear: {}, binomial: {} },
  gather: { linear: {}, binomial: {} },
  allgather: { bruck: {}, ring: {}, "two-level": apart },
  alltoall: { pairwise: {}, bruck: {} },
  reduce: {
    tree: {},
    "two-level": { ...apart, blocks: true, deterministic: false },
    rabenseifner: { bytes: [0, up] },
  },
  allreduce: {
    "recursive-doubling": { builtIn: true },
    tree: {},
    "two-level": { ...apart, blocks: true, deterministic: false },
    rabenseifner: { bytes: [0, up] },
    ring: { bytes: [0, up], commutative: true, deterministic: false },
    segmented: { bytes: [0, up], builtIn: true },
  },
  reduceScatter: { pairwise: {}, "recursive-halving": {} },
  scan: { linear: {}, doubling: { deterministic: false } },
  exscan: { linear: {}, doubling: { deterministic: false } },
};

/**
 * The table: the first line of an operation whose conditions hold is taken.
 *
 * | operation | `bytes` is known to | ranks agree because |
 * | --- | --- | --- |
 * | bcast | the root | its first message tells the algorithm (see bcast.ts) |
 * | reduce, allreduce | each rank, of its own array | sizes must be equal; announce.ts finds unequal ones |
 * | all others | no rank | parts may differ in size: only ranks and hosts decide |
 */
const rules: { readonly [O in Operation]: readonly ({ readonly use: Algorithms[O] } & Condition)[] } = {
  barrier: [
    { use: "two-level" },
    { use: "dissemination", ranks: [1, 8] },
    { use: "dissemination", perHost: [1, 1] },
    { use: "tree" },
  ],
  bcast: [
    { use: "two-level" },
    { use: "scatter-allgather", ranks: [8, up], bytes: [512 * KiB, up] },
    { use: "binomial" },
  ],
  scatter: [{ use: "linear", ranks: [1, 4] }, { use: "binomial" }],
  gather: [{ use: "linear", ranks: [1, 4] }, { use: "binomial" }],
  allgather: [{ use: "two-level" }, { use: "bruck" }],
  alltoall: [{ use: "pairwise", ranks: [1, 16] }, { use: "bruck" }],
  reduce: [{ use: "rabenseifner", ranks: [4, up], bytes: [64 * KiB, up] }, { use: "two-level" }, { use: "tree" }],
  allreduce: [
    { use: "segmented", ranks: [2, 2], hosts: [2, 2], bytes: [512 * KiB, up] },
    { use: "ring", ranks: [3, 64], powerOfTwo: false, bytes: [512 * KiB, up] },
    { use: "rabenseifner", ranks: [4, up], bytes: [64 * KiB, up] },
    { use: "two-level" },
    { use: "recursive-doubling" },
    { use: "tree" },
  ],
  reduceScatter: [
    { use: "recursive-halving", powerOfTwo: true },
    { use: "pairwise", ranks: [1, 8] },
    { use: "recursive-halving" },
  ],
  // Last for `deterministic`: shared memory combines in the same order as linear, and doubling does not.
  scan: [{ use: "linear", ranks: [1, 3] }, { use: "doubling" }, { use: "linear" }],
  exscan: [{ use: "linear", ranks: [1, 3] }, { use: "doubling" }, { use: "linear" }],
};

/** Parts of at least this many bytes are sent straight to their rank, instead of being forwarded from rank to rank. */
export const direct: { readonly gather: number; readonly scatter: number; readonly alltoall: number } = {
  gather: 32 * KiB,
  scatter: 32 * KiB,
  alltoall: 2 * KiB,
};

/** The facts of a communicator, together with those of this call. */
export function factsOf(
  peers: Peers,
  {
    op,
    bytes,
    deterministic = false,
  }: { op?: Op; bytes?: number | undefined; deterministic?: boolean | undefined } = {},
): Facts {
  const hosts = hostsOf(peers.hosts);
  return {
    ranks: peers.size,
    powerOfTwo: (peers.size & (peers.size - 1)) === 0,
    hosts: hosts.count,
    perHost: hosts.largest,
    blocks: hosts.blocks || (op?.commutative ?? true),
    bytes,
    commutative: op?.commutative ?? true,
    builtIn: op?.builtIn ?? true,
    deterministic,
  };
}

/** The algorithm for these facts: the environment's if it can do the call, otherwise the table's. */
export function choose<O extends Operation>(operation: O, facts: Facts): Algorithms[O] {
  const wanted = facts.deterministic ? undefined : overrideOf(operation);
  if (wanted !== undefined && holds(tests(needs[operation][wanted]), facts)) return wanted;
  for (const { use, conditions } of table[operation]) if (holds(conditions, facts)) return use as Algorithms[O];
  throw new Error(`no algorithm of ${operation} is for these facts`);
}

/** The names of an operation's algorithms. */
export function algorithmsOf<O extends Operation>(operation: O): Algorithms[O][] {
  return Object.keys(needs[operation]) as Algorithms[O][];
}

/**
 * `TSMPI_ALLREDUCE=ring`, `TSMPI_REDUCE_SCATTER=pairwise`: for measuring. All ranks must have the same. An algorithm
 * that cannot do a call (ring with a number, or with a function that is not commutative) leaves it to the table.
 */
function overrideOf<O extends Operation>(operation: O): Algorithms[O] | undefined {
  if (!overrides.has(operation)) overrides.set(operation, readOverride(operation));
  return overrides.get(operation) as Algorithms[O] | undefined;
}

/** Whether the environment names an algorithm for this operation, known or not. */
export function isOverridden(operation: string): boolean {
  anyOverride ??= (Object.keys(needs) as Operation[]).some((each) => process.env[variableOf(each)]);
  return anyOverride && operation in needs && overrideOf(operation as Operation) !== undefined;
}

/** Cached, because reading the environment takes a tenth of a small collective. */
const overrides: Map<Operation, string | undefined> = new Map();
let anyOverride: boolean | undefined;

/** Makes the environment be read again after a change. */
export function forgetOverrides(): void {
  overrides.clear();
  anyOverride = undefined;
}

function variableOf(operation: Operation): string {
  return `TSMPI_${operation.replace(/[A-Z]/g, "_$&").toUpperCase()}`;
}

function readOverride<O extends Operation>(operation: O): Algorithms[O] | undefined {
  const variable = variableOf(operation);
  const wanted = process.env[variable];
  if (wanted === undefined || wanted === "") return undefined;
  const known: string[] = algorithmsOf(operation);
  if (!known.includes(wanted)) {
    throw new MpiError("invalid-argument", `${variable}=${wanted}: ${operation} has ${known.join(", ")}`);
  }
  return wanted as Algorithms[O];
}

/** A condition on one fact, in a form that is tested without enumerating property names. */
type Test =
  | { readonly fact: keyof Facts; readonly range: readonly [number, number] }
  | { readonly fact: keyof Facts; readonly range: undefined; readonly value: boolean };

function tests(condition: Condition): Test[] {
  return (Object.keys(condition) as (keyof Condition)[]).flatMap((fact): Test[] => {
    const wanted = condition[fact];
    if (wanted === undefined) return [];
    return [typeof wanted === "boolean" ? { fact, range: undefined, value: wanted } : { fact, range: wanted }];
  });
}

/** {@link rules} together with {@link needs}, as tests: a choice costs 0.1 us instead of 1 us. */
const table = Object.fromEntries(
  Object.entries(rules).map(([operation, lines]) => {
    const possible = needs[operation as Operation] as Record<string, Condition>;
    const tested = lines.map(({ use, ...condition }) => ({
      use: use as string,
      conditions: [...tests(possible[use] as Condition), ...tests(condition)],
    }));
    return [operation, tested];
  }),
) as Record<Operation, { use: string; conditions: Test[] }[]>;

function holds(conditions: readonly Test[], facts: Facts): boolean {
  for (const test of conditions) {
    const fact = facts[test.fact];
    if (test.range === undefined) {
      if (fact !== test.value) return false;
    } else if (!(typeof fact === "number" && fact >= test.range[0] && fact <= test.range[1])) return false;
  }
  return true;
}
