import { deepStrictEqual as same } from "node:assert/strict";
import { afterEach, describe, expect, test } from "vitest";
import { MpiError } from "../../../../packages/core/src/calls/errors.ts";
import type { TypedArray } from "../../../../packages/core/src/calls/typed-array.ts";
import {
  type Algorithms,
  algorithmsOf,
  type Operation,
} from "../../../../packages/core/src/collectives/algorithms/choose.ts";
import * as collectives from "../../../../packages/core/src/collectives/algorithms/index.ts";
import { createOp, max, maxloc, minloc, prod, sum } from "../../../../packages/core/src/ops/op.ts";
import type { Peers } from "../../../../packages/core/src/wire/peers.ts";
import { results, type Simulation, simulate } from "../../../support/simulated-peers.ts";
import { perTier } from "../../../support/tier.ts";

const sizes = perTier({ quick: [1, 2, 3, 5, 8, 17], full: [1, 2, 3, 4, 5, 7, 8, 16, 17] });
const kinds = [
  ...[Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array],
  ...[Float32Array, Float64Array, BigInt64Array, BigUint64Array],
];
/** Not commutative, so it shows whether the order of ranks is kept. */
const concat = (a: string, b: string): string => a + b;

function variable(operation: Operation): string {
  return `TSMPI_${operation.replace(/[A-Z]/g, "_$&").toUpperCase()}`;
}

afterEach(() => {
  for (const name of Object.keys(process.env)) if (name.startsWith("TSMPI_")) delete process.env[name];
});

/** Where ranks run: one host, two hosts in blocks of consecutive ranks, three hosts dealt like cards. */
function placements(size: number): number[][] {
  const ranks = Array.from({ length: size }, (_, rank) => rank);
  return [ranks.map(() => 0), ranks.map((rank) => (rank < size / 2 ? 4 : 2)), ranks.map((rank) => rank % 3)];
}

/** Several networks for each number of ranks: other orders of delivery, other hosts, with and without eager sends. */
function simulations(size: number): Simulation[] {
  return placements(size).map((hosts, seed) => ({ hosts, seed: seed + size, eagerBytes: seed === 1 ? 1e9 : 0 }));
}

function roots(size: number): number[] {
  return size <= 8 ? Array.from({ length: size }, (_, root) => root) : [0, 1, size >> 1, size - 1];
}

