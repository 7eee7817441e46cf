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
  "imap",
  "imapUnordered",
  "openFile",
  "writeAtAll",
  "readAtAll",
  "writeOrdered",
  "readOrdered",
  "truncate",
  "sync",
  "close",
  "window",
  "fence",
  "splitShared",
  "sharedArray",
  "counter",
  "mutex",
  "checkpoints",
  "save",
  "load",
  "loadParts",
  "spawn",
] as const;
export type Operation = (typeof operations)[number];

/** What must be equal on all ranks of a collective: 8 bits for the operation's number, 20 for the root, 4 for the reducer. */
export function signatureOf(operation: number, options: unknown, reducer: unknown): number {
  const root = (options as { root?: unknown } | null | undefined)?.root;
  const rootBits = typeof root === "number" ? root & 0xfffff : 0;
  return (operation | (rootBits << 8) | (numberOf(reducer) << 28)) >>> 0;
}

/** The call that a signature describes. */
export function callOf(signature: number): Call {
  const operation = operations[signature & 0xff] ?? "an unknown collective";
  const options = rooted.has(operation) ? { root: (signature >>> 8) & 0xfffff } : undefined;
  return { operation, options, reducer: signature >>> 28 };
}

/** Whether two collectives differ only in their reducers. */
export function differInReducer(one: number, other: number): boolean {
  return one !== other && (one ^ other) << 4 === 0;
}

export function numberOfOperation(operation: Operation): number {
  return operations.indexOf(operation);
}

const rooted: ReadonlySet<string> = new Set(["bcast", "scatter", "gather", "reduce", "counter"]);
