import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, test } from "vitest";
import { analyse } from "../../packages/launcher/src/performance/analysis.ts";
import { compare } from "../../packages/launcher/src/performance/compare.ts";
import { segmentFields } from "../../packages/launcher/src/performance/report-data.ts";
import { reportDataOf } from "../../packages/launcher/src/performance/report-data-of.ts";
import { summaryOf } from "../../packages/launcher/src/performance/summary.ts";
import { writeTrace } from "../../packages/launcher/src/performance/trace.ts";
import type { RunRecording } from "../../packages/launcher/src/recording/recording.ts";
import { randomOf } from "./generate.ts";
import { mixed, straggler } from "./scenarios.ts";
import { checkTrace } from "./trace-rules.ts";

const folder = mkdtempSync(join(tmpdir(), "fuzz-"));
afterAll(() => rmSync(folder, { recursive: true }));

const operations = [
  "send",
  "recv",
  "probe",
  "sendrecv",
  "barrier",
  "bcast",
  "reduce",
  "neighborAlltoall",
  "map",
  "pool",
  "task",
  "else",
];

/** A recording in which nothing fits together: as if each rank had been read at another moment. */
function garbled(seed: number): RunRecording {
  const random = randomOf(seed);
  const pick = (below: number): number => Math.floor(below * random());
  const recording = (seed % 3 === 0 ? straggler(4, 60) : mixed(5, 140, seed)).recording(seed % 2 === 0 ? 1 : 4);
  for (const { events, sums, sent, bins, samples, ...rank } of recording.ranks) {
    const own = recording.ranks[rank.rank]!;
    for (let i = 0; i < events.began.length; i++) {
      if (random() < 0.1) events.began[i]! += 100 * (random() - 0.5);
      if (random() < 0.05) events.ms[i] = [Number.NaN, -1, 0, 1e6, Number.POSITIVE_INFINITY][pick(5)]!;
      if (random() < 0.05) events.peer[i] = pick(12) - 2;
      if (random() < 0.05) events.key[i] = [0xffff_ffff, 0, pick(100)][pick(3)]!;
      if (random() < 0.05) events.sums[i] = pick(sums.length + 3);
      if (random() < 0.02) events.context[i] = pick(2 ** 32);
    }
    for (const row of sums) {
      if (random() < 0.2) row.operation = operations[pick(operations.length)]!;
      if (random() < 0.1) row.ms *= 10 * random();
      if (random() < 0.1) row.site = 0;
    }
    if (random() < 0.2) own.phases[0]!.inCallsMs *= 5;
    if (random() < 0.2) own.leftAt *= random();
    if (random() < 0.2) own.joinedAt = own.leftAt * random();
    if (random() < 0.2) own.bins = { ...bins, ms: bins.ms * 3 };
    if (random() < 0.1) own.samples = { ...samples, at: samples.at.map((at) => at - 50) };
    if (random() < 0.1) sent.push({ rank: 99, messages: 1, bytes: 1, innerMessages: 0, innerBytes: 0 });
    own.complete = random() < 0.7;
  }
  return recording;
}

describe("a recording that does not fit together is still a report", () => {
  for (let seed = 1; seed <= 40; seed++) {
    test(`seed ${seed}`, async () => {
      const recording = garbled(seed);
      const data = reportDataOf(recording);
      assert.deepEqual(JSON.parse(JSON.stringify(data)), data);
      for (const { ms, computingMs, waitingMs, transferMs } of analyse(recording).times) {
        for (const each of [ms, computingMs, waitingMs, transferMs]) assert.ok(each >= 0 && each < 1e9, `${each}`);
      }
      for (const flat of data.timeline.segments) {
        for (let at = segmentFields; at < flat.length; at += segmentFields) {
          assert.ok(flat[at]! >= flat[at - segmentFields]!, "segments are ordered by their beginning");
        }
      }
      for (const { parallel, serialization, transfer } of data.efficiency) {
        for (const share of [parallel, serialization, transfer]) assert.ok(share >= 0 && share <= 1);
      }
      assert.ok(data.advice.length <= 3);
      assert.ok(summaryOf(data).length > 2);
      assert.ok(compare(recording, recording).length > 2);
      const path = join(folder, `${seed}.json`);
      await writeTrace(recording, path);
      checkTrace(readFileSync(path, "utf8"));
    });
  }
});

test("events that are not ordered are put in order, and pending calls with them", () => {
  const recording = mixed(3, 70, 4).recording();
  const wanted = reportDataOf(recording);
  for (const { events } of recording.ranks) for (const column of Object.values(events)) column.reverse();
  assert.deepEqual(reportDataOf(recording), wanted);
});
