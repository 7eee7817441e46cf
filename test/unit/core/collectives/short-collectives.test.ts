import assert from "node:assert/strict";
import { test } from "vitest";
import type { TypedArray } from "../../../../packages/core/src/calls/typed-array.ts";
import { combinePosts } from "../../../../packages/core/src/collectives/algorithms/reduce-on-board.ts";
import { ShortCollectives } from "../../../../packages/core/src/collectives/short-collectives.ts";
import { numberOfOperation, type Operation, signatureOf } from "../../../../packages/core/src/collectives/signature.ts";
import { apply } from "../../../../packages/core/src/ops/apply.ts";
import * as ops from "../../../../packages/core/src/ops/op.ts";
import { System } from "../../../../packages/core/src/transports/libc.ts";
import { SharedBoard } from "../../../../packages/core/src/transports/shared-memory/board.ts";
import { PollBudget } from "../../../../packages/core/src/transports/shared-memory/poll-budget.ts";
import { Instance } from "../../../../packages/core/src/wasm/module.ts";
import { arrayBytesOnBoard, post } from "../../../../packages/core/src/wire/board.ts";
import { decode, encode } from "../../../../packages/core/src/wire/codec/codec.ts";
import { notThere } from "../../../../packages/core/src/wire/short-messages.ts";

const scratchBytes = 128 * 1024;

/** The ranks of a board, in one process. None of them polls: what has not been posted is not there. */
class Ranks {
  readonly size: number;
  readonly boards: SharedBoard[];
  readonly posted: unknown[] = [];
  readonly #short: ShortCollectives[];
  #collective = 0;

  constructor(size: number) {
    this.size = size;
    const system = System.load();
    const instance = new Instance(scratchBytes + SharedBoard.bytes(size));
    const memory = new Uint8Array(instance.memory, scratchBytes, SharedBoard.bytes(size));
    const scratch = new Uint8Array(instance.memory, 0, scratchBytes);
    const waiting = { instance, scratch, budget: new PollBudget(true, true) };
    const ranks = Array.from({ length: size }, (_, rank) => rank);
    this.boards = ranks.map((rank) => new SharedBoard(system, memory, rank, size, [], () => {}, waiting));
    this.#short = this.boards.map((board, rank) => new ShortCollectives(board.short as never, rank, size));
  }

