import { MpiError } from "../errors.ts";
import type { Op } from "../op.ts";
import type { Peers } from "../peers.ts";
import { hostsOf } from "./hosts.ts";

/** The algorithms of each operation. Each is told in the file of its name. */
export interface Algorithms {
  barrier: "dissemination" | "tree" | "two-level";
  bcast: "binomial" | "scatter-allgather" | "two-level";
  scatter: "linear" | "binomial";
  gather: "linear" | "binomial";
  allgather: "bruck" | "ring" | "two-level";
  alltoall: "pairwise" | "bruck";
  reduce: "tree" | "two-level" | "rabenseifner";
  allreduce: "recursive-doubling" | "tree" | "two-level" | "rabenseifner" | "ring";
  reduceScatter: "pairwise" | "recursive-halving";
  scan: "linear" | "doubling";
  exscan: "linear" | "doubling";
}
export type Operation = keyof Algorithms;

/** What the choice may depend on. All ranks must see the same facts, except as {@link rules} says for `bytes`. */
export interface Facts {
  ranks: number;
  powerOfTwo: boolean;
  hosts: number;
  /** The most ranks on one host. */
  perHost: number;
  /** Going host by host keeps the order of ranks, or that order does not matter. */
  blocks: boolean;
  /** Size of a typed array, which can be cut in pieces; undefined for all else. */
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

/** What an algorithm cannot do without. Holds for the table and for an override alike. */
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
  },
  reduceScatter: { pairwise: {}, "recursive-halving": {} },
  scan: { linear: {}, doubling: {} },
  exscan: { linear: {}, doubling: {} },
};

/**
 * The table: the first line of an operation whose conditions hold is taken.
 *
 * | operation | `bytes` is known to | so ranks agree because |
 * | --- | --- | --- |
 * | bcast | the root | its first message says which (see bcast.ts) |
 * | reduce, allreduce | each rank, of its own array | they must be equal; unequal ones are found (see announce.ts) |
 * | all others | nobody | parts may differ in size: only ranks and hosts decide |
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
  scan: [{ use: "linear", ranks: [1, 3] }, { use: "doubling" }],
  exscan: [{ use: "linear", ranks: [1, 3] }, { use: "doubling" }],
};

/** Parts of at least this many bytes go straight to their rank instead of riding along from rank to rank. */
export const direct: { readonly gather: number; readonly scatter: number; readonly alltoall: number } = {
  gather: 32 * KiB,
  scatter: 32 * KiB,
  alltoall: 2 * KiB,
};

/** What the ranks have in common, with what is known of this call. */
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

/** The algorithm for these facts: the environment's if it can do it, else the table's. */
export function choose<O extends Operation>(operation: O, facts: Facts): Algorithms[O] {
  const possible = needs[operation] as Record<string, Condition>;
  const wanted = facts.deterministic ? undefined : override(operation);
  if (wanted !== undefined && holds(possible[wanted] as Condition, facts)) return wanted;
  const rule = rules[operation].find((one) => holds(possible[one.use] as Condition, facts) && holds(one, facts));
  return (rule as { use: Algorithms[O] }).use;
}

/** The names of an operation's algorithms. */
export function algorithmsOf<O extends Operation>(operation: O): Algorithms[O][] {
  return Object.keys(needs[operation]) as Algorithms[O][];
}

/**
 * `TSMPI_ALLREDUCE=ring`, `TSMPI_REDUCE_SCATTER=pairwise`: for measuring. All ranks must have the same. An algorithm
 * that cannot do a call (ring with a number, or with a function that is not commutative) leaves it to the table.
 */
function override<O extends Operation>(operation: O): Algorithms[O] | undefined {
  const variable = `TSMPI_${operation.replace(/[A-Z]/g, "_$&").toUpperCase()}`;
  const wanted = process.env[variable];
  if (wanted === undefined || wanted === "") return undefined;
  const known: string[] = algorithmsOf(operation);
  if (!known.includes(wanted)) {
    throw new MpiError("invalid-argument", `${variable}=${wanted}: ${operation} has ${known.join(", ")}`);
  }
  return wanted as Algorithms[O];
}

function holds(condition: Condition, facts: Facts): boolean {
  return (Object.keys(condition) as (keyof Facts)[]).every((name) => {
    if ((name as string) === "use") return true;
    const wanted = condition[name];
    const fact = facts[name];
    if (typeof wanted === "boolean") return fact === wanted;
    return wanted === undefined || (typeof fact === "number" && fact >= wanted[0] && fact <= wanted[1]);
  });
}
