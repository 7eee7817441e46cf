import { describe, expect, test } from "vitest";
import type { Host } from "../../../../packages/launcher/src/hosts/host.ts";
import { place } from "../../../../packages/launcher/src/hosts/placement.ts";
import { type AttemptEnd, Restarts, withoutHosts } from "../../../../packages/launcher/src/job/restarts.ts";

const host = (name: string, slots: number): Host => ({ name, slots, here: name === "a" });
const [a, b] = [host("a", 2), host("b", 2)];
const failed = (rest: Partial<AttemptEnd> = {}): AttemptEnd => ({
  code: 3,
  failure: "rank 1 of 4 on b ended with exit code 3",
  lostHosts: [],
  usedInput: false,
  ms: 100,
  ...rest,
});

describe("a job that failed", () => {
  test("is started again as often as was asked for, and not without a failure", () => {
    expect(new Restarts(0).after(failed())).toBeUndefined();
    expect(new Restarts(3).after(failed({ failure: undefined }))).toBeUndefined();
    const restarts = new Restarts(2);
    expect(restarts.usedUp).toBeUndefined();
    const numbers = [1, 2, 3].map(() => restarts.after(failed())?.number);
    expect(numbers).toEqual([1, 2, undefined]);
    expect(restarts.usedUp).toBe("not started again: all 2 restarts are used (--restarts)");
  });

  test("waits for longer each time when it fails early, at most 30 s, and not at all when it ran for long", () => {
    const restarts = new Restarts(20);
    const pause = (ms: number) => restarts.after(failed({ ms }))?.pauseMs;
    expect([1, 2, 3, 4, 5, 6, 7].map(() => pause(100))).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
    expect(pause(60_000)).toBe(0);
    expect(pause(100)).toBe(1000);
  });

  test("says why, on which hosts, and that it failed in the same way before", () => {
    const restarts = new Restarts(3);
    const before = place({ hosts: [a, b] });
    const first = restarts.after(failed())!;
    expect(restarts.describe(first, failed().failure!, [], before, before)).toBe(
      "rank 1 of 4 on b ended with exit code 3; starting again in 1 s (restart 1 of 3)",
    );
    const second = restarts.after(failed())!;
    expect(restarts.describe(second, failed().failure!, [], before, before)).toContain(
      "code 3, as the last time; start",
    );
    const third = restarts.after(failed({ failure: "host b was lost", ms: 40_000 }))!;
    const left = withoutHosts({ hosts: [a, b], order: [a, b, a, b], granted: true, source: "" }, ["b"]);
    expect(left).toMatchObject({ hosts: [a], order: [a, a] });
    expect(restarts.describe(third, "host b was lost", ["b"], before, place(left))).toBe(
      "host b was lost; starting again without b, with 2 ranks instead of 4 on a (restart 3 of 3)",
    );
    expect(restarts.describe(third, "host b was lost", ["b"], before, place(left, 4))).toBe(
      "host b was lost; starting again without b, with 4 ranks on a, which have 2 slots (restart 3 of 3)",
    );
  });
});
