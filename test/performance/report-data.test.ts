import assert from "node:assert/strict";
import { describe, test } from "vitest";
import { type ReportData, segmentFields } from "../../packages/launcher/src/performance/report-data.ts";
import { reportDataOf } from "../../packages/launcher/src/performance/report-data-of.ts";
import { summaryOf } from "../../packages/launcher/src/performance/summary.ts";
import type { RunRecording } from "../../packages/launcher/src/recording/recording.ts";
import { perTier } from "../support/tier.ts";
import { Simulation } from "./generate.ts";
import { balanced, deadlock, misplacedStencil, mixed, slowRank, star, straggler } from "./scenarios.ts";

const total = (values: Iterable<number>): number => [...values].reduce((a, b) => a + b, 0);

/** What holds of every report, whatever the run was. */
function checkReport(data: ReportData): ReportData {
  const text = JSON.stringify(data);
  assert.ok(text.length < 1_600_000, `${text.length} characters`);
  // JSON has no NaN and no infinity: they would come back as null.
  assert.deepEqual(JSON.parse(text), data);
  const size = data.ranks.length;
  for (const { parallel, loadBalance, communication, serialization, transfer } of data.efficiency) {
    for (const share of [parallel, loadBalance, communication, serialization, transfer]) {
      assert.ok(share >= 0 && share <= 1, `a share of ${share}`);
    }
    assert.ok(Math.abs(loadBalance * communication - parallel) < 0.001);
    assert.ok(Math.abs(serialization * transfer - communication) < 0.001);
  }
  const { segments, bins, arrows, binMs } = data.timeline;
  assert.equal(segments.length, size);
  assert.equal(bins.length, size);
  assert.ok(binMs > 0);
  assert.equal(arrows.length % 6, 0);
  for (const flat of bins) {
    assert.equal(flat.length % 4, 0);
    for (const share of flat) assert.ok(Number.isInteger(share) && share >= -1 && share <= 100);
  }
  for (const flat of segments) checkSegments(flat, data);
  for (const row of data.calls) {
    assert.ok(row.waitingMs <= row.ms && row.worstMs <= row.ms * 1.001 + 0.001);
    assert.ok(row.operation < data.operations.length && row.site < data.sites.length && row.phase < data.phases.length);
  }
  return data;
}

