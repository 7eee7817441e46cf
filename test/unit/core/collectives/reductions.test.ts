import { deepStrictEqual as same } from "node:assert/strict";
import { afterEach, describe, expect, test } from "vitest";
import { MpiError } from "../../../../packages/core/src/calls/errors.ts";
import type { TypedArray } from "../../../../packages/core/src/calls/typed-array.ts";
import { algorithmsOf } from "../../../../packages/core/src/collectives/algorithms/choose.ts";
import * as collectives from "../../../../packages/core/src/collectives/algorithms/index.ts";
import { max, maxloc, minloc, prod, sum } from "../../../../packages/core/src/ops/op.ts";
import type { Peers } from "../../../../packages/core/src/wire/peers.ts";
import { results, type Simulation, simulate } from "../../../support/simulated-peers.ts";
import {
  concat,
  everyAlgorithm,
  forgetChoices,
  kinds,
  roots,
  simulations,
  sizes,
  variable,
} from "./every-algorithm.ts";

afterEach(forgetChoices);

const reductions = ["reduce", "allreduce", "reduceScatter", "scan", "exscan"] as const;
type Reduction = (typeof reductions)[number];

/** One of the reductions of a value for each rank; `reduceScatter` gets that value for every rank. */
function reduction(operation: Reduction, peers: Peers, value: unknown, op: never, root = 0): Promise<unknown> {
  if (operation === "reduce") return collectives.reduce(peers, value, op, root);
  if (operation === "reduceScatter") return collectives.reduceScatter(peers, new Array(peers.size).fill(value), op);
  return collectives[operation](peers, value, op);
}

/** What each rank should get when `total(from, to)` combines the values of ranks from to to - 1. */
function expected<T>(operation: Reduction, size: number, root: number, total: (to: number) => T): (T | undefined)[] {
  return Array.from({ length: size }, (_, rank) => {
    if (operation === "reduce") return rank === root ? total(size) : undefined;
    if (operation === "scan") return total(rank + 1);
    if (operation === "exscan") return rank === 0 ? undefined : total(rank);
    return total(size);
  });
}

