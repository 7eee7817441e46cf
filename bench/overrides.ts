import {
  algorithmsOf,
  choose,
  factsOf,
  forgetOverrides,
  type Operation,
} from "../packages/core/src/collectives/algorithms/choose.ts";
import { sum } from "../packages/core/src/ops/op.ts";
import type { Peers } from "../packages/core/src/wire/peers.ts";

/** All operations of choose.ts. */
export const operations: readonly Operation[] = [
  ...(["barrier", "bcast", "scatter", "gather", "allgather", "alltoall"] as const),
  ...(["reduce", "allreduce", "reduceScatter", "scan", "exscan"] as const),
];

/** The operations whose algorithms cut one array in pieces, so that its bytes decide. */
export function cutsArrays(operation: Operation): boolean {
  return operation === "bcast" || operation === "reduce" || operation === "allreduce";
}

/** `TSMPI_ALLREDUCE`: the environment variable that selects an operation's algorithm. */
export function variableOf(operation: Operation): string {
  return `TSMPI_${operation.replace(/[A-Z]/g, "_$&").toUpperCase()}`;
}

/** The algorithm that choose.ts takes without an override, and all that it could take. `hosts[r]`: rank r's host. */
export function choices(
  operation: Operation,
  bytes: number,
  hosts: readonly number[],
): { table: string; all: string[] } {
  const take = (wanted: string): string => {
    process.env[variableOf(operation)] = wanted;
    forgetOverrides();
    const peers: Peers = {
      rank: 0,
      size: hosts.length,
      hosts,
      send: unreachable,
      recv: unreachable,
      take: unreachable,
    };
    return choose(operation, factsOf(peers, { op: sum, bytes: cutsArrays(operation) ? bytes : undefined }));
  };
  try {
    return { table: take(""), all: algorithmsOf(operation).filter((algorithm) => take(algorithm) === algorithm) };
  } finally {
    delete process.env[variableOf(operation)];
    forgetOverrides();
  }
}

/** Peers that cannot communicate: choose.ts does not send. */
function unreachable(): Promise<never> {
  return Promise.reject(new Error("choose.ts sends no messages"));
}
