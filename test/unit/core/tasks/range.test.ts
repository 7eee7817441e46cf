import assert from "node:assert/strict";
import fc from "fast-check";
import { chunks, range } from "tsmpi";
import { describe, test } from "vitest";

describe("range", () => {
  test("gives all ranks together each index once, in blocks whose lengths differ by one at most, as chunks cuts them", () => {
    fc.assert(
      fc.property(fc.nat(500), fc.integer({ min: 1, max: 600 }), (n, size) => {
        const indices = Array.from({ length: n }, (_, i) => i);
        const shares = Array.from({ length: size }, (_, rank) => range(n, size, rank));
        assert.deepEqual(
          shares.map((share) => [...share]),
          chunks(indices, size),
        );
        assert.deepEqual(
          shares.flatMap((share) => [...share]),
          indices,
        );
        for (const { start, end, length } of shares) {
          assert.equal(length, end - start);
          assert.ok(length === Math.floor(n / size) || length === Math.ceil(n / size));
        }
      }),
    );
  });

  test("has a start and an end, also where the share is empty, and can be gone over again", () => {
    const share = range(10, { size: 4, rank: 3 });
    assert.deepEqual([share.start, share.end, share.length], [8, 10, 2]);
    assert.deepEqual([...share, ...share], [8, 9, 8, 9]);
    const none = range(2, 4, 3);
    assert.deepEqual([none.start, none.end, [...none]], [2, 2, []]);
    assert.deepEqual([...range(0, 1, 0)], []);
  });

  test("cuts numbers that 32 bits do not hold", () => {
    const n = 2 ** 52 + 1;
    const [first, last] = [range(n, 3, 0), range(n, 3, 2)];
    assert.deepEqual([first.start, last.end], [0, n]);
    assert.deepEqual(Array.from(range(2 ** 33, 2 ** 33 - 1, 0)), [0, 1]);
  });

  test("refuses what is no number of indices, no size or no rank, and says what it has to be", () => {
    for (const n of [-1, 1.5, Number.NaN, "10", undefined]) {
      assert.throws(() => range(n as number, 2, 0), /range\(n, size, rank\): n is .*, but it is a whole number from 0/);
    }
    for (const size of [0, -1, 2.5, null, undefined, {}]) {
      assert.throws(
        () => range(10, size as number, 0),
        /size is .*, but it is a whole number from 1; or give a communicator/,
      );
    }
    for (const rank of [-1, 2, 0.5, undefined]) {
      assert.throws(() => range(10, 2, rank as number), /rank is .*, but the ranks are 0 to 1/);
    }
    assert.throws(() => range(10, 2, 2), { code: "invalid-argument" });
  });
});