describe.each(reductions)("%s", (operation) => {
  const everyRoot = (size: number): number[] => (operation === "reduce" ? roots(size) : [0]);

  everyAlgorithm(operation, "numbers add up", async (size, simulation) => {
    for (const root of everyRoot(size)) {
      const all = await results(
        size,
        (peers) => reduction(operation, peers, peers.rank + 1, sum as never, root),
        simulation,
      );
      same(
        all,
        expected(operation, size, root, (to) => (to * (to + 1)) / 2),
      );
    }
  });

  everyAlgorithm(operation, "a function sees its operands in the order of ranks", async (size, simulation) => {
    const total = (to: number): string => Array.from({ length: to }, (_, rank) => `(${rank})`).join("");
    for (const root of everyRoot(size)) {
      const all = await results(
        size,
        (peers) => reduction(operation, peers, `(${peers.rank})`, concat as never, root),
        simulation,
      );
      same(all, expected(operation, size, root, total));
    }
  });

  everyAlgorithm(operation, "so do the elements of typed arrays", async (size, simulation) => {
    // Products of the matrices [[1, x], [0, y]], one in each element: x and y packed as 16 bits each, modulo 256.
    const times = (a: number, b: number): number => {
      const x = (((b >> 8) & 255) + (a >> 8) * (b & 255)) & 255;
      return (x << 8) | (((a & 255) * (b & 255)) & 255);
    };
    const value = (rank: number): Uint16Array =>
      Uint16Array.from({ length: 37 }, (_, i) => ((i + rank) << 8) | (2 * rank + i));
    const total = (to: number): Uint16Array =>
      Array.from({ length: to }, (_, rank) => value(rank)).reduce((a, b) => a.map((x, i) => times(x, b[i] as number)));
    for (const root of everyRoot(size)) {
      const all = await results(
        size,
        (peers) => reduction(operation, peers, value(peers.rank), times as never, root),
        simulation,
      );
      same(all, expected(operation, size, root, total));
    }
  });

  everyAlgorithm(operation, "large arrays add up, and nobody's input is changed", async (size, simulation) => {
    const root = size - 1;
    const inputs = Array.from({ length: size }, (_, rank) => Float64Array.from({ length: 1101 }, (_, i) => rank * i));
    const kept = inputs.map((input) => input.slice());
    const all = await results(
      size,
      (peers) => reduction(operation, peers, inputs[peers.rank], sum as never, root),
      simulation,
    );
    const total = (to: number): Float64Array =>
      Float64Array.from({ length: 1101 }, (_, i) => ((to * (to - 1)) / 2) * i);
    same(all, expected(operation, size, root, total));
    same(inputs, kept);
  });

  everyAlgorithm(operation, "a function may change its first argument and return it", async (size, simulation) => {
    const inputs = Array.from({ length: size }, (_, rank) => [rank]);
    const append = (a: number[], b: number[]): number[] => {
      a.push(...b);
      return a;
    };
    const all = await results(
      size,
      (peers) => reduction(operation, peers, inputs[peers.rank], append as never),
      simulation,
    );
    same(
      all,
      expected(operation, size, 0, (to) => Array.from({ length: to }, (_, rank) => rank)),
    );
    same(
      inputs,
      inputs.map((_, rank) => [rank]),
    );
  });

  everyAlgorithm(operation, "a function that throws on one rank rejects on all", async (size, simulation) => {
    for (let guilty = 0; guilty < size; guilty++) {
      const calls = new Array<number>(size).fill(0);
      const { outcomes } = await simulate(
        size,
        (peers) => {
          const op = (a: number, b: number): number => {
            calls[peers.rank]!++;
            if (peers.rank === guilty) throw new Error("no more");
            return a + b;
          };
          return reduction(operation, peers, 1, op as never);
        },
        simulation,
      );
      const wanted = (calls[guilty] as number) > 0 ? "rejected" : "fulfilled";
      expect(outcomes.map(({ status }) => status)).toEqual(outcomes.map(() => wanted));
    }
  });

  everyAlgorithm(operation, "different lengths or types are a mismatch", async (size, simulation) => {
    const small = new Float64Array(10);
    const pairs = [
      [small, new Float64Array(12)],
      [small, new Int8Array(10)],
      [small, 1],
      [1, small],
      [[1], small],
      [1, 1n],
      [[1, 2], [1]],
    ];
    await expectMismatches(size, simulation, pairs);
  });

  test("so are sizes for which the table has different algorithms", async () => {
    const [small, large, larger] = [new Uint8Array(10), new Uint8Array(70_000), new Uint8Array(600_000)];
    for (const size of [2, 3, 4, 5, 6, 8]) {
      for (const simulation of simulations(size)) {
        await expectMismatches(size, simulation, [
          [small, large],
          [large, small],
          [large, larger],
          [larger, large],
          [large, 1],
        ]);
      }
    }
  });

  /** Whichever rank is the odd one, with the second value of a pair where the others have the first. */
  async function expectMismatches(size: number, simulation: Simulation, pairs: unknown[][]): Promise<void> {
    for (const odd of size > 8 ? [0, 1, size - 1] : roots(size)) {
      for (const [common, other] of pairs) {
        const { outcomes } = await simulate(
          size,
          (peers) => reduction(operation, peers, peers.rank === odd ? other : common, sum as never),
          { ...simulation, copies: false }, // for speed: only sizes matter here
        );
        const reasons = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason] : []));
        const meets = size > 2 || (size === 2 && operation !== "exscan"); // with other values
        if (!meets || (operation === "exscan" && odd === size - 1)) continue;
        const why = `${odd} of ${size} on hosts ${simulation.hosts}: ${reasons}`;
        expect(
          reasons.some((reason) => reason instanceof MpiError && reason.code === "mismatch"),
          why,
        ).toBe(true);
      }
    }
  }

  test("a value that the operation cannot take is refused, at one rank too", async () => {
    for (const size of [1, 4]) {
      for (const value of ["a", undefined, null, {}, [1, "a"], true]) {
        const { outcomes } = await simulate(size, (peers) => reduction(operation, peers, value, sum as never));
        expect((outcomes[0] as PromiseRejectedResult).reason).toMatchObject({ code: "invalid-argument" });
      }
    }
  });

  test("an op that is neither an operation nor a function is refused", async () => {
    const { outcomes } = await simulate(2, (peers) => reduction(operation, peers, 1, "sum" as never));
    for (const outcome of outcomes) {
      expect((outcome as PromiseRejectedResult).reason.message).toMatch(/op is a string: give sum, max/);
    }
  });

  test("all kinds of typed arrays keep their kind and wrap as it does", async () => {
    const size = 5;
    for (const algorithm of algorithmsOf(operation)) {
      process.env[variable(operation)] = algorithm;
      for (const Kind of kinds) {
        const big = Kind === BigInt64Array || Kind === BigUint64Array;
        const array = (rank: number): TypedArray =>
          (Kind as Float64ArrayConstructor).from((big ? [1n, 2n ** 62n, BigInt(rank)] : [1, 100, rank]) as number[]);
        for (const [op, combine] of [
          [sum, (a: never, b: never) => a + b],
          [prod, (a: never, b: never) => a * b],
          [max, (a: never, b: never) => (a > b ? a : b)],
        ] as const) {
          const all = await results(size, (peers) => reduction(operation, peers, array(peers.rank), op as never));
          const total = (to: number): TypedArray =>
            Array.from({ length: to }, (_, rank) => array(rank)).reduce(
              (a, b) => (a as never as Float64Array).map((x, i) => combine(x as never, b[i] as never)) as never,
            );
          same(all, expected(operation, size, 0, total));
        }
      }
    }
  });

  test("empty arrays reduce to empty arrays", async () => {
    for (const algorithm of algorithmsOf(operation)) {
      process.env[variable(operation)] = algorithm;
      const all = await results(6, (peers) => reduction(operation, peers, new Float32Array(0), sum as never));
      same(
        all,
        expected(operation, 6, 0, () => new Float32Array(0)),
      );
    }
  });

  test("the places of the least and the greatest are those of the lowest rank", async () => {
    for (const size of sizes) {
      for (const op of [minloc, maxloc]) {
        const all = await results(size, (peers) => reduction(operation, peers, [[7, peers.rank]], op as never));
        same(
          all,
          expected(operation, size, 0, () => [[7, 0]]),
        );
      }
    }
  });
});

