import { deepStrictEqual as same } from "node:assert/strict";
import { afterEach, describe, expect, test } from "vitest";
import * as collectives from "../../../../packages/core/src/collectives/algorithms/index.ts";
import { createOp, sum } from "../../../../packages/core/src/ops/op.ts";
import { results, simulate } from "../../../support/simulated-peers.ts";
import { concat, forgetChoices, simulations } from "./every-algorithm.ts";

afterEach(forgetChoices);

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

  test("two ranks on two hosts combine large arrays in segments of 64 KiB", async () => {
    const messages = async (hosts: number[], bytes: number): Promise<number[]> => {
      const array = new Uint8Array(bytes);
      const { traffic } = await simulate(2, (peers) => collectives.allreduce(peers, array, sum), { hosts });
      return traffic.map(({ messages }) => messages);
    };
    const label = 1;
    expect(await messages([0, 1], 1024 * 1024)).toEqual([16 + label, 16 + label]);
    expect(await messages([0, 1], 256 * 1024)).toEqual([1, 1]);
    expect(await messages([0, 0], 1024 * 1024)).toEqual([1, 1]);
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
