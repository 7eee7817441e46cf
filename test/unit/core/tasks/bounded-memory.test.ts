import assert from "node:assert/strict";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { local } from "tsmpi/testing";
import { expect, test } from "vitest";
import { perTier } from "../../../support/tier.ts";

setFlagsFromString("--expose-gc");
const gc = runInNewContext("gc") as () => void;

/** Memory that is in use after a garbage collection, in bytes. */
function used(): { heap: number; arrays: number } {
  gc();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return { heap: heapUsed, arrays: arrayBuffers };
}

const mebibyte = 1 << 20;

test("results of 2 MB for a slow consumer: never more than lookAhead of them are begun or kept", async () => {
  const lookAhead = 4;
  const bytes = 2 * mebibyte;
  for (const form of ["imap", "imapUnordered"] as const) {
    let begun = 0;
    const make = (x: number): Uint8Array => {
      begun += 1;
      return new Uint8Array(bytes).fill(x);
    };
    const before = used();
    let taken = 0;
    let most = 0;
    await local(3, async (world) => {
      for await (const result of world[form](make, Array(48).keys(), { lookAhead })) {
        taken += 1;
        assert.equal(result.byteLength, bytes);
        await new Promise((resolve) => setTimeout(resolve, 2));
        assert.ok(begun <= taken + lookAhead, `${begun} begun, ${taken} taken`);
        if (taken % 8 === 0) most = Math.max(most, used().arrays - before.arrays);
      }
    });
    expect(taken).toBe(48);
    // Each is there some times in one process: at its rank, on its way, at rank 0. All of them would be 96 MiB at least.
    expect(most).toBeLessThan(5 * (lookAhead + 2) * bytes);
  }
});

test("a generator of any length takes no memory for inputs that are done", async () => {
  const inputs = perTier({ quick: 50_000, full: 1_000_000 });
  const heaps: number[] = [];
  function* many(): Generator<number> {
    for (let i = 0; i < inputs; i++) {
      if (i % (inputs / 10) === 0) heaps.push(used().heap);
      yield i;
    }
  }
  const same = (x: number): number => x;
  const [total] = await local(2, async (world) => {
    let sum = 0;
    for await (const x of world.imapUnordered(same, many)) sum += x;
    return sum;
  });
  expect(total).toBe((inputs * (inputs - 1)) / 2);
  // An object for each input would be 80 bytes or more.
  const [, second = 0, ...later] = heaps;
  expect(Math.max(...later) - second).toBeLessThan(inputs * 20);
});
