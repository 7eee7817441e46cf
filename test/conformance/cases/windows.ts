import { strict as assert } from "node:assert";
import {
  type ArrayKind,
  band,
  block,
  bor,
  bxor,
  type Communicator,
  land,
  lor,
  lxor,
  MpiError,
  max,
  min,
  noOp,
  prod,
  replace,
  sum,
  type TypedArray,
  Window,
  type WindowOp,
} from "tsmpi";
import type { Case } from "../case.ts";
import { mpiError } from "./expected-error.ts";
import { allConstructors } from "./typed-arrays.ts";

const kinds = allConstructors as unknown as readonly ArrayKind<Float64Array>[];

const isBig = (kind: ArrayKind<Float64Array>): boolean => kind.name.startsWith("Big");
const isFloat = (kind: ArrayKind<Float64Array>): boolean => kind.name.startsWith("Float");
/** A number as an element of that kind. */
const element = (kind: ArrayKind<Float64Array>, value: number): number =>
  (isBig(kind) ? BigInt(value) : value) as number;
const arrayOf = (kind: ArrayKind<Float64Array>, values: readonly number[]): Float64Array => {
  const array = new kind(values.length);
  for (const [i, value] of values.entries()) array[i] = element(kind, value);
  return array;
};

interface Operation {
  readonly op: WindowOp;
  readonly integral?: true;
  apply(x: never, y: never): unknown;
}
const number = (truth: boolean, like: unknown): unknown => (typeof like === "bigint" ? BigInt(truth) : Number(truth));
const operations: readonly Operation[] = [
  { op: sum, apply: (x: number, y: number) => x + y },
  { op: prod, apply: (x: number, y: number) => x * y },
  { op: min, apply: (x: number, y: number) => (x < y ? x : y) },
  { op: max, apply: (x: number, y: number) => (x > y ? x : y) },
  { op: land, apply: (x: number, y: number) => number(Boolean(x) && Boolean(y), x) },
  { op: lor, apply: (x: number, y: number) => number(Boolean(x) || Boolean(y), x) },
  { op: lxor, apply: (x: number, y: number) => number(Boolean(x) !== Boolean(y), x) },
  { op: band, integral: true, apply: (x: number, y: number) => x & y },
  { op: bor, integral: true, apply: (x: number, y: number) => x | y },
  { op: bxor, integral: true, apply: (x: number, y: number) => x ^ y },
  { op: replace, apply: (_x: number, y: number) => y },
  { op: noOp, apply: (x: number, _y: number) => x },
];

/** Runs `body` with a window that is closed afterwards. */
async function withWindow<A extends TypedArray>(
  world: Communicator,
  kind: ArrayKind<A>,
  length: number,
  body: (window: Window<A>) => Promise<void>,
): Promise<void> {
  const window = await world.window(kind, length);
  await body(window);
  await window.close();
}

