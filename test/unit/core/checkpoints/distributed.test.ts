import { deepStrictEqual } from "node:assert";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { block, distributed, MpiError } from "tsmpi";
import { local } from "tsmpi/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Box, common, without } from "../../../../packages/core/src/checkpoints/boxes.ts";
import { arraysOf, putTogether, takeApart } from "../../../../packages/core/src/checkpoints/state.ts";
import { Random } from "../../../support/random.ts";

let home: string;
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), "tsmpi-checkpoints-"));
});
afterAll(() => rmSync(home, { recursive: true }));

const rejection = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    (value) => `resolved: ${JSON.stringify(value)}`,
    (error: unknown) => (error instanceof MpiError ? `${error.code}: ${error.message}` : String(error)),
  );

/** The element at a place of the global array, for all tests. */
const valueAt = (shape: readonly number[], index: readonly number[]): number =>
  index.reduce((at, i, dimension) => at * (shape[dimension] as number) + i, 0) + 1;

/** All indices of a box, the last dimension running fastest. */
function indicesOf({ start, size }: Box): number[][] {
  return size.reduce<number[][]>(
    (all, count, i) =>
      all.flatMap((each) => Array.from({ length: count }, (_, k) => [...each, (start[i] as number) + k])),
    [[]],
  );
}

const filled = (shape: readonly number[], box: Box): Float64Array =>
  Float64Array.from(indicesOf(box), (index) => valueAt(shape, index));

/** A partition of a grid: slabs along a dimension, of random thickness, some of them empty. */
function slabs(random: Random, shape: readonly number[], count: number): Box[] {
  const along = random.between(0, shape.length - 1);
  const extent = shape[along] as number;
  const cuts = [0, ...Array.from({ length: count - 1 }, () => random.between(0, extent)).sort((a, b) => a - b), extent];
  return Array.from({ length: count }, (_, i) => ({
    start: shape.map((_, k) => (k === along ? (cuts[i] as number) : 0)),
    size: shape.map((all, k) => (k === along ? (cuts[i + 1] as number) - (cuts[i] as number) : all)),
  }));
}

describe("boxes", () => {
  it("without a part of them are the other elements, each once", () => {
    const random = new Random(7);
    for (let turn = 0; turn < 300; turn++) {
      const draw = (): Box => ({
        start: [random.between(0, 4), random.between(0, 4), random.between(0, 2)],
        size: [random.between(1, 4), random.between(1, 4), random.between(1, 3)],
      });
      const [one, other] = [draw(), draw()];
      const met = common(one, other);
      const keys = (box: Box): string[] => indicesOf(box).map(String);
      const both = keys(one).filter((key) => keys(other).includes(key));
      expect(met === undefined ? [] : keys(met)).toEqual(both);
      if (met === undefined) continue;
      const left = without(one, met).flatMap(keys);
      expect(left.sort()).toEqual(
        keys(one)
          .filter((key) => !both.includes(key))
          .sort(),
      );
    }
  });
});

