import assert from "node:assert/strict";
import { describe, test } from "vitest";
import { sharesOf } from "../../../../packages/launcher/src/page/timeline/bins.ts";
import { layoutOf } from "../../../../packages/launcher/src/page/timeline/layout.ts";
import { kindOf, type Segment, Segments } from "../../../../packages/launcher/src/page/timeline/segments.ts";
import type { ReportData } from "../../../../packages/launcher/src/performance/report-data.ts";
import { deadlock, empty, large, slowRank, stencil, straggler } from "../../../report/fixtures.ts";

function found(data: ReportData, rank: number, from: number, to: number): Segment[] {
  const all: Segment[] = [];
  new Segments(data).each(rank, from, to, (segment) => all.push(segment));
  return all;
}

/** What {@link found} has to find, by looking at all of them. */
function touching({ timeline, ending }: ReportData, rank: number, from: number, to: number): number[] {
  const flat = timeline.segments[rank]!;
  const began: number[] = [];
  for (let i = 0; i < flat.length; i += 9) {
    const end = flat[i + 1]! < 0 ? ending.ms : flat[i]! + flat[i + 1]!;
    if (flat[i]! <= to && end >= from) began.push(flat[i]!);
  }
  return began;
}

describe("segments of the timeline", () => {
  test("those that touch a range are found, also calls around others and calls that did not end", () => {
    for (const data of [slowRank(), straggler(), deadlock(), large(16, 64)]) {
      for (let rank = 0; rank < data.ranks.length; rank++) {
        for (const [from, to] of [
          [0, data.ending.ms],
          [100, 140],
          [300, 300],
          [data.ending.ms - 1, data.ending.ms],
        ] as const) {
          const expected = touching(data, rank, from, to);
          assert.deepEqual(
            found(data, rank, from, to).map(({ began }) => began),
            expected,
          );
          assert.ok(new Segments(data).count(rank, from, to) >= expected.length);
        }
      }
    }
  });

  test("the innermost call is the one at a time", () => {
    const segments = new Segments(straggler());
    assert.equal(segments.at(1, 100)?.operation, "task");
    assert.equal(segments.at(1, 800)?.operation, "map");
    assert.equal(segments.at(1, straggler().ending.ms + 10), undefined);
  });

  test("a call that has not ended is still waiting for the rank that it waits for", () => {
    const last = new Segments(deadlock()).at(0, 1400);
    assert.equal(last?.open, true);
    assert.equal(last.waitedFor, 2);
    assert.equal(last.waited, last.ended - last.began);
  });

  test("they are complete if no call is missing", () => {
    const data = slowRank();
    assert.equal(new Segments(data).complete, true);
    data.timeline.segments[2] = data.timeline.segments[2]!.slice(9);
    assert.equal(new Segments(data).complete, false);
  });

  test("operations have the kind by which they are coloured", () => {
    const kinds = [
      "send",
      "issend",
      "recvMessage",
      "probe",
      "sendrecv",
      "messages",
      "allreduce",
      "scan",
      "map",
      "imapUnordered",
      "pool",
      "task",
    ].map(kindOf);
    assert.deepEqual(kinds, [...new Array(6).fill("message"), "collective", "collective", "map", "map", "map", "task"]);
  });
});

describe("bins of the timeline", () => {
  const bins = [[100, 0, 0, 0, 0, 50, 0, 0, -1, -1, -1, -1]];
  const timeline = { ...empty().timeline, binMs: 10, bins };

  test("shares are averaged over the bins that a range touches, and the rest is computing", () => {
    assert.deepEqual(sharesOf(timeline, 0, 0, 10), { message: 1, collective: 0, map: 0, task: 0, computing: 0 });
    assert.deepEqual(sharesOf(timeline, 0, 0, 20), {
      message: 0.5,
      collective: 0.25,
      map: 0,
      task: 0,
      computing: 0.25,
    });
  });

  test("there are none where the rank was not there", () => {
    assert.equal(sharesOf(timeline, 0, 20, 30), undefined);
    assert.equal(sharesOf(timeline, 1, 0, 10), undefined);
    assert.deepEqual(sharesOf(timeline, 0, 10, 30)?.collective, 0.5);
  });
});

describe("rows of the timeline", () => {
  test("are grouped by host, do not overlap, and leave room for nested phases", () => {
    const layout = layoutOf(stencil());
    assert.deepEqual(
      layout.hosts.map(({ name }) => name),
      ["node01", "node02"],
    );
    assert.equal(layout.phaseLanes, 2);
    assert.deepEqual(
      layout.rows.map(({ rank }) => rank),
      [0, 1, 2, 3, 4, 5, 6, 7],
    );
    for (const [at, { y }] of layout.rows.entries()) {
      const above = layout.rows[at - 1];
      if (above !== undefined) assert.ok(y >= above.y + above.height);
    }
    assert.ok(layout.height >= layout.rows.at(-1)!.y + layout.rows.at(-1)!.height);
  });

  test("are thin when there are many", () => {
    const { rows, height } = layoutOf(large(256, 4));
    assert.equal(rows.length, 256);
    assert.ok(height < 1200);
  });
});
