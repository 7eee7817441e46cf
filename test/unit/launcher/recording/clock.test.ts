import { describe, expect, it } from "vitest";
import { ClockOf } from "../../../../packages/launcher/src/recording/clock.ts";

describe("the clock of another host", () => {
  it("is this one where there was no exchange", () => {
    const clock = new ClockOf();
    expect(clock.here(123)).toBe(123);
    expect(clock.errorMs).toBe(0);
  });

  it("is known from the shortest exchange", () => {
    const clock = new ClockOf();
    // Their clock is 1000 ms ahead. Answers that took long on one way mislead.
    clock.note(0, 1009, 10);
    clock.note(20, 1020.5, 21);
    clock.note(30, 1031, 50);
    expect(clock.here(1025)).toBeCloseTo(25, 6);
    expect(clock.errorMs).toBe(0.5);
  });

  it("may go faster or slower than this one", () => {
    const clock = new ClockOf();
    // 100 ppm fast, and 5000 ms ahead.
    for (let at = 0; at < 100_000; at += 5000) clock.note(at - 0.1, 5000 + at * 1.0001, at + 0.1);
    for (const at of [10_000, 12_345, 50_000, 85_000]) expect(clock.here(5000 + at * 1.0001)).toBeCloseTo(at, 1);
  });
});