  /** Each rank's result in one collective, in the order in which the ranks come to it. */
  run(operation: Operation, values: readonly unknown[], options: object, op?: unknown, order?: number[]): unknown[] {
    const number = this.#collective++;
    const signature = signatureOf(numberOfOperation(operation), options, op);
    const results = new Array<unknown>(this.size);
    for (const rank of order ?? this.boards.keys()) {
      const mine = "intos" in options ? { ...options, into: (options.intos as TypedArray[])[rank] } : options;
      results[rank] = (this.#short[rank] as ShortCollectives).run(operation, number, signature, values[rank], mine, op);
      this.posted[rank] = this.#short[rank]?.hasPosted(number);
    }
    for (const board of this.boards) board.done(number);
    return results;
  }
}

const arrays = (size: number, length: number, kind: new (length: number) => TypedArray): TypedArray[] =>
  Array.from({ length: size }, (_, rank) => {
    const array = new kind(length);
    for (let i = 0; i < length; i++) array[i] = ((rank + 2) * (i + 3)) % 50;
    return array;
  });

test("the last rank has the reduction of all numbers at once, as the usual way brackets them", () => {
  for (const size of [2, 3, 4, 5, 7, 8]) {
    const ranks = new Ranks(size);
    for (const op of [ops.sum, ops.prod, ops.min, ops.max, ops.land, ops.lor, ops.lxor, ops.band, ops.bor, ops.bxor]) {
      const values = Array.from({ length: size }, (_, rank) => (op.name.startsWith("b") ? rank + 5 : 0.1 * (rank + 1)));
      const results = ranks.run("allreduce", values, {}, op);
      const parcels = values.map(encode);
      const posts = { parcelOf: (rank: number) => parcels[rank] as never, landing: () => undefined };
      const usual = combinePosts(op as never, { rank: 0, size }, values[0], posts, undefined);
      assert.equal(results[size - 1], usual, `${op.name} of ${size}`);
      assert.ok(results.slice(0, -1).every((result) => result === notThere));
    }
  }
});

test("arrays of each kind are combined, into a new array or the caller's", () => {
  for (const size of [2, 3, 4, 8]) {
    const ranks = new Ranks(size);
    for (const kind of [Float64Array, Float32Array, Int8Array, Uint16Array, Int32Array, Uint32Array]) {
      for (const [length, op] of [
        [1, ops.sum],
        [17, ops.max],
        [100, ops.lor],
      ] as const) {
        const values = arrays(size, length, kind as never);
        const expected = values.reduce((sum, value) => apply(op as never, sum, value) as TypedArray);
        assert.deepEqual(ranks.run("allreduce", values, {}, op)[size - 1], expected);
        const intos = values.map(() => new kind(length + 2).fill(7));
        const result = ranks.run("allreduce", values, { intos }, op)[size - 1] as TypedArray;
        assert.equal(result, intos[size - 1]);
        assert.deepEqual([...result], [...expected, 7, 7]);
      }
    }
  }
});

test("arrays are combined up to the length that a post holds, on few ranks and on many", () => {
  for (const size of [2, 4, 8, 64, 128]) {
    const most = arrayBytesOnBoard(size) / 8;
    const places = size === 128 ? 125 : most; // a hundred and more ranks have no large places
    for (const length of [125, places, places + 1, most + 1]) {
      const values = arrays(size, length, Float64Array);
      const last = new Ranks(size).run("allreduce", values, {}, ops.max)[size - 1];
      const expected = values.reduce((sum, value) => apply(ops.max as never, sum, value) as TypedArray);
      assert.deepEqual(last, length <= places ? expected : notThere, `${length} doubles on ${size} ranks`);
    }
  }
});

test("bcast, gather and allgather: the last to come has its result, ranks that need nothing have ended", () => {
  const ranks = new Ranks(3);
  const value = { step: 1, name: "x" };
  assert.deepEqual(ranks.run("bcast", [value, undefined, undefined], {}), [value, value, value]);
  assert.deepEqual(ranks.run("bcast", [undefined, undefined, "b"], { root: 2 }, undefined, [2, 0, 1]), ["b", "b", "b"]);
  const into = new Float64Array(2);
  assert.deepEqual(ranks.run("bcast", [new Float64Array([1, 2]), 0, 0], { intos: [undefined, into, into] })[1], into);
  assert.deepEqual([...into], [1, 2]);
  const gathered = ranks.run("gather", [1, "two", new Uint8Array([3])], { root: 1 }, undefined, [0, 2, 1]);
  assert.deepEqual(gathered, [undefined, [1, "two", new Uint8Array([3])], undefined]);
  const all = new Float64Array(6);
  const parts = arrays(3, 2, Float64Array);
  const last = ranks.run("allgather", parts, { intos: [all, all, all] });
  assert.equal(last[2], all);
  assert.deepEqual(
    [...all],
    parts.flatMap((part) => [...(part as Float64Array)]),
  );
  const small = new Float64Array(5);
  assert.equal(ranks.run("allgather", parts, { intos: [small, small, small] })[2], notThere);
  assert.deepEqual([...small], [0, 0, 0, 0, 0], "nothing is written where not all fits");
  assert.deepEqual(ranks.run("barrier", [], {}), [notThere, notThere, undefined]);
});

test("what the usual way would refuse is not posted", () => {
  const ranks = new Ranks(2);
  const none = (results: unknown[]): void => {
    assert.deepEqual(results, [notThere, notThere]);
    assert.deepEqual(ranks.posted, [false, false]);
  };
  const wrong = [new Float32Array(4), new Float64Array(1)];
  none(ranks.run("allreduce", arrays(2, 2, Float64Array), { intos: wrong }, ops.sum));
  none(ranks.run("allreduce", [1, 2], { intos: wrong }, ops.sum));
  none(ranks.run("allreduce", [1, 2], {}, (a: number, b: number) => a + b));
  none(ranks.run("allreduce", arrays(2, 8193, Float64Array), {}, ops.sum));
  none(ranks.run("allreduce", arrays(2, 2, Uint8ClampedArray as never), {}, ops.sum));
  none(ranks.run("reduce", [1, 2], { root: 2 }, ops.sum));
  none(ranks.run("gather", [1, 2], { root: 0.5 }));
  none(ranks.run("scatter", [[1, 2]], {}));
  assert.throws(() => ranks.run("allreduce", ["a", "b"], {}, ops.sum), /sum takes numbers/);
  assert.deepEqual(ranks.run("bcast", [() => 1, undefined], {}), [notThere, notThere]);
});

test("values that do not fit each other go the usual way, which finds the parts as it expects them", () => {
  const ranks = new Ranks(2);
  assert.deepEqual(ranks.run("allreduce", [1, new Float64Array(1)], {}, ops.sum), [notThere, notThere]);
  assert.deepEqual(ranks.posted, [true, true]);
  for (const values of [[1, 2], arrays(2, 3, Float64Array), arrays(2, 1500, Float64Array), ["a", { b: 1 }]]) {
    const number = 2 * ranks.boards.length;
    const fresh = new Ranks(2);
    fresh.run("allgather", values, {});
    for (const rank of [0, 1]) {
      const reader = fresh.boards[1 - rank] as SharedBoard;
      assert.equal(reader.has(rank, 0), true);
      assert.equal(reader.has(rank, number), false);
      assert.equal(reader.kindOf(rank, 0), post.parts);
      assert.equal(reader.signatureOf(rank, 0), signatureOf(numberOfOperation("allgather"), {}, undefined));
      assert.deepEqual(decode(reader.part(rank, 0, 1 - rank)), values[rank]);
    }
  }
});

test("a rank that waits for nothing still sees that another one is in another collective", () => {
  const ranks = new Ranks(2);
  const other = ranks.boards[1] as SharedBoard;
  other.post(0, signatureOf(numberOfOperation("barrier"), {}, undefined), post.here, []);
  assert.equal(ranks.run("bcast", [5, 0], {}, undefined, [0])[0], notThere);
  assert.equal(ranks.posted[0], true);
});
