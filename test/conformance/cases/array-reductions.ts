import { strict as assert } from "node:assert";
import { max, min, prod, sum } from "tsmpi";
import type { Case } from "../case.ts";
import { ranks } from "./ring.ts";
import { constructors } from "./typed-arrays.ts";

export const cases: Case[] = [
  {
    name: "all eleven typed arrays reduce element by element, also by a function",
    async program(world) {
      const { rank, size } = world;
      for (const Kind of constructors) {
        const mine = Kind.from([rank, 1, rank % 2]);
        assert.deepEqual(await world.allreduce(mine, max), Kind.from([size - 1, 1, size > 1 ? 1 : 0]));
        assert.deepEqual(await world.allreduce(mine, min), Kind.from([0, 1, 0]));
        assert.deepEqual(
          await world.allreduce(mine, (a: number, b: number) => a + b),
          await world.allreduce(mine, sum),
        );
        assert.deepEqual(await world.scan(mine, prod), Kind.from([0, 1, 0]));
      }
      for (const Kind of [BigInt64Array, BigUint64Array] as const) {
        const mine = Kind.from([BigInt(rank), 1n]);
        assert.deepEqual(await world.allreduce(mine, sum), Kind.from([BigInt((size * (size - 1)) / 2), BigInt(size)]));
        const [part] = await world.reduceScatter(
          ranks(world).map(() => mine),
          max,
        );
        assert.equal(part, BigInt(size - 1));
      }
    },
  },
  {
    name: "large arrays combine in place, into a part of their own memory, and at every root",
    heavy: true,
    async program(world) {
      const { rank, size } = world;
      const length = 10_001;
      const values = (r: number): Int32Array => Int32Array.from({ length }, (_, i) => i * (r + 1));
      const total = Int32Array.from({ length }, (_, i) => (i * (size * (size + 1))) / 2);
      for (let round = 0; round < 3; round++) {
        const inPlace = values(rank);
        assert.equal(await world.allreduce(inPlace, sum, { into: inPlace }), inPlace);
        assert.deepEqual(inPlace, total);
        const memory = new Int32Array(length + 7);
        memory.set(values(rank), 7);
        await world.allreduce(memory.subarray(7), sum, { into: memory });
        assert.deepEqual(memory.subarray(0, length), total);
        for (const root of ranks(world)) {
          const into = new Int32Array(length);
          const mine = values(rank);
          const result = await world.reduce(mine, sum, { root, into });
          assert.deepEqual(result, rank === root ? total : undefined);
          assert.deepEqual(into, rank === root ? total : new Int32Array(length));
          assert.deepEqual(mine, values(rank));
        }
      }
    },
  },
  {
    name: "what large arrays were combined to stays as it is, whatever is combined later",
    heavy: true,
    async program(world) {
      const { rank, size } = world;
      const kinds = [Float64Array, Int32Array, Float64Array, Uint16Array];
      const kept: { result: ArrayLike<number> | undefined; each: number; length: number }[] = [];
      for (let round = 0; round < 12; round++) {
        const Kind = kinds[round % kinds.length] as typeof Float64Array;
        const length = round < 6 ? 5000 : 5000 + round * size;
        const mine = new Kind(length).fill(rank + round);
        const each = (size * (size - 1)) / 2 + size * round;
        const root = round % size;
        kept.push({ result: await world.allreduce(mine, sum), each, length });
        const reduced = await world.reduce(mine, sum, { root });
        if (rank === root) kept.push({ result: reduced, each, length });
      }
      for (const { result, each, length } of kept) {
        assert.equal(result?.length, length);
        for (let i = 0; i < length; i++) assert.equal(result?.[i], each);
      }
    },
  },
  {
    name: "typed arrays reduce element by element, also in place, short and long",
    async program(world) {
      const total = (world.size * (world.size - 1)) / 2;
      for (const length of [0, 1, 7, 1000, 100_000]) {
        const mine = new Float64Array(length).fill(world.rank);
        const result = await world.allreduce(mine, sum);
        assert.ok(result instanceof Float64Array && result.length === length);
        assert.ok(result.every((x) => x === total));
        assert.ok(
          mine.every((x) => x === world.rank),
          "the input stays as it was",
        );
        assert.equal(await world.allreduce(mine, sum, { into: mine }), mine);
        assert.ok(mine.every((x) => x === total));
      }
    },
  },
];
