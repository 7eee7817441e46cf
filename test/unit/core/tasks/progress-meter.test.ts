import assert from "node:assert/strict";
import type { Progress } from "tsmpi";
import { describe, test } from "vitest";
import { clock, describeProgress, ProgressLines } from "../../../../packages/core/src/wire/progress.ts";

const at = (some: Partial<Progress>): Progress => ({
  task: "render",
  done: 512,
  failed: 0,
  total: 1000,
  elapsedMs: 24_000,
  perSecond: 21.3,
  remainingMs: 23_000,
  busy: 8,
  ranks: 8,
  lost: [],
  finished: false,
  ...some,
});

describe("progress in words", () => {
  test("says how much is done, how fast, and how long the rest takes", () => {
    assert.equal(describeProgress(at({})), "render: 512/1000 (51 %), 21/s, 0:23 left, 8/8 ranks busy");
    assert.equal(
      describeProgress(at({ total: undefined, remainingMs: undefined, perSecond: 0.25 })),
      "render: 512 done, 0.25/s, 8/8 ranks busy",
    );
  });

  test("names failures and lost ranks", () => {
    assert.match(describeProgress(at({ failed: 3, lost: [2, 5] })), /3 failed.*lost rank 2, 5$/);
  });

  test("tells times as clocks do", () => {
    assert.deepEqual([0, 59_400, 61_000, 3_723_000].map(clock), ["0:00", "0:59", "1:01", "1:02:03"]);
  });
});

describe("progress of a rank that nobody shows it for", () => {
  test("a file gets a line now and then and one at the end", () => {
    let text = "";
    const lines = new ProgressLines({ write: (more) => (text += more) });
    for (let elapsedMs = 0; elapsedMs <= 25_000; elapsedMs += 100) lines.show(at({ elapsedMs }));
    lines.show(at({ elapsedMs: 25_100, done: 1000, finished: true }));
    assert.equal(text.split("\n").length - 1, 3);
    assert.match(text, /1000\/1000 \(100 %\).*took 0:25\n$/);
  });

  test("a terminal gets one line that changes", () => {
    let text = "";
    const lines = new ProgressLines({ isTTY: true, write: (more) => (text += more) });
    lines.show(at({}));
    lines.show(at({ finished: true }));
    assert.equal(text.split("\n").length - 1, 1);
  });
});