describe("a state", () => {
  it("is taken apart and put together, also with dots in names and objects within objects", () => {
    const u = distributed(Float64Array.of(1), { shape: [1] });
    const cyclic: { self?: unknown; u: unknown } = { u };
    cyclic.self = cyclic;
    const state = { "c.d": u, a: { b: u, c: 1 }, list: [1], cyclic };
    const { rest, arrays } = takeApart(state);
    expect([...arrays.keys()]).toEqual(["c.d", "a.b", "cyclic.u"]);
    expect(rest).toMatchObject({ "c.d": null, a: { b: null, c: 1 }, list: [1], cyclic: { u: null } });
    expect(state["c.d"]).toBe(u);
    expect(() => takeApart({ "a.b": u, a: { b: u } })).toThrow(/two distributed arrays have the name a\.b/);
    expect(
      putTogether({ a: { b: null }, "c.d": null }, [
        ["a.b", 1],
        ["c.d", 2],
        ["e.f", 3],
      ]),
    ).toEqual({
      a: { b: 1 },
      "c.d": 2,
      e: { f: 3 },
    });
  });

  it("has distributed arrays as properties, not in lists and not alone; they are not sent", async () => {
    const u = distributed(Float64Array.of(1), { shape: [1] });
    expect(() => takeApart(u)).toThrow(/give an object with a name for it: \{ u \}/);
    expect(() => arraysOf([u])).toThrow(/`into` is .*, but it is an object such as/);
    expect(() => arraysOf({ a: { b: 3 } })).toThrow(/into\.a\.b is 3, but it is distributed\(/);
    await local(1, async (world) => {
      const store = await world.checkpoints(join(home, "lists"));
      expect(await rejection(store.save(1, { list: [u] }))).toMatch(
        /a distributed array stands in a state for save\(\)/,
      );
      expect(await rejection(world.bcast([u]))).toMatch(/it is not sent, and not in lists/);
    });
  });

  it("says what is wrong with a region", () => {
    const six = new Float64Array(6);
    expect(() => distributed(six, { shape: [4, 4], start: [1, 0], size: [2, 2] })).toThrow(
      /^distributed\(\): the region \(shape \[4, 4\], start \[1, 0\], size \[2, 2\]\) has 4 elements, but the array has 6$/,
    );
    expect(() => distributed(six, { shape: [4, 3], start: [3, 0] })).toThrow(/distributed\(\): .*3/);
    expect(() => distributed(six, { shape: [4, 3], size: [1, 6] })).toThrow(/distributed\(\)/);
    expect(() => distributed([1] as never, { shape: [1] })).toThrow(/but it is a typed array or a block/);
    expect(() => distributed(six, { shape: [6], stat: 1 } as never)).toThrow(/there is no option stat/);
    const inner = block(six, { shape: [2, 3], start: [0, 1] });
    expect(() => distributed(inner, { shape: [8, 8], size: [1, 4] })).toThrow(/other extents than the block/);
  });
});

describe("distributed arrays", () => {
  it("saved by any number of ranks fill the regions of any other number", async () => {
    const random = new Random(11);
    for (let turn = 0; turn < 25; turn++) {
      const shape = Array.from({ length: random.between(1, 3) }, () => random.between(1, 9));
      const [before, after] = [random.between(1, 5), random.between(1, 5)];
      const path = join(home, `random-${turn}`);
      const saved = slabs(random, shape, before);
      await local(before, async (world) => {
        const store = await world.checkpoints(path);
        const box = saved[world.rank] as Box;
        await store.save(turn, { u: distributed(filled(shape, box), { shape, ...box }), t: turn });
      });
      // Ghosts: a region may be larger than this rank's own, and any region may be wanted.
      const wanted = slabs(random, shape, after).map(({ start, size }) => {
        const from = start.map((at) => Math.max(0, at - random.between(0, 2)));
        const until = start.map((at, i) =>
          Math.min(shape[i] as number, at + (size[i] as number) + random.between(0, 2)),
        );
        return { start: from, size: until.map((end, i) => end - (from[i] as number)) };
      });
      await local(after, async (world) => {
        const store = await world.checkpoints(path);
        const box = wanted[world.rank] as Box;
        const u = new Float64Array(box.size.reduce((a, b) => a * b, 1));
        const last = await store.load({ into: { u: distributed(u, { shape, ...box }) } });
        deepStrictEqual(u, filled(shape, box));
        deepStrictEqual(last, { step: turn, state: { u, t: turn } });
        expect(last?.state).toHaveProperty("u", u);
        const grid = new Float64Array(box.size.reduce((a, b) => a * (b + 2), 1)).fill(-1);
        const inner = block(grid, {
          shape: box.size.map((each) => each + 2),
          start: box.size.map(() => 1),
          size: box.size,
        });
        await store.load({ into: { u: distributed(inner, { shape, ...box }) } });
        deepStrictEqual(inner.toArray(), u);
        expect(grid.filter((each) => each === -1)).toHaveLength(grid.length - u.length);
      });
    }
  });

  it("larger than a stretch of checksums fill columns of another number of ranks", async () => {
    const path = join(home, "large");
    const n = 600;
    await local(3, async (world) => {
      const store = await world.checkpoints(path);
      const box = { start: [200 * world.rank, 0], size: [200, n] };
      await store.save(1, { u: distributed(filled([n, n], box), { shape: [n, n], ...box }) });
    });
    await local(2, async (world) => {
      const store = await world.checkpoints(path);
      const box = { start: [0, 300 * world.rank + 1], size: [n, 299] };
      const u = new Float64Array(n * 299);
      await store.load({ into: { u: distributed(u, { shape: [n, n], ...box }) } });
      deepStrictEqual(u, filled([n, n], box));
    });
  });

  it("that overlap give the elements of the lowest rank; what no rank has is an error", async () => {
    const path = join(home, "overlap");
    await local(2, async (world) => {
      const store = await world.checkpoints(path);
      const u = new Int32Array(4).fill(world.rank + 1);
      await store.save(1, { u: distributed(u, { shape: [8], start: [2 * world.rank] }) });
    });
    await local(3, async (world) => {
      const store = await world.checkpoints(path);
      const u = new Int32Array(6);
      const region = { shape: [8], start: [0] };
      await store.load({ into: { u: distributed(u, region) } });
      deepStrictEqual(u, Int32Array.of(1, 1, 1, 1, 2, 2));
      const into = (array: Int32Array | Float64Array, place: object): object => ({
        into: { u: distributed(array, { ...region, ...place }) },
      });
      const why = async (options: object): Promise<string> =>
        (await rejection(store.load(options))).replace(/\[.*?\.test\.ts:\d+: | \(rank.*$/g, "");
      expect(await why(into(u, { start: [2] }))).toBe(
        "mismatch: no rank has saved the elements start [6], size [2] of u, shape [8]",
      );
      expect(await why(into(u, { shape: [9] }))).toBe(
        "mismatch: u was saved as a Int32Array, shape [8]; here it is a Int32Array, shape [9]",
      );
      expect(await why(into(new Float64Array(6), {}))).toMatch(
        /u was saved as a Int32Array, .*; here it is a Float64Array/,
      );
      expect(await why({ into: { v: distributed(u, region) } })).toBe(
        "mismatch: the checkpoint of 2 ranks also has the distributed array u: name its regions for 3 ranks in `into`",
      );
      expect(await why({ into: { u: distributed(u, region), v: distributed(u, region) } })).toBe(
        "mismatch: the checkpoint has no distributed array v; it has u",
      );
    });
  });

  it("with a state beside them that differs from rank to rank are shared out by loadParts({ into })", async () => {
    const path = join(home, "differing");
    await local(4, async (world) => {
      const store = await world.checkpoints(path);
      const u = Float32Array.of(world.rank);
      await store.save(8, { u: distributed(u, { shape: [4], start: [world.rank] }), seed: 100 + world.rank });
    });
    await local(3, async (world) => {
      const store = await world.checkpoints(path);
      const u = new Float32Array(4);
      const into = { u: distributed(u, { shape: [4] }) };
      expect(await rejection(store.load({ into }))).toMatch(
        /the states of rank 0 and rank 1 differ: loadParts\(\{ into \}\) shares them out/,
      );
      const last = await store.loadParts<{ seed: number }>({ into });
      deepStrictEqual(u, Float32Array.of(0, 1, 2, 3));
      const share = [[0, 1], [2], [3]][world.rank] as number[];
      expect(last?.parts.map(({ rank, state }) => [rank, state.seed])).toEqual(share.map((rank) => [rank, 100 + rank]));
      const whole = await store.loadParts<{ u: Float32Array }>();
      expect(whole?.parts.map(({ state }) => state.u)).toEqual(share.map((rank) => Float32Array.of(rank)));
    });
    await local(6, async (world) => {
      const store = await world.checkpoints(path);
      const last = await store.loadParts();
      expect(last?.parts.map(({ rank }) => rank)).toEqual(world.rank < 4 ? [world.rank] : []);
    });
  });
});

describe("a store", () => {
  it("refuses wrong arguments on all ranks, and gives undefined where nothing was saved", async () => {
    await local(2, async (world) => {
      const path = join(home, "empty");
      expect(await rejection(world.checkpoints(path, { keep: 0 }))).toMatch(
        /keep is 0, but it is how many checkpoints stay/,
      );
      expect(await rejection(world.checkpoints(""))).toMatch(/directory is "", but/);
      expect(await rejection(world.checkpoints(path, { keep: 1 + world.rank }))).toMatch(
        /rank 0 calls checkpoints\(.*keep: 1 \}\), but rank 1 calls .*keep: 2/,
      );
      const store = await world.checkpoints(path, { keep: 1 });
      expect(await store.load()).toBeUndefined();
      expect(await store.loadParts()).toBeUndefined();
      expect(await rejection(store.save(-1, 1))).toMatch(/invalid-argument: .*step is -1/);
      expect(await rejection(store.save({ u: 1 } as never, 1))).toMatch(/then comes the state/);
      expect(await rejection(store.save(world.rank, 1))).toMatch(
        /mismatch: .*rank 0 saves step 0, but rank 1 saves step 1/,
      );
      expect(await rejection(store.save(1, world.rank === 1 ? () => 1 : 1))).toMatch(/unserializable: .*function/);
      expect(await store.load()).toBeUndefined();
    });
  });

  it("saves every kind of value, calls that are not awaited too, and keeps the last ones", async () => {
    const path = join(home, "values");
    const shared = new Float64Array(new SharedArrayBuffer(800_000)).fill(3);
    const values = (rank: number): unknown[] => [
      undefined,
      null,
      rank,
      "text",
      new Map([[1, new Set([2n])]]),
      new Uint8Array(2_000_000).fill(rank),
      Array.from({ length: 300 }, (_, i) => new Float32Array(2000).fill(i)),
      { date: new Date(5), error: new RangeError("x"), nan: Number.NaN, bytes: Buffer.from("abc") },
      block(
        Float64Array.from({ length: 1_000_000 }, (_, i) => i),
        { shape: [1000, 1000], start: [0, 1], size: [1000, 500] },
      ),
      shared,
    ];
    await local(2, async (world) => {
      const store = await world.checkpoints(path, { keep: 3 });
      for (const [step, value] of values(world.rank).entries()) {
        await store.save(step, value);
        const expected = step === 8 ? (value as { toArray(): unknown }).toArray() : value;
        const last = await store.load();
        expect(last?.step).toBe(step);
        if (step === 9) deepStrictEqual(Array.from(last?.state as Float64Array), Array.from(shared));
        else deepStrictEqual(last?.state, expected);
      }
      await Promise.all([store.save(20, "a"), store.save(21, "b"), store.save(22, "c")]);
      expect(await store.load()).toEqual({ step: 22, state: "c" });
    });
  });
});
