import assert from "node:assert/strict";
import { describe, test } from "vitest";
import { compare, comparisonTable } from "../../packages/launcher/src/performance/compare.ts";
import { reportDataOf } from "../../packages/launcher/src/performance/report-data-of.ts";
import { scalingOf, scalingTable } from "../../packages/launcher/src/performance/scaling.ts";
import { summaryOf } from "../../packages/launcher/src/performance/summary.ts";
import { bytesOf, duration, percent, ranksNamed } from "../../packages/launcher/src/performance/words.ts";
import { Simulation } from "./generate.ts";
import { balanced, deadlock, mixed, slowRank, straggler } from "./scenarios.ts";

const summary = (run: Simulation): string[] => summaryOf(reportDataOf(run.recording()));

describe("the summary", () => {
  test("of a slow rank", () => {
    const run = slowRank(4, 1, 3);
    run.message(0, 3, { bytes: 2_500_000 });
    const lines = summary(run).map((line) => line.replace(/\b99[5-9] ms/g, "1 s"));
    assert.deepEqual(lines, [
      "run           3 s, 4 ranks on n41",
      "efficiency    50 % = load balance 50 % x communication 100 %",
      "balance       computing 1 s (rank 2), median 1 s, most 3 s (rank 1)",
      "waiting       6 s, 50 % of all ranks' time; most: rank 2 for rank 1, 2 s",
      "messages      1, 2.4 MiB in sum",
      "longest call  allreduce at solver.ts:88: 400 calls, 6 s in sum, 100 % of it waiting",
      "memory        at most 80 MiB (rank 0)",
      "advice        Rank 1 computes 2 times as long as the mean; 50 % of all ranks' time is lost to it:",
      "              the others wait in allreduce at solver.ts:88.",
    ]);
  });

  test("has the mean of the middle two as the median of an even number of ranks", () => {
    const run = new Simulation(4);
    for (const [rank, ms] of [10, 20, 40, 90].entries()) run.compute(rank, ms);
    const line = summary(run).find((each) => each.startsWith("balance"));
    assert.equal(line, "balance     computing 10 ms (rank 0), median 30 ms, most 90 ms (rank 3)");
  });

  test("gives waiting the same share as the advice on it", () => {
    const run = new Simulation(4);
    for (let step = 0; step < 50; step++) {
      for (const rank of run.all) run.compute(rank, rank === 3 ? 4 : 12);
      run.rooted("gather", "solver.ts:88", 3, { ranks: [0, 3], context: 2 });
      for (const rank of run.all) run.compute(rank, 4);
    }
    const text = summary(run).join(" ").replace(/ +/g, " ");
    const shares = [...text.matchAll(/(\d+) % of all ranks' time/g)].map(([, share]) => share);
    assert.deepEqual(shares, ["12", "12"], text);
  });

  test("of a map", () => {
    const lines = summary(straggler(5, 300, 2000));
    const map = lines.find((line) => line.startsWith("map"));
    assert.match(
      map ?? "",
      /^map +map at sweep.ts:5: 300 tasks on ranks 1-4; mean \d+ ms, longest 2 s \(input 299, rank \d\)$/,
    );
  });

  test("of a deadlock", () => {
    const lines = summary(deadlock());
    assert.match(lines[0]!, /^run +\S+ ms, 4 ranks on n41, exit code 123$/);
    assert.ok(lines.some((line) => line.startsWith("advice") && line.includes("Deadlock: rank 0 waits for rank 1")));
  });

  test("is plain text of at most a hundred columns, in about ten lines", () => {
    for (const run of [mixed(6, 70, 1), straggler(4), deadlock(), balanced(1, 3), new Simulation(2)]) {
      const lines = summary(run);
      assert.ok(lines.length >= 1 && lines.length <= 14, lines.join("\n"));
      for (const line of lines) assert.match(line, /^[\x20-\x7e]{1,100}$/);
    }
  });
});

describe("scaling", () => {
  /** The same work on more ranks. */
  function run(size: number): Simulation {
    const simulation = new Simulation(size);
    for (let step = 0; step < 10; step++) {
      for (const rank of simulation.all) simulation.compute(rank, 120 / size + (rank === 0 ? 1 : 0));
      simulation.together("allreduce", "app.ts:1", { cost: 1 });
    }
    return simulation;
  }

  test("compares each run with the one of the fewest ranks", () => {
    const rows = scalingOf(
      [run(4), run(1), run(12)].map((each) => ({ name: `${each.all.length}.tsrec`, recording: each.recording() })),
    );
    assert.deepEqual(
      rows.map(({ ranks }) => ranks),
      [1, 4, 12],
    );
    const [first, second, third] = rows as [(typeof rows)[0], (typeof rows)[0], (typeof rows)[0]];
    assert.deepEqual([first.speedup, first.computationScaling, first.globalEfficiency], [1, 1, first.parallel]);
    assert.ok(Math.abs(second.speedup - 122 / 32) < 0.01, `${second.speedup}`);
    assert.ok(Math.abs(third.speedup - 122 / 12) < 0.01, `${third.speedup}`);
    assert.ok(second.computationScaling > 0.98 && second.computationScaling <= 1.001);
    assert.ok(Math.abs(third.globalEfficiency - third.parallel * third.computationScaling) < 0.001);
    const table = scalingTable(rows).split("\n");
    assert.equal(table.length, 4);
    assert.match(table[0]!, /^run +ranks +time +speedup +parallel/);
    assert.match(table[2]!, /^4\.tsrec +4 +320 ms +3\.81 +\d\d %/);
  });

  test("of no run, and of runs without time", () => {
    assert.deepEqual(scalingOf([]), []);
    const rows = scalingOf([2, 4].map((size) => ({ name: "", recording: new Simulation(size).recording() })));
    assert.deepEqual(
      rows.map(({ speedup, computationScaling }) => [speedup, computationScaling]),
      [
        [1, 1],
        [1, 1],
      ],
    );
  });
});

describe("a comparison", () => {
  const before = slowRank(4, 1, 3);
  const after = slowRank(4, 1, 1);
  after.together("barrier", "new.ts:1");
  after.compute(2, 500);
  after.together("barrier", "new.ts:1");

  test("has the run as a whole, then the calls with the largest change first", () => {
    const rows = compare(before.recording(), after.recording());
    assert.deepEqual(
      rows.slice(0, 3).map(({ what }) => what),
      ["time", "ranks", "efficiency"],
    );
    const calls = rows.slice(10);
    assert.deepEqual(
      calls.map(({ what }) => what),
      ["allreduce at solver.ts:88", "barrier at new.ts:1"],
    );
    const sum = (run: Simulation, site: string): number =>
      run.ranks.flatMap(({ calls: own }) => own).reduce((ms, call) => ms + (call.site === site ? call.ms : 0), 0);
    for (const [index, site] of ["solver.ts:88", "new.ts:1"].entries()) {
      assert.ok(Math.abs(calls[index]!.before - sum(before, site)) < 1e-6);
      assert.ok(Math.abs(calls[index]!.after - sum(after, site)) < 1e-6);
    }
  });

  test("is a table of aligned columns", () => {
    const lines = comparisonTable(compare(before.recording(), after.recording())).split("\n");
    assert.match(lines[0]!, /^ +before +after +change$/);
    assert.match(lines[1]!, /^time +3 s +1\.5 s +-(49|50) %$/);
    assert.match(lines[3]!, /^efficiency +50 % +7\d % +\+2\d points$/);
    assert.ok(
      lines.some((line) => /^barrier at new\.ts:1 +0 ms +1\.5 s +new$/.test(line)),
      lines.join("\n"),
    );
    const column = lines[0]!.indexOf("before");
    for (const line of lines) assert.equal(line[column - 1], " ");
  });

  test("of a run with itself shows no change", () => {
    const recording = mixed(4, 70, 2).recording();
    const lines = comparisonTable(compare(recording, recording)).split("\n");
    assert.equal(lines.length, 11);
    for (const line of lines.slice(1)) assert.doesNotMatch(line, /new|gone|[+-]\d+ (%|points)$/);
  });
});

describe("recordings of different command lines", () => {
  const noted = (...commands: string[]): boolean[] => {
    const recordings = commands.map((command) => {
      const recording = balanced(2, 3).recording();
      recording.about.command = command;
      return recording;
    });
    const rows = scalingOf(recordings.map((recording) => ({ name: "run", recording })));
    const [first, second] = recordings;
    const tables = [scalingTable(rows, recordings), comparisonTable(compare(first!, second!), recordings)];
    return tables.map((table) => table.startsWith("note: the recordings are of different command lines\n"));
  };

  test("are noted", () => {
    assert.deepEqual(noted("tsmpi run -n 2 a.ts", "tsmpi run -n 2 b.ts"), [true, true]);
    assert.deepEqual(noted("tsmpi run -n 2 a.ts 100", "tsmpi run -n 4 a.ts 200"), [true, true]);
  });

  test("but not the number of ranks, nor what is shown", () => {
    assert.deepEqual(
      noted(
        "tsmpi run -n 2 a.ts 100",
        "tsmpi run -np 4 --record four.tsrec a.ts 100",
        "tsmpi run --np=8 --summary --live --report=r.html --trace t.json --record-lines a.ts 100",
      ),
      [false, false],
    );
  });
});

describe("words", () => {
  test("durations", () => {
    const cases: [number, string][] = [
      [0, "0 ms"],
      [0.04, "0 ms"],
      [0.25, "0.3 ms"],
      [9.96, "10 ms"],
      [999.4, "999 ms"],
      [999.6, "1 s"],
      [12_345, "12 s"],
      [119_400, "119 s"],
      [119_600, "2 min"],
      [200_000, "3 min 20 s"],
      [7_500_000, "2 h 5 min"],
      [7_200_000, "2 h"],
    ];
    for (const [ms, words] of cases) assert.equal(duration(ms), words, `${ms}`);
  });

  test("bytes, shares, ranks", () => {
    const sizes: [number, string][] = [
      [0, "0 bytes"],
      [1, "1 byte"],
      [999, "999 bytes"],
      [1000, "1000 bytes"],
      [1023.9, "1 KiB"],
      [1536, "1.5 KiB"],
      [1_550_000, "1.5 MiB"],
      [2 ** 51, "2 PiB"],
    ];
    for (const [bytes, words] of sizes) assert.equal(bytesOf(bytes), words);
    assert.deepEqual([percent(0), percent(0.004), percent(0.416), percent(1)], ["0 %", "0.4 %", "42 %", "100 %"]);
    assert.deepEqual([ranksNamed([3]), ranksNamed([5, 0, 2, 1])], ["rank 3", "ranks 0-2, 5"]);
  });
});
