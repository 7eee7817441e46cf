import type { Call } from "../calls/call.ts";
import { numberOf } from "../ops/op.ts";

/** The collectives, in the order of their numbers on the wire (`docs/wire.md`): append only. */
export const operations = [
  "barrier",
  "bcast",
  "scatter",
  "gather",
  "allgather",
  "alltoall",
  "reduce",
  "allreduce",
  "reduceScatter",
  "scan",
  "exscan",
  "split",
  "map",
  "pool",
  "dup",
  "subset",
  "cart",
  "sub",
  "graph",
  "intercomm",
  "merge",
  "neighborAllgather",
  "neighborAlltoall",
] as const;
export type Operation = (typeof operations)[number];

/** 8 bits of operation (its number), 20 of root, 4 of reducer: what all ranks of a collective must have in common. */
export function signatureOf(operation: number, options: unknown, reducer: unknown): number {
  const root = (options as { root?: unknown } | null | undefined)?.root;
  const rootBits = typeof root === "number" ? root & 0xfffff : 0;
  return (operation | (rootBits << 8) | (numberOf(reducer) << 28)) >>> 0;
}

/** What a signature says of a call. */
export function callOf(signature: number): Call {
  const operation = operations[signature & 0xff] ?? "an unknown collective";
  const options = rooted.has(operation) ? { root: (signature >>> 8) & 0xfffff } : undefined;
  return { operation, options, reducer: signature >>> 28 };
}

/** Whether two collectives differ in nothing but what they combine with. */
export function differInReducer(one: number, other: number): boolean {
  return one !== other && (one ^ other) << 4 === 0;
}

export function numberOfOperation(operation: Operation): number {
  return operations.indexOf(operation);
}

const rooted: ReadonlySet<string> = new Set(["bcast", "scatter", "gather", "reduce"]);