export const cases: Case[] = [
  {
    name: "a window is zero at first, its parts may differ in length, and local is this rank's own",
    async program(world) {
      const { rank, size } = world;
      await withWindow(world, Float64Array, rank * 3, async (window) => {
        assert.ok(window instanceof Window);
        assert.deepEqual(
          window.sizes,
          Array.from({ length: size }, (_, each) => each * 3),
        );
        assert.equal(window.rank, rank);
        assert.equal(window.size, size);
        assert.deepEqual(window.local, new Float64Array(rank * 3));
        window.local.fill(rank);
        await window.fence();
        for (let target = 0; target < size; target++) {
          const got = await window.get({ target, count: target * 3 });
          assert.deepEqual(got, new Float64Array(target * 3).fill(target));
        }
      });
    },
  },
  {
    name: "put and get of every kind of array, at an offset, with into, and of blocks on both sides",
    async program(world) {
      const { rank, size } = world;
      const right = (rank + 1) % size;
      const left = (rank + size - 1) % size;
      for (const kind of kinds) {
        await withWindow(world, kind, 24, async (window) => {
          const mine = arrayOf(kind, [1 + rank, 2, 3]);
          await window.put(mine, { target: right, offset: 4 });
          mine.fill(element(kind, 9)); // it may change as soon as put has resolved
          await window.fence();
          assert.deepEqual(window.local.slice(3, 8), arrayOf(kind, [0, 1 + left, 2, 3, 0]));
          assert.deepEqual(await window.get({ target: right, offset: 4, count: 2 }), arrayOf(kind, [1 + rank, 2]));
          const into = arrayOf(kind, [7, 7, 7]);
          const part = into.subarray(1);
          assert.equal(await window.get({ target: right, offset: 4, into: part }), part);
          assert.deepEqual(into, arrayOf(kind, [7, 1 + rank, 2]));
          await window.fence();
          // A column of my 4 by 6 grid becomes every second element of a row there, and comes back as a column.
          const grid = arrayOf(
            kind,
            Array.from({ length: 24 }, (_, i) => i),
          );
          const column = block(grid, { shape: [4, 6], start: [1, 2], size: [3, 1] });
          const view = { shape: [4, 6], start: [3, 0], size: [1, 3], stride: [1, 2] };
          await window.put(column, { target: right, view });
          await window.fence();
          assert.deepEqual(window.local.slice(18), arrayOf(kind, [8, 0, 14, 0, 20, 0]));
          const back = new kind(24);
          const hole = block(back, { shape: [4, 6], start: [0, 5], size: [3, 1] });
          assert.equal(await window.get({ target: right, view, into: hole }), hole);
          assert.deepEqual(hole.toArray(), column.toArray());
          assert.deepEqual(await window.get({ target: right, view }), column.toArray());
        });
      }
    },
  },
  {
    name: "every operation on every kind does what a loop does, and getAccumulate gives the old values",
    async program(world) {
      const { rank, size } = world;
      const right = (rank + 1) % size;
      const before = [0, 1, 2, 3, 5, 100];
      const values = [3, 0, 2, 1, 9, 27];
      for (const kind of kinds) {
        await withWindow(world, kind, before.length + 2, async (window) => {
          for (const { op, integral, apply } of operations) {
            if (integral === true && isFloat(kind)) continue;
            window.local.set(arrayOf(kind, before), 1);
            await window.fence();
            const expected = arrayOf(kind, [0, ...before, 0]);
            for (const [i, value] of values.entries()) {
              expected[i + 1] = apply(expected[i + 1] as never, element(kind, value) as never) as number;
            }
            const operands = arrayOf(kind, values);
            if (rank % 2 === 0) await window.accumulate(operands, op, { target: right, offset: 1 });
            else {
              const old = await window.getAccumulate(operands, op, { target: right, offset: 1 });
              assert.deepEqual(old, arrayOf(kind, before), `${kind.name} ${op.name}`);
            }
            await window.fence();
            assert.deepEqual(window.local, expected, `${kind.name} ${op.name}`);
            await window.fence();
            const one = await window.fetchAndOp(element(kind, 3), op, { target: right, offset: 4 });
            assert.equal(one, expected[4], `${kind.name} ${op.name}`);
            await window.fence();
            const both = arrayOf(kind, [0]);
            both[0] = apply(expected[4] as never, element(kind, 3) as never) as number;
            assert.equal(window.local[4], both[0], `${kind.name} ${op.name}`);
            await window.fence();
          }
        });
      }
    },
  },
  {
    name: "negative numbers keep their order in min and max, and their signs",
    async program(world) {
      const right = (world.rank + 1) % world.size;
      for (const kind of [Int8Array, Int16Array, Int32Array, Float32Array, Float64Array] as unknown as typeof kinds) {
        await withWindow(world, kind, 4, async (window) => {
          window.local.set(arrayOf(kind, [-5, 5, -5, 5]));
          await window.fence();
          await window.accumulate(arrayOf(kind, [-7, -7]), min, { target: right });
          await window.accumulate(arrayOf(kind, [-3, 7]), max, { target: right, offset: 2 });
          await window.fence();
          assert.deepEqual(window.local, arrayOf(kind, [-7, -7, -3, 7]));
        });
      }
    },
  },
  {
    name: "accumulate through a view adds to the elements of the view alone",
    async program(world) {
      await withWindow(world, Int32Array, 12, async (window) => {
        const view = { shape: [3, 4], start: [0, 1], size: [3, 2], stride: [1, 2] };
        await window.accumulate(Int32Array.of(1, 2, 3, 4, 5, 6), sum, { target: 0, view });
        await window.fence();
        const { size } = world;
        const all = [0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6].map((each) => (world.rank === 0 ? each * size : 0));
        assert.deepEqual(window.local, Int32Array.from(all));
        const { size: n } = world;
        const old = await window.getAccumulate(new Int32Array(6), noOp, { target: 0, view });
        assert.deepEqual([...old], [n, 2 * n, 3 * n, 4 * n, 5 * n, 6 * n]);
      });
    },
  },
  {
    name: "accumulates of all ranks to the same elements lose nothing, whatever the kind",
    async program(world) {
      const { rank, size } = world;
      for (const kind of kinds) {
        await withWindow(world, kind, rank === 0 ? 300 : 0, async (window) => {
          const ones = new kind(300).fill(element(kind, 1));
          for (let i = 0; i < 20; i++) await window.accumulate(ones, sum, { target: 0 });
          await window.fence();
          if (rank === 0) {
            const total = new kind(300).fill(element(kind, 20 * size));
            assert.deepEqual(window.local, total);
          }
        });
      }
    },
  },
  {
    name: "large arrays arrive whole: several megabytes are put, added to and read at once",
    heavy: true,
    async program(world) {
      const { rank, size } = world;
      const right = (rank + 1) % size;
      const length = 700_001;
      await withWindow(world, Float64Array, length, async (window) => {
        const mine = Float64Array.from({ length }, (_, i) => i + rank);
        await window.put(mine, { target: right });
        await window.fence();
        await window.accumulate(mine, sum, { target: right });
        await window.fence();
        const got = await window.get({ target: right, count: length });
        assert.ok(got.every((value, i) => value === 2 * (i + rank)));
        const old = await window.getAccumulate(mine, replace, { target: right });
        assert.deepEqual(old, got);
        await window.fence();
        const left = (rank + size - 1) % size;
        assert.ok(window.local.every((value, i) => value === i + left));
      });
    },
  },
  {
    name: "message passing: who sees the flag sees the data that was put and flushed before it",
    from: 2,
    async program(world) {
      const { rank } = world;
      await withWindow(world, Int32Array, 2, async (window) => {
        for (let round = 1; round <= 20; round++) {
          if (rank === 0) {
            await window.put(Int32Array.of(round * 7), { target: 1, offset: 1 });
            await window.flush({ target: 1 });
            await window.accumulate(Int32Array.of(round), replace, { target: 1 });
            await window.flush({ target: 1 });
          } else if (rank === 1) {
            while ((await window.fetchAndOp(0, noOp, { target: 1 })) < round);
            assert.ok((window.local[1] as number) >= round * 7);
          }
        }
      });
    },
  },
  {
    name: "store buffering: after a fence each of two ranks sees what the other has put",
    from: 2,
    async program(world) {
      const { rank } = world;
      const other = rank ^ 1;
      await withWindow(world, Int32Array, 1, async (window) => {
        for (let round = 1; round <= 10; round++) {
          if (other < world.size) await window.put(Int32Array.of(round), { target: other });
          await window.fence();
          if (other < world.size) assert.equal(window.local[0], round);
          await window.fence();
        }
      });
    },
  },
  {
    name: "ping-pong: two ranks put into each other's memory in turns",
    from: 2,
    async program(world) {
      const { rank } = world;
      await withWindow(world, Int32Array, 1, async (window) => {
        if (rank > 1) return;
        for (let turn = 1; turn <= 20; turn++) {
          if (turn % 2 === rank) {
            await window.put(Int32Array.of(turn), { target: 1 - rank });
            await window.flush({ target: 1 - rank });
          } else {
            while ((await window.fetchAndOp(0, noOp, { target: rank })) < turn);
          }
        }
      });
    },
  },
  {
    name: "fetchAndOp gives each rank numbers of its own, in order",
    async program(world) {
      const { rank, size } = world;
      await withWindow(world, Int32Array, 1, async (window) => {
        const mine: number[] = [];
        for (let i = 0; i < 30; i++) mine.push(await window.fetchAndOp(1, sum, { target: size - 1 }));
        assert.deepEqual(
          mine,
          mine.toSorted((a, b) => a - b),
        );
        const all = (await world.allgather(mine)).flat().toSorted((a, b) => a - b);
        assert.deepEqual(
          all,
          Array.from({ length: 30 * size }, (_, i) => i),
        );
        await window.fence();
        if (rank === size - 1) assert.equal(window.local[0], 30 * size);
      });
    },
  },
  {
    name: "compareAndSwap replaces only the expected value, of every kind",
    async program(world) {
      const { size } = world;
      for (const kind of kinds) {
        await withWindow(world, kind, 2, async (window) => {
          const swap = { expected: element(kind, 0), replacement: element(kind, 1 + world.rank) };
          const had = await window.compareAndSwap(swap, { target: 0, offset: 1 });
          const winners = (await world.allgather(Number(had) === 0)).filter(Boolean).length;
          assert.equal(winners, 1, kind.name);
          const now = Number((await window.get({ target: 0, offset: 1, count: 1 }))[0]);
          assert.ok(now >= 1 && now <= size);
          assert.equal(Number(await window.compareAndSwap(swap, { target: 0, offset: 1 })), now);
        });
      }
    },
  },
  {
    name: "a hash table of all ranks: every key is inserted once, by compareAndSwap",
    async program(world) {
      const { rank, size } = world;
      const slots = 64;
      await withWindow(world, Int32Array, slots, async (window) => {
        const insert = async (key: number): Promise<boolean> => {
          for (let probe = key; ; probe++) {
            const place = { target: probe % size, offset: Math.floor(probe / size) % slots };
            const had = await window.compareAndSwap({ expected: 0, replacement: key }, place);
            if (had === 0) return true;
            if (had === key) return false;
          }
        };
        let mine = 0;
        // Neighbors insert half of the same keys.
        for (let key = 1; key <= 16; key++) if (await insert(((rank * 8 + key) % (8 * size)) + 1)) mine++;
        assert.equal(await world.allreduce(mine, sum), 8 * size);
        await window.fence();
        const all = (await world.allgather([...window.local].filter((key) => key !== 0))).flat();
        assert.equal(new Set(all).size, 8 * size);
      });
    },
  },
  {
    name: "a counter hands out every number once, also by steps and backwards",
    async program(world) {
      const { size } = world;
      const counter = await world.counter({ root: size - 1, start: 100 });
      const mine: number[] = [];
      for (let next = await counter.next(); next < 150; next = await counter.next()) mine.push(next);
      const all = (await world.allgather(mine)).flat().toSorted((a, b) => a - b);
      assert.deepEqual(
        all,
        Array.from({ length: 50 }, (_, i) => 100 + i),
      );
      assert.equal(await counter.value(), 150 + size);
      await world.barrier();
      await counter.next(-2);
      await world.barrier();
      assert.equal(await counter.value(), 150 - size);
      await assert.rejects(counter.next(1.5), mpiError("invalid-argument", /by is 1.5/));
      await counter.close();
      await assert.rejects(counter.next(), mpiError("closed"));
    },
  },
  {
    name: "a mutex has one holder at a time",
    async program(world) {
      const mutex = await world.mutex();
      await withWindow(world, Float64Array, 1, async (window) => {
        for (let i = 0; i < 5; i++) {
          const held = await mutex.lock();
          assert.equal(held.abandoned, false);
          await assert.rejects(mutex.lock(), mpiError("invalid-argument", /has the lock/));
          const [value = 0] = await window.get({ target: 0, count: 1 });
          await window.put(Float64Array.of(value + 1), { target: 0 });
          await window.flush();
          await held.release();
          await held.release(); // a second one does nothing
        }
        await window.fence();
        if (world.rank === 0) assert.equal(window.local[0], 5 * world.size);
      });
      await mutex.close();
    },
  },
  {
    name: "a lock of a part: shared holders at the same time, an exclusive one alone, an aborted wait takes nothing",
    async program(world) {
      const { rank, size } = world;
      await withWindow(world, Int32Array, 2, async (window) => {
        const target = size - 1;
        const shared = await window.lock({ target, shared: true });
        await world.barrier(); // all ranks hold it
        const controller = new AbortController();
        await shared.release();
        await world.barrier();
        if (rank === 0) {
          const held = await window.lock({ target });
          await world.barrier();
          await world.barrier();
          await held.release();
        } else {
          await world.barrier();
          const waiting = window.lock({ target, shared: rank % 2 === 0, signal: controller.signal });
          controller.abort(new Error("enough"));
          await assert.rejects(waiting, mpiError("aborted", /enough/));
          await world.barrier();
        }
        const after = await window.lock({ target });
        await after.release();
      });
    },
  },
  {
    name: "wrong arguments of a window's calls are refused with the numbers",
    async program(world) {
      const { size } = world;
      await withWindow(world, Float64Array, 10, async (window) => {
        const refused = (promise: Promise<unknown>, message: RegExp): Promise<void> =>
          assert.rejects(promise, mpiError("invalid-argument", message));
        await refused(window.get({ target: size, count: 1 }), /target is/);
        await refused(window.get({ target: 0, offset: 8, count: 3 }), /has 10 elements, but the call takes 3 from 8/);
        await refused(window.get({ target: 0, offset: -1, count: 3 }), /offset is -1/);
        await refused(window.get({ target: 0 }), /count/);
        await refused(window.get({ target: 0, count: 2, into: new Float64Array(3) }), /leave count out/);
        await refused(window.get({ target: 0, view: { shape: [3, 4] } }), /has 10 elements, but the shape \[3, 4\]/);
        await refused(
          window.put(new Float64Array(3), { target: 0, view: { shape: [2, 5], size: [2, 1] } }),
          /the view has 2 elements .*, but the call has 3/,
        );
        await refused(window.accumulate(new Float64Array(1), band as never, { target: 0 }), /band takes/);
        await refused(
          window.accumulate(new Float64Array(1), ((a: number, b: number) => a + b) as never, { target: 0 }),
          /a function: the target of an accumulate cannot call it/,
        );
        await refused(window.fetchAndOp(1n as never, sum, { target: 0 }), /value is 1/);
        await refused(window.compareAndSwap(1 as never, { target: 0 }), /swap is 1/);
        const other = mpiError("mismatch", /Int32Array, but this is a window of Float64Array/);
        await assert.rejects(window.put(new Int32Array(1) as never, { target: 0 }), other);
        await assert.rejects(window.get({ target: 0, into: new Int32Array(1) as never }), other);
        await refused(window.put(3 as never, { target: 0 }), /typed array or a block/);
      });
      await assert.rejects(world.window(Float64Array, -1), mpiError("invalid-argument", /length is -1/));
      await assert.rejects(world.window(Number as never, 1), mpiError("invalid-argument", /class of typed arrays/));
    },
  },
  {
    name: "ranks that want windows of other kinds all hear of it",
    from: 2,
    async program(world) {
      const kind = world.rank === 0 ? Float64Array : (Int32Array as never);
      await assert.rejects(world.window(kind, 1), mpiError("mismatch", /a window of Float64Array.*Int32Array/));
    },
  },
  {
    name: "ranks that want counters at other roots all hear of it",
    from: 2,
    async program(world) {
      await assert.rejects(world.counter({ root: world.rank }), mpiError("mismatch", /counter\(\{ root: \d \}\)/));
    },
  },
  {
    name: "a closed window refuses its calls, its memory is gone, and closing it again does nothing",
    async program(world) {
      const window = await world.window(Int32Array, 4);
      await window.close();
      await window.close();
      await window[Symbol.asyncDispose]();
      await assert.rejects(window.get({ target: 0, count: 1 }), mpiError("closed", /this window is closed/));
      await assert.rejects(window.fence(), mpiError("closed"));
      const next = await world.window(Int32Array, 4);
      assert.deepEqual(next.local, new Int32Array(4));
      await next.close();
    },
  },
  {
    name: "a rank that leaves the scope of a window waits for none, and calls to it reject on the others",
    async program(world) {
      const { rank, size } = world;
      const last = size - 1;
      const window = await world.window(Int32Array, 4);
      if (rank === last) await window[Symbol.asyncDispose]();
      await world.barrier();
      if (rank !== last) {
        const gone = mpiError("closed", /has let its part of the window go/);
        await assert.rejects(async () => {
          for (;;) await window.get({ target: last, count: 1 });
        }, gone);
        await assert.rejects(window.lock({ target: last }), gone);
        if (rank > 0) assert.deepEqual(await window.get({ target: rank - 1, count: 1 }), new Int32Array(1));
        await assert.rejects(window.fence(), gone);
      }
      await world.barrier();
      await window[Symbol.asyncDispose]();
    },
  },
  {
    name: "a target that waits in a receive, in a collective or for a timer answers",
    from: 2,
    async program(world) {
      const { rank, size } = world;
      await withWindow(world, Int32Array, 1, async (window) => {
        if (rank === 0) {
          for (let target = 1; target < size; target++) {
            await window.put(Int32Array.of(target), { target });
            await window.flush({ target });
            assert.deepEqual(await window.get({ target, count: 1 }), Int32Array.of(target));
          }
          for (let dest = 1; dest < size; dest += 2) await world.send("go on", { dest });
        } else if (rank % 2 === 1) await world.recv({ source: 0 });
        else {
          while (window.local[0] === 0) await new Promise((resolve) => setTimeout(resolve, 1));
        }
        await world.barrier();
        assert.equal(window.local[0], rank);
      });
    },
  },
  {
    name: "several windows at once do not disturb each other, nor do calls that are not awaited",
    async program(world) {
      const { rank, size } = world;
      const windows = [await world.window(Int32Array, 8), await world.window(Int32Array, 8)];
      const calls: Promise<unknown>[] = [];
      for (let i = 0; i < 8; i++) {
        for (const [number, window] of windows.entries()) {
          const target = (rank + i) % size;
          calls.push(window.accumulate(Int32Array.of(1 + number), sum, { target, offset: i }));
        }
      }
      await Promise.all(calls);
      for (const [number, window] of windows.entries()) {
        await window.fence();
        assert.deepEqual(window.local, new Int32Array(8).fill(1 + number));
        await window.close();
      }
    },
  },
  {
    name: "a flood of puts that nobody awaits arrives whole and in order",
    heavy: true,
    async program(world) {
      const { rank, size } = world;
      const right = (rank + 1) % size;
      await withWindow(world, Float64Array, 10_000, async (window) => {
        const calls: Promise<void>[] = [];
        for (let i = 0; i < 500; i++) calls.push(window.put(new Float64Array(10_000).fill(i), { target: right }));
        await Promise.all(calls);
        await window.fence();
        assert.ok(window.local.every((value) => value === 499));
      });
    },
  },
  {
    name: "a million increments of all ranks: none is lost",
    heavy: true,
    orders: false,
    async program(world) {
      const { rank, size } = world;
      const each = 1_000_000 / 8 / 10;
      await withWindow(world, Float64Array, rank === 0 ? 10 : 0, async (window) => {
        const ones = new Float64Array(10).fill(1);
        const isNear = (await world.splitShared()).size === size;
        const rounds = isNear ? each : each / 50;
        for (let i = 0; i < rounds; i++) await window.accumulate(ones, sum, { target: 0 });
        await window.fence();
        if (rank === 0) assert.deepEqual(window.local, new Float64Array(10).fill(rounds * size));
      });
    },
  },
  {
    name: "a window of a communicator with other numbers for its ranks counts by those",
    async program(world) {
      const { rank, size } = world;
      await using half = await world.split(rank % 2, { key: -rank });
      const ranks = Array.from({ length: size }, (_, each) => each).filter((each) => each % 2 === rank % 2);
      await withWindow(half, Int32Array, 2, async (window) => {
        assert.equal(window.rank, half.rank);
        const right = (half.rank + 1) % half.size;
        await window.put(Int32Array.of(rank, 1), { target: right });
        await window.fence();
        assert.equal(window.local[0], ranks.toReversed()[(half.rank + half.size - 1) % half.size]);
        const held = await window.lock({ target: 0 });
        await held.release();
      });
    },
  },
  {
    name: "a call whose signal has aborted does nothing",
    async program(world) {
      await withWindow(world, Int32Array, 1, async (window) => {
        const signal = AbortSignal.abort(new Error("enough"));
        const options = { target: world.size - 1, signal };
        const one = Int32Array.of(1);
        const calls = [
          () => window.get({ ...options, count: 1 }),
          () => window.put(one, options),
          () => window.accumulate(one, sum, options),
          () => window.getAccumulate(one, sum, options),
          () => window.fetchAndOp(1, sum, options),
          () => window.compareAndSwap({ expected: 0, replacement: 1 }, options),
          () => window.lock(options),
          () => window.flush(options),
        ];
        for (const call of calls) await assert.rejects(call(), mpiError("aborted", /enough/));
        await window.fence();
        assert.deepEqual(window.local, new Int32Array(1));
      });
    },
  },
  {
    name: "errors of a window name the rank, the call and the target",
    from: 2,
    async program(world) {
      await withWindow(world, Int32Array, 1, async (window) => {
        const error = await window.get({ target: 1, count: 2 }).then(
          () => undefined,
          (reason: unknown) => reason,
        );
        assert.ok(error instanceof MpiError);
        assert.match(error.message, /^\[rank \d\/\d on .*\] window\.get\(\{ target: 1 \}\)/);
      });
    },
  },
];