function checkSegments(flat: number[], { operations, sites, ranks }: ReportData): void {
  assert.equal(flat.length % segmentFields, 0);
  let before = Number.NEGATIVE_INFINITY;
  for (let at = 0; at < flat.length; at += segmentFields) {
    const [began, ms, operation, site, peer, , waited, forRank] = flat.slice(at) as [
      number,
      number,
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    assert.ok(began >= before, "segments are ordered by their beginning");
    before = began;
    assert.ok(ms === -1 || ms >= 0);
    assert.ok(waited >= 0 && (ms === -1 || waited <= ms * 1.001 + 0.001), `waited ${waited} of ${ms}`);
    assert.ok(operation < operations.length && site < sites.length);
    assert.ok(peer >= -1 && peer < ranks.length && forRank >= -1 && forRank < ranks.length);
  }
}

const reportOf = (run: Simulation, keeps = 1): ReportData => checkReport(reportDataOf(run.recording(keeps)));

describe("numbers are those that the simulation counted", () => {
  for (const keeps of [1, 8]) {
    test(`messages, bytes and calls, with one call of ${keeps}`, () => {
      const run = mixed(6, 700, 5);
      const { traffic, calls, operations, sites } = reportOf(run, keeps);
      assert.equal(total(traffic.map((row) => row[2])), run.truth.messages);
      assert.equal(total(traffic.map((row) => row[3])), run.truth.bytes);
      for (const [from, to, messages, bytes] of traffic) {
        const sent = run.ranks[from]!.sent.get(to)!;
        assert.deepEqual([messages, bytes], [sent.messages, sent.bytes]);
      }
      const all = run.ranks.flatMap((own) => own.calls);
      assert.equal(total(calls.map((row) => row.calls)), all.length);
      const gathers = all.filter(({ operation }) => operation === "gather");
      const rows = calls.filter((row) => operations[row.operation] === "gather");
      assert.equal(total(rows.map((row) => row.bytes)), gathers.length * 4000);
      assert.deepEqual([...new Set(rows.map((row) => sites[row.site]))], ["mix.ts:3"]);
    });
  }

  test("phases", () => {
    const run = mixed(4, 210, 5);
    const { efficiency, phases } = reportOf(run);
    assert.deepEqual(phases, ["", "solve", "solve/halo"]);
    assert.deepEqual(efficiency.map(({ phase }) => phase).sort(), phases);
    const msOf = (name: string) => efficiency.find(({ phase }) => phase === name)!.ms;
    const longest = (...names: string[]) =>
      Math.max(...run.ranks.map(({ phases: own }) => total(names.map((name) => own.get(name)!.ms))));
    const [outer, inner] = [longest("solve", "solve/halo"), longest("solve/halo")];
    assert.ok(Math.abs(msOf("solve") - outer) < outer / 1000, "a phase includes the phases nested in it");
    assert.ok(Math.abs(msOf("solve/halo") - inner) < inner / 1000);
  });

  test("efficiency of one slow rank", () => {
    const run = slowRank(4, 1, 2);
    const [whole] = reportOf(run).efficiency;
    const mean = total(run.truth.computing) / 4;
    const longest = Math.max(...run.truth.computing);
    assert.ok(Math.abs(whole!.loadBalance - mean / longest) < 0.001);
    assert.ok(whole!.serialization > 0.99 && whole!.transfer > 0.99);
  });

  test("a map", () => {
    const run = straggler(5, 300, 2000);
    const [map] = reportOf(run).maps;
    const tasks = run.ranks.flatMap((own) => own.calls).filter(({ operation }) => operation === "task");
    assert.equal(map?.tasks, 300);
    assert.equal(total(map.perRank.map(([, count]) => count)), 300);
    assert.equal(total(map.durations.map(([, count]) => count)), 300);
    const [input, , , ms] = map.longest[0]!;
    assert.deepEqual([input, ms, map.longest.length, map.retries], [299, 2000, 20, 0]);
    assert.ok(Math.abs(total(map.perRank.map(([, , each]) => each)) - total(tasks.map((task) => task.ms))) < 10);
  });

  test("retries of a map are its tasks that are not the first attempt", () => {
    const run = straggler(5, 300, 2000);
    const tasks = run.ranks.flatMap(({ calls }) => calls.filter(({ operation }) => operation === "task"));
    for (const task of tasks.slice(0, 7)) Object.assign(task, { context: 2, tag: 1 });
    // The same input once more, as in another run of the map: no retry.
    tasks[10]!.key = tasks[11]!.key;
    const [map] = reportOf(run).maps;
    assert.deepEqual([map?.retries, map?.failures], [7, 7]);
  });

  test("a message to oneself, and a rank that is alone, wait for nobody", () => {
    const run = balanced(3, 20);
    run.compute(1, 50);
    run.message(1, 1, { cost: 30, rendezvous: true, bytes: 10 });
    assert.deepEqual(
      reportOf(run).waitedFor.filter(([rank, forRank]) => rank === forRank),
      [],
    );
    run.stuck(1, "ssend", "app.ts:4", 1);
    run.ranks[1]!.left = run.ranks[1]!.time + 500;
    const { waitedFor } = reportOf(run);
    assert.deepEqual(
      waitedFor.filter(([rank, forRank]) => rank === forRank),
      [],
    );
    const alone = new Simulation(1);
    alone.stuck(0, "recv", "app.ts:4");
    const { balance, calls } = checkReport(reportDataOf(alone.recording(1, 2000)));
    assert.deepEqual([balance[0]!.waitingMs, calls.map(({ waitingMs }) => waitingMs)], [0, [0]]);
  });

  test("a map of which one task of eight is kept", () => {
    const [map] = reportOf(straggler(5, 4000, 2000), 8).maps;
    assert.equal(map?.tasks, 4000);
    assert.ok(Math.abs(total(map.durations.map(([, count]) => count)) - 4000) < 5);
    assert.equal(map.longest[0]![0], 3999);
  });
});

describe("the timeline", () => {
  test("has all calls of a short run, and what each waited", () => {
    const run = slowRank(3, 1, 2, "app.ts:4", 20);
    const { timeline, operations } = reportOf(run);
    assert.deepEqual(
      timeline.segments.map((flat) => flat.length / segmentFields),
      [20, 20, 20],
    );
    const [began, ms, operation, , peer, bytes, waited, forRank, tag] = timeline.segments[0]!;
    assert.deepEqual([operations[operation!], peer, bytes, forRank, tag], ["allreduce", -1, 8, 1, -1]);
    const call = run.ranks[0]!.calls[0]!;
    assert.ok(Math.abs(began! - call.began) < 0.01 && Math.abs(ms! - call.ms) < 0.01);
    assert.ok(Math.abs(waited! - (call.ms - 0.05)) < 0.01);
  });

  test("has the bins of the run", () => {
    const run = slowRank(3, 1, 2, "app.ts:4", 20);
    const { timeline } = reportOf(run);
    const collectives = timeline.bins.map((flat) => total(flat.filter((_, i) => i % 4 === 1)) / 100);
    for (const [rank, bins] of collectives.entries()) {
      const wanted = total(run.ranks[rank]!.calls.map(({ ms }) => ms));
      assert.ok(
        Math.abs(bins * timeline.binMs - wanted) < 0.05 * wanted + 5,
        `rank ${rank}: ${bins * timeline.binMs}, ${wanted}`,
      );
    }
  });

  test("has the longest and the last calls of a long run", () => {
    const run = balanced(40, 3000);
    const slow = run.ranks[7]!.calls[1234]!;
    slow.ms = 777;
    const { timeline } = reportOf(run);
    assert.ok(timeline.segments.every((flat) => flat.length / segmentFields <= 350));
    const ms = timeline.segments[7]!.filter((_, i) => i % segmentFields === 1);
    assert.ok(ms.includes(777));
    const last = run.ranks[7]!.calls.at(-1)!;
    const began = timeline.segments[7]!.filter((_, i) => i % segmentFields === 0);
    assert.ok(Math.abs(began.at(-1)! - last.began) < 1);
  });

  test("has an arrow for each message between its calls", () => {
    const run = star(4, 0, "star.ts:20", 5);
    const { timeline } = reportOf(run);
    assert.equal(timeline.arrows.length / 6, run.truth.messages);
    const [from, to, sent, received, bytes, tag] = timeline.arrows as [number, number, number, number, number, number];
    assert.ok(from !== to && received >= sent);
    assert.deepEqual([bytes, tag], [1000, 0]);
  });

  test("has phases", () => {
    const { timeline, phases } = reportOf(mixed(3, 63, 5));
    const names = new Set(timeline.phases.map(([, , , phase]) => phases[phase]));
    assert.deepEqual([...names].sort(), ["solve", "solve/halo"]);
  });
});

describe("what a rank's recording may have besides", () => {
  test("notes are remarks, each once", () => {
    const recording = balanced(3, 20).recording();
    recording.ranks[0]!.notes = ["Calls of workers are not recorded."];
    recording.ranks[2]!.notes = ["Calls of workers are not recorded.", "The memory was full."];
    const { remarks } = checkReport(reportDataOf(recording));
    assert.deepEqual(remarks, ["Calls of workers are not recorded.", "The memory was full."]);
  });

  test("spans of phases are drawn in place of those that calls tell", () => {
    const recording = mixed(3, 63, 5).recording();
    const before = reportDataOf(recording).timeline.phases;
    const index = recording.ranks[1]!.phases.findIndex(({ name }) => name === "solve");
    recording.ranks[1]!.phaseSpans = [
      [index, 20, 5],
      [0, 10, 10],
      [index, 1, 9],
    ];
    const { timeline, phases } = checkReport(reportDataOf(recording));
    const of = (rank: number, rows: typeof before) => rows.filter(([each]) => each === rank);
    assert.deepEqual(of(1, timeline.phases), [
      [1, 1, 9, phases.indexOf("solve")],
      [1, 20, 5, phases.indexOf("solve")],
    ]);
    assert.deepEqual(of(0, timeline.phases), of(0, before));
  });
});

describe("unusual runs", () => {
  test("one rank", () => {
    const data = reportOf(balanced(1, 10));
    assert.equal(data.balance[0]!.waitingMs, 0);
    assert.equal(data.efficiency[0]!.loadBalance, 1);
  });

  test("no ranks", () => {
    const data = checkReport(reportDataOf(new Simulation(0).recording()));
    assert.deepEqual([data.ranks, data.advice], [[], []]);
    assert.ok(summaryOf(data).length > 0);
  });

  test("no calls at all, and no time", () => {
    for (const run of [new Simulation(3), balanced(3, 0)]) {
      const data = reportOf(run);
      assert.deepEqual([data.calls, data.traffic, data.waitedFor, data.maps, data.advice], [[], [], [], [], []]);
      assert.ok(summaryOf(data).length > 0);
    }
  });

  test("no rank called init()", () => {
    const recording = new Simulation(3).recording();
    const rest = { complete: false, joinedAt: 0, leftAt: 0, phases: [], sums: [] };
    for (const rank of recording.ranks) Object.assign(rank, rest);
    recording.ending.ms = 2000;
    const data = checkReport(reportDataOf(recording));
    const remark = "nothing was recorded: no rank called init()";
    assert.deepEqual([data.efficiency, data.advice, data.remarks], [[], [], [remark]]);
    assert.deepEqual(summaryOf(data), ["run     2 s, 3 ranks on n41", `remark  ${remark}`]);
    recording.ending = { exitCode: 1, ms: 2000, words: ["rank 1 exited with code 1; stopping the other ranks"] };
    assert.deepEqual(
      reportDataOf(recording).advice.map(({ kind }) => kind),
      ["failed"],
    );
  });

  test("a rank that never joined", () => {
    const recording = balanced(4, 50).recording();
    const lost = recording.ranks[2]!;
    Object.assign(lost, new Simulation(3).recording().ranks[2], {
      complete: false,
      joinedAt: 0,
      leftAt: 0,
      phases: [],
      sums: [],
    });
    const data = checkReport(reportDataOf(recording));
    assert.deepEqual(
      data.balance.map(({ rank }) => rank),
      [0, 1, 3],
    );
    assert.ok(data.efficiency[0]!.loadBalance > 0.95);
    assert.ok(data.remarks.includes("Rank 2 never called init() and recorded nothing."), data.remarks.join("\n"));
    assert.equal(data.ranks[2]!.complete, false);
  });

  test("a rank that is killed in the middle", () => {
    const run = balanced(4, 50);
    run.compute(2, 100);
    run.stuck(2, "recv", "app.ts:9", 0);
    run.ranks[2]!.left = run.ranks[2]!.time + 400;
    for (const rank of [0, 1, 3]) run.compute(rank, 900);
    run.ending = { exitCode: 137, words: ["rank 2 was killed by SIGKILL"] };
    const data = reportOf(run);
    assert.equal(data.ranks[2]!.complete, false);
    assert.equal(data.ranks[2]!.lastCall, "recv, rank 0 at app.ts:9");
    assert.equal(data.advice[0]!.kind, "failed");
    const row = data.balance[2]!;
    assert.ok(Math.abs(row.waitingMs - run.truth.waiting[2]! - 400) < 2, `${row.waitingMs}`);
    assert.ok(data.waitedFor.some(([rank, forRank, ms]) => rank === 2 && forRank === 0 && ms >= 399));
    assert.deepEqual(data.timeline.segments[2]!.slice(-segmentFields).slice(1, 2), [-1]);
    assert.equal(data.timeline.bins[2]!.at(-1), -1);
  });

  test("a deadlock", () => {
    const run = deadlock();
    const data = checkReport(reportDataOf(run.recording(1, run.ranks[0]!.time + 5000)));
    for (const { waitingMs } of data.balance) assert.ok(waitingMs > 4990 && waitingMs < 5100, `${waitingMs}`);
    const pairs = data.waitedFor.filter(([, , ms]) => ms > 4000).map(([rank, forRank]) => `${rank}-${forRank}`);
    assert.deepEqual(pairs.sort(), ["0-1", "1-0", "2-0", "3-0"]);
  });

  test("sums without events", () => {
    const recording = slowRank(4, 1, 2).recording();
    const empty = new Simulation(1).recording().ranks[0]!.events;
    for (const rank of recording.ranks) rank.events = empty;
    const data = checkReport(reportDataOf(recording));
    assert.equal(total(data.calls.map(({ calls }) => calls)), 400);
    assert.equal(data.efficiency[0]!.loadBalance < 0.7, true);
    assert.equal(data.advice[0]!.kind, "imbalance");
    assert.deepEqual(data.timeline.segments, [[], [], [], []]);
  });

  test("several calls at once count once in a rank's time", () => {
    const run = new Simulation(3);
    run.compute(1, 100);
    run.compute(2, 100);
    run.message(1, 0);
    run.message(2, 0);
    // Both receives began at once: the second one is made to begin with the first.
    const second = run.ranks[0]!.calls[1]!;
    const ms = second.began + second.ms - run.ranks[0]!.calls[0]!.began;
    Object.assign(second, { began: run.ranks[0]!.calls[0]!.began, ms });
    const [row] = reportOf(run).balance;
    assert.ok(Math.abs(row!.waitingMs - 100) < 1, `${row!.waitingMs}`);
  });

  test("grids", () => {
    const run = misplacedStencil(4, 10);
    const members = run.all;
    for (const rank of run.all) {
      const neighbors = [(rank + 1) % 4, (rank + 3) % 4];
      run.ranks[rank]!.topologies.push({
        kind: "cart",
        name: "grid",
        context: 2,
        members,
        dims: [4],
        periodic: [true],
        neighbors,
      });
    }
    const [grid] = reportOf(run).topologies;
    assert.equal(grid?.edges.length, 8);
    assert.deepEqual(grid.edges[0], [0, 1, 1e7, 10]);
    assert.deepEqual(grid.dims, [4]);
  });

  test("a neighbor collective waits for neighbors only", () => {
    const run = new Simulation(6);
    for (const rank of run.all) {
      const neighbors = [(rank + 1) % 6, (rank + 5) % 6];
      run.ranks[rank]!.topologies.push({
        kind: "cart",
        name: "",
        context: 2,
        members: run.all,
        dims: [6],
        periodic: [true],
        neighbors,
      });
    }
    run.compute(3, 200);
    for (const rank of run.all) run.compute(rank, 10);
    run.together("neighborAlltoall", "halo.ts:3", { context: 2 });
    const { waitedFor } = reportOf(run);
    assert.deepEqual(waitedFor.map(([rank, forRank]) => `${rank}-${forRank}`).sort(), ["2-3", "4-3"]);
  });
});

describe("large runs", () => {
  /** The recording of a rank many times over, in time as well: only the form of a large run. */
  function enlarge(recording: RunRecording, ranks: number): RunRecording {
    const copies = Array.from({ length: ranks }, (_, rank) => ({
      ...recording.ranks[rank % recording.ranks.length]!,
      rank,
    }));
    const [host] = recording.about.hosts;
    const about = { ...recording.about, hosts: [{ ...host!, ranks: copies.map(({ rank }) => rank) }] };
    return { ...recording, about, ranks: copies };
  }

  const events = perTier({ quick: 8192, full: 65_536 });
  test(`64 ranks with ${events} events each`, () => {
    const recording = mixed(8, Math.ceil(events * 0.69), 5).recording();
    for (const rank of recording.ranks) rank.events = first(rank.events, events);
    const data = checkReport(reportDataOf(enlarge(recording, 64)));
    assert.equal(data.ranks.length, 64);
  });

  test("256 ranks that all send to each other", () => {
    const run = new Simulation(256);
    for (let step = 0; step < 20; step++) {
      run.messages(run.all.map((rank) => [rank, (rank + step) % 256] as const));
      run.together("allreduce", "app.ts:1");
    }
    const recording = run.recording();
    for (const { rank, sent } of recording.ranks) {
      for (let to = sent.length; to < 256; to++) {
        sent.push({
          rank: (rank + to) % 256,
          messages: 12_345,
          bytes: 123_456_789,
          innerMessages: 1000,
          innerBytes: 8e6,
        });
      }
    }
    const data = checkReport(reportDataOf(recording));
    assert.equal(data.timeline.segments.length, 256);
  });

  function first(events: RunRecording["ranks"][number]["events"], count: number): typeof events {
    const cut = Object.entries(events).map(([name, column]) => [name, column.subarray(0, count)]);
    return Object.fromEntries(cut) as typeof events;
  }
});
