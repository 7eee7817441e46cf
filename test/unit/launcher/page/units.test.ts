import assert from "node:assert/strict";
import { describe, test } from "vitest";
import {
  bytes,
  count,
  counted,
  duration,
  percent,
  timeTicks,
} from "../../../../packages/launcher/src/page/parts/units.ts";

describe("the units of the report's page", () => {
  test("durations have three digits and the unit that fits", () => {
    const cases: [number, string][] = [
      [0, "0 s"],
      [0.0004, "0.4 µs"],
      [0.25, "250 µs"],
      [0.9999, "1 ms"],
      [34, "34 ms"],
      [34.56, "34.6 ms"],
      [999.4, "999 ms"],
      [999.6, "1 s"],
      [1234, "1.23 s"],
      [59_940, "59.9 s"],
      [59_960, "1 min 00 s"],
      [125_000, "2 min 05 s"],
      [3_600_000, "1 h 00 min"],
      [5_025_000, "1 h 24 min"],
    ];
    for (const [ms, text] of cases) assert.equal(duration(ms), text, String(ms));
    assert.equal(duration(Number.NaN), "unknown");
  });

  test("bytes are in powers of 1024", () => {
    assert.deepEqual([0, 1, 1023, 1024, 5_350_000, 2 ** 40].map(bytes), [
      "0 B",
      "1 B",
      "1,023 B",
      "1 KiB",
      "5.1 MiB",
      "1 TiB",
    ]);
  });

  test("counts have commas, and agree with their noun", () => {
    assert.deepEqual(
      [count(12_000), counted(1, "message"), counted(12_000, "message")],
      ["12,000", "1 message", "12,000 messages"],
    );
  });

  test("shares below one percent keep a digit", () => {
    assert.deepEqual([0, 0.004, 0.0096, 0.844, 1].map(percent), ["0 %", "0.4 %", "1 %", "84 %", "100 %"]);
    assert.equal(percent(Number.NaN), "–");
  });

  test("all ticks of an axis have the same unit and digits", () => {
    const written = (ticks: number[]): string[] =>
      ticks.map((tick) => `${timeTicks(ticks).write(tick)} ${timeTicks(ticks).unit}`);
    assert.deepEqual(written([0, 500, 1000, 1500]), ["0.0 s", "0.5 s", "1.0 s", "1.5 s"]);
    assert.deepEqual(written([240, 260, 280]), ["240 ms", "260 ms", "280 ms"]);
    assert.deepEqual(written([0.0005, 0.001]), ["0.5 µs", "1.0 µs"]);
    assert.deepEqual(written([0, 300_000, 600_000]), ["0 min", "5 min", "10 min"]);
  });
});
