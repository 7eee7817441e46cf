import { test } from "vitest";
import {
  type Algorithms,
  algorithmsOf,
  type Operation,
} from "../../../../packages/core/src/collectives/algorithms/choose.ts";
import type { Simulation } from "../../../support/simulated-peers.ts";
import { perTier } from "../../../support/tier.ts";

export const sizes = perTier({ quick: [1, 2, 3, 5, 8, 17], full: [1, 2, 3, 4, 5, 7, 8, 16, 17] });
export const kinds = [
  ...[Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array],
  ...[Float32Array, Float64Array, BigInt64Array, BigUint64Array],
];
/** Not commutative, so it shows whether the order of ranks is kept. */
export const concat = (a: string, b: string): string => a + b;

export function variable(operation: Operation): string {
  return `TSMPI_${operation.replace(/[A-Z]/g, "_$&").toUpperCase()}`;
}

/** The environment chooses algorithms: no test leaves its choice to the next one. */
export function forgetChoices(): void {
  for (const name of Object.keys(process.env)) if (name.startsWith("TSMPI_")) delete process.env[name];
}

/** Where ranks run: one host, two hosts in blocks of consecutive ranks, three hosts dealt like cards. */
function placements(size: number): number[][] {
  const ranks = Array.from({ length: size }, (_, rank) => rank);
  return [ranks.map(() => 0), ranks.map((rank) => (rank < size / 2 ? 4 : 2)), ranks.map((rank) => rank % 3)];
}

/** Several networks for each number of ranks: other orders of delivery, other hosts, with and without eager sends. */
export function simulations(size: number): Simulation[] {
  return placements(size).map((hosts, seed) => ({ hosts, seed: seed + size, eagerBytes: seed === 1 ? 1e9 : 0 }));
}

export function roots(size: number): number[] {
  return size <= 8 ? Array.from({ length: size }, (_, root) => root) : [0, 1, size >> 1, size - 1];
}

/** One test for each algorithm of an operation, on all sizes and networks. */
export function everyAlgorithm<O extends Operation>(
  operation: O,
  claim: string,
  body: (size: number, simulation: Simulation, algorithm: Algorithms[O]) => Promise<void>,
): void {
  test.each(algorithmsOf(operation))(`${operation} by %s: ${claim}`, async (algorithm) => {
    process.env[variable(operation)] = algorithm;
    for (const size of sizes) for (const simulation of simulations(size)) await body(size, simulation, algorithm);
  });
}

/** A value that differs from rank to rank, in length too; at some ranks empty, at some undefined. */
export function valueOf(rank: number): unknown {
  if (rank % 5 === 4) return undefined;
  if (rank % 5 === 3) return new Float64Array(0);
  if (rank % 5 === 2) return new Float64Array(6000).fill(rank);
  return { rank, text: "x".repeat(rank), nested: new Int32Array(rank * 700).fill(rank) };
}