/** One test for each algorithm of an operation, on all sizes and networks. */
function everyAlgorithm<O extends Operation>(
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
function valueOf(rank: number): unknown {
  if (rank % 5 === 4) return undefined;
  if (rank % 5 === 3) return new Float64Array(0);
  if (rank % 5 === 2) return new Float64Array(6000).fill(rank);
  return { rank, text: "x".repeat(rank), nested: new Int32Array(rank * 700).fill(rank) };
}

describe("barrier", () => {
  everyAlgorithm("barrier", "nobody leaves before everybody has come", async (size, simulation) => {
    let inside = 0;
    await results(
      size,
      async (peers) => {
        for (let late = 0; late < peers.rank % 3; late++) await new Promise(setImmediate);
        inside++;
        await collectives.barrier(peers);
        expect(inside).toBe(size);
      },
      { ...simulation, patience: 10 },
    );
  });
});

describe("bcast", () => {
  everyAlgorithm("bcast", "everybody has the root's value, whatever it is", async (size, simulation) => {
    for (const root of roots(size)) {
      for (const value of [
        valueOf(0),
        valueOf(2),
        valueOf(3),
        undefined,
        0,
        { large: new Float64Array(3000).fill(1), a: 1 },
      ]) {
        const all = await results(
          size,
          (peers) => collectives.bcast(peers, peers.rank === root ? value : "ignored", root),
          simulation,
        );
        same(
          all,
          all.map(() => value),
        );
        expect(all[root]).toBe(value);
      }
    }
  });

  test("what the ranks get shares no memory", async () => {
    for (const algorithm of algorithmsOf("bcast")) {
      process.env["TSMPI_BCAST"] = algorithm;
      const value = new Float64Array(5000).fill(1);
      const hosts = [0, 0, 1, 1, 1];
      const all = await results(
        5,
        async (peers) => {
          const mine = await collectives.bcast(peers, peers.rank === 0 ? value : undefined, 0);
          mine.fill(peers.rank);
          return mine;
        },
        { hosts },
      );
      all.forEach((mine, rank) => expect(mine.every((x) => x === rank)).toBe(true));
    }
  });

  test("a value that cannot travel is refused at the root, at one rank too", async () => {
    for (const size of [1, 4]) {
      const { outcomes } = await simulate(size, (peers) => collectives.bcast(peers, () => 1, 0));
      expect(outcomes.every(({ status }) => status === "rejected")).toBe(true);
      expect((outcomes[0] as PromiseRejectedResult).reason).toMatchObject({ code: "unserializable" });
    }
  });
});

describe("scatter", () => {
  everyAlgorithm("scatter", "each rank has its part, in any length", async (size, simulation) => {
    for (const root of roots(size)) {
      const parts = Array.from({ length: size }, (_, rank) => valueOf(rank));
      const all = await results(
        size,
        (peers) => collectives.scatter(peers, peers.rank === root ? parts : undefined, root),
        simulation,
      );
      same(all, parts);
      if (parts[root] !== undefined) expect(all[root] === parts[root]).toBe(false);
    }
  });

  everyAlgorithm("scatter", "parts too large to ride along arrive too", async (size, simulation) => {
    const parts = Array.from({ length: size }, (_, rank) => new Uint8Array(rank % 2 === 0 ? 40_000 : 3).fill(rank));
    const root = size >> 1;
    same(await results(size, (peers) => collectives.scatter(peers, parts, root), simulation), parts);
  });

  test.each([1, 2, 8])("the wrong number of parts for %i ranks is refused with both numbers", async (size) => {
    const { outcomes } = await simulate(size, (peers) => collectives.scatter(peers, [1, 2, 3], 0));
    const { reason } = outcomes[0] as PromiseRejectedResult;
    expect(reason).toMatchObject({
      code: "invalid-argument",
      message: expect.stringContaining(`3 parts for ${size} ranks`),
    });
    expect(outcomes.every(({ status }) => status === "rejected")).toBe(true);
  });

  test("a typed array is no array of parts, and the error tells what to do", async () => {
    await expect(results(1, (peers) => collectives.scatter(peers, new Float64Array(1) as never, 0))).rejects.toThrow(
      /not Float64Array\(1\); chunks/,
    );
  });
});

describe("gather", () => {
  everyAlgorithm("gather", "the root has all values in order, the others nothing", async (size, simulation) => {
    for (const root of roots(size)) {
      const all = await results(size, (peers) => collectives.gather(peers, valueOf(peers.rank), root), simulation);
      const values = Array.from({ length: size }, (_, rank) => valueOf(rank));
      same(
        all,
        all.map((_, rank) => (rank === root ? values : undefined)),
      );
    }
  });

  everyAlgorithm("gather", "values too large to ride along arrive too", async (size, simulation) => {
    const value = (rank: number): Uint8Array => new Uint8Array(rank % 2 === 1 ? 40_000 : 3).fill(rank);
    const root = size >> 1;
    const all = await results(size, (peers) => collectives.gather(peers, value(peers.rank), root), simulation);
    same(
      all[root],
      Array.from({ length: size }, (_, rank) => value(rank)),
    );
  });
});

describe("allgather", () => {
  everyAlgorithm("allgather", "everybody has all values in order", async (size, simulation) => {
    const all = await results(size, (peers) => collectives.allgather(peers, valueOf(peers.rank)), simulation);
    const values = Array.from({ length: size }, (_, rank) => valueOf(rank));
    same(
      all,
      all.map(() => values),
    );
  });
});

describe("alltoall", () => {
  everyAlgorithm("alltoall", "each rank has what every rank had for it", async (size, simulation) => {
    const part = (source: number, dest: number): unknown => {
      if ((source + dest) % 7 === 6) return undefined;
      if ((source + dest) % 7 === 5) return new Int16Array(1500 + source).fill(dest);
      return { source, dest, text: "x".repeat(source * dest) };
    };
    const all = await results(
      size,
      (peers) =>
        collectives.alltoall(
          peers,
          Array.from({ length: size }, (_, dest) => part(peers.rank, dest)),
        ),
      simulation,
    );
    all.forEach((mine, dest) => {
      same(
        mine,
        Array.from({ length: size }, (_, source) => part(source, dest)),
      );
    });
  });

  test("the wrong number of parts is refused with both numbers", async () => {
    for (const size of [1, 3]) {
      const { outcomes } = await simulate(size, (peers) => collectives.alltoall(peers, [1, 2]));
      for (const outcome of outcomes) expect(outcome.status).toBe("rejected");
      expect((outcomes[0] as PromiseRejectedResult).reason.message).toContain(`2 parts for ${size} ranks`);
    }
  });
});

describe("own values", () => {
  const own = [{ list: new Float64Array(2000).fill(1) }, new Float64Array(2000).fill(1), new Float64Array(2).fill(1)];

  test.each([1, 3, 8])("results on %i ranks share nothing with what the caller gave", async (size) => {
    for (const mine of own) {
      const numbers = mine instanceof Float64Array ? mine : mine.list;
      const programs: ((peers: Peers) => Promise<unknown>)[] = [
        (peers) => collectives.gather(peers, mine, 0),
        (peers) => collectives.allgather(peers, mine),
        (peers) => collectives.alltoall(peers, new Array(size).fill(mine)),
        (peers) => collectives.scatter(peers, new Array(size).fill(mine), 0),
        (peers) => collectives.reduce(peers, numbers, sum, 0),
        (peers) => collectives.allreduce(peers, numbers, sum),
        (peers) => collectives.allreduce(peers, numbers, (a) => a),
        (peers) => collectives.allreduce<unknown>(peers, mine, (a) => a),
        (peers) => collectives.reduce<unknown>(peers, mine, (_, b) => b, 0),
        (peers) => collectives.scan<unknown>(peers, mine, (a) => a),
        (peers) => collectives.scan<unknown>(peers, mine, (_, b) => b),
        (peers) => collectives.scan(peers, numbers, sum),
        (peers) => collectives.exscan<unknown>(peers, mine, (a) => a),
        (peers) => collectives.reduceScatter(peers, new Array(size).fill(numbers), sum),
        (peers) => collectives.reduceScatter<unknown>(peers, new Array(size).fill(mine), (a) => a),
      ];
      for (const program of programs) {
        const before = numbers.slice();
        for (const result of await results(size, program)) spoil(result);
        same(numbers, before);
      }
    }
  });

  /** Overwrites all numbers within. */
  function spoil(value: unknown): void {
    if (value instanceof Float64Array) value.fill(-99);
    else if (typeof value === "object" && value !== null) for (const inner of Object.values(value)) spoil(inner);
  }
});

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

describe("choice", () => {
  test("an unknown name in the environment is refused with the known ones", async () => {
    process.env["TSMPI_REDUCE_SCATTER"] = "magic";
    await expect(results(2, (peers) => collectives.reduceScatter(peers, [1, 1], sum))).rejects.toThrow(
      "TSMPI_REDUCE_SCATTER=magic: reduceScatter has pairwise, recursive-halving",
    );
  });

  test("an algorithm that cannot do a call leaves it to the table", async () => {
    process.env["TSMPI_ALLREDUCE"] = "ring";
    expect(await results(5, (peers) => collectives.allreduce(peers, `${peers.rank}`, concat))).toEqual(
      new Array(5).fill("01234"),
    );
  });

  test("the table's own choices work for every size and host", async () => {
    for (const size of [2, 5, 8, 12, 33]) {
      for (const simulation of simulations(size)) {
        for (const length of [1, 10_000, 70_000]) {
          const all = await results(
            size,
            async (peers) => {
              const array = new Float64Array(length).fill(peers.rank);
              const every = await collectives.allreduce(peers, array, sum);
              const one = await collectives.reduce(
                peers,
                array,
                createOp<Float64Array>((a, b) => a + b),
                size - 1,
              );
              const first = await collectives.bcast(peers, peers.rank === 1 ? array : undefined, 1);
              await collectives.barrier(peers);
              return [every[0], every.at(-1), one?.[0], one?.length, first[0], first.length];
            },
            simulation,
          );
          const total = (size * (size - 1)) / 2;
          all.forEach((mine, rank) => {
            const one = rank === size - 1 ? [total, length] : [undefined, undefined];
            same(mine, [total, total, ...one, 1, length]);
          });
        }
      }
    }
  });

  test("collectives in a row on the same ranks do not mix", async () => {
    await results(
      9,
      async (peers) => {
        for (let round = 0; round < 20; round++) {
          expect(await collectives.allreduce(peers, round, sum)).toBe(9 * round);
          expect(await collectives.bcast(peers, peers.rank === round % 9 ? round : -1, round % 9)).toBe(round);
          expect(await collectives.exscan(peers, 1, sum)).toBe(peers.rank === 0 ? undefined : peers.rank);
          same(await collectives.allgather(peers, peers.rank), [0, 1, 2, 3, 4, 5, 6, 7, 8]);
        }
      },
      { hosts: [0, 0, 0, 1, 1, 1, 2, 2, 2], eagerBytes: 1e6 },
    );
  });
});