describe("reduceScatter", () => {
  everyAlgorithm("reduceScatter", "parts may differ from rank to rank of the result", async (size, simulation) => {
    const all = await results(
      size,
      (peers) =>
        collectives.reduceScatter(
          peers,
          Array.from({ length: size }, (_, r) => new Float64Array(r * 100).fill(peers.rank + r)),
          sum,
        ),
      simulation,
    );
    same(
      all,
      Array.from({ length: size }, (_, r) => new Float64Array(r * 100).fill((size * (size - 1)) / 2 + size * r)),
    );
  });
});

describe("deterministic", () => {
  const values = Array.from({ length: 17 }, (_, rank) =>
    Float64Array.from({ length: 9001 }, (_, i) => Math.sin(rank * 7919 + i) * 10 ** (rank % 9)),
  );

  test("reduce and allreduce give the same bits for every size, root, host, seed and environment", async () => {
    for (const size of [3, 6, 8, 17]) {
      for (const length of [1, 100, 9001]) {
        const seen = new Set<string>();
        for (const simulation of simulations(size)) {
          for (const algorithm of algorithmsOf("allreduce")) {
            process.env["TSMPI_ALLREDUCE"] = algorithm;
            const root = simulation.seed! % size;
            process.env["TSMPI_REDUCE"] = "two-level";
            const all = await results(
              size,
              async (peers) => {
                const mine = (values[peers.rank] as Float64Array).subarray(0, length);
                const one = await collectives.reduce(peers, mine, sum, root, { deterministic: true });
                return [one, await collectives.allreduce(peers, mine, sum, { deterministic: true })];
              },
              simulation,
            );
            for (const array of all.flat())
              if (array !== undefined)
                seen.add(Buffer.from(array.buffer, array.byteOffset, array.byteLength).toString("hex"));
          }
        }
        expect(seen.size).toBe(1);
      }
    }
  });

  test("every allreduce gives all ranks the same bits", async () => {
    for (const algorithm of algorithmsOf("allreduce")) {
      process.env["TSMPI_ALLREDUCE"] = algorithm;
      const [first, ...rest] = await results(
        7,
        (peers) => collectives.allreduce(peers, values[peers.rank] as Float64Array, sum),
        {
          hosts: [0, 0, 0, 1, 1, 2, 2],
        },
      );
      for (const other of rest) same(other, first);
    }
  });
});

describe("allreduce in segments", () => {
  const length = 2 * 8192 + 5; // two whole segments and a short one
  const valueOf = (rank: number): Float64Array => Float64Array.from({ length }, (_, i) => 1 / (3 * i + rank + 1));

  test.each([2, 3, 4, 5, 8])("gives the bits of recursive doubling on %i ranks", async (size) => {
    const by = async (algorithm: string): Promise<Float64Array[]> => {
      process.env["TSMPI_ALLREDUCE"] = algorithm;
      return results(size, (peers) => collectives.allreduce(peers, valueOf(peers.rank), sum), simulations(size)[1]);
    };
    const [whole, segmented] = [await by("recursive-doubling"), await by("segmented")];
    same(segmented, whole);
  });

  test.each([
    { name: "of that length", room: length, from: 0, in: true },
    { name: "that is longer", room: length + 10, from: 0, in: true },
    { name: "that is the input", room: length, from: undefined, in: false },
  ])("fills an `into` $name", async ({ room, from, in: within }) => {
    process.env["TSMPI_ALLREDUCE"] = "segmented";
    const places: boolean[] = [];
    for (const size of [2, 3, 4]) {
      const total = Array.from({ length: size }, (_, rank) => valueOf(rank)[length - 1] as number);
      const run = async (peers: Peers): Promise<number> => {
        const array = valueOf(peers.rank);
        const into = from === undefined ? array : new Float64Array(room);
        const result = await collectives.allreduce(peers, array, sum, { into });
        if (size === 2) places.push(result.buffer === into.buffer);
        if (into !== array) same(array, valueOf(peers.rank)); // the input is as it was
        return result[length - 1] as number;
      };
      for (const simulation of simulations(size)) {
        const all = await results(size, run, simulation);
        for (const last of all)
          expect(last).toBeCloseTo(
            total.reduce((a, b) => a + b),
            12,
          );
      }
    }
    expect(new Set(places)).toEqual(new Set([within]));
  });
});
