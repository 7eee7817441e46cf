import { deepStrictEqual as same } from "node:assert/strict";
import { afterEach, describe, expect, test } from "vitest";
import { algorithmsOf } from "../../../../packages/core/src/collectives/algorithms/choose.ts";
import * as collectives from "../../../../packages/core/src/collectives/algorithms/index.ts";
import { sum } from "../../../../packages/core/src/ops/op.ts";
import type { Peers } from "../../../../packages/core/src/wire/peers.ts";
import { results, simulate } from "../../../support/simulated-peers.ts";
import { everyAlgorithm, forgetChoices, roots, valueOf } from "./every-algorithm.ts";

afterEach(forgetChoices);

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
