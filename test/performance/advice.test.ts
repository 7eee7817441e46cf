import assert from "node:assert/strict";
import { describe, test } from "vitest";
import type { Advice } from "../../packages/launcher/src/performance/report-data.ts";
import { reportDataOf } from "../../packages/launcher/src/performance/report-data-of.ts";
import { healthy, planted, plants, slowAmongOthers } from "./faults.ts";
import { Simulation } from "./generate.ts";
import { balanced, deadlock, misplacedStencil, slowRank, straggler } from "./scenarios.ts";

const adviceFor = (run: Simulation, keeps = 1): Advice[] => reportDataOf(run.recording(keeps)).advice;
const names = Object.keys(plants);
const told = (advice: Advice[]): string => advice.map(({ kind, text }) => `${kind}: ${text}`).join("\n");

describe("the first advice names the fault that was planted", () => {
  for (const [index, name] of [...names, ...names].entries()) {
    const seed = 100 + index;
    test(`${name}, seed ${seed}`, () => {
      const { run, kind, rank, site } = planted(seed, name);
      const advice = adviceFor(run);
      const [first] = advice;
      assert.equal(first?.kind, kind, told(advice));
      assert.equal(first.site, site, told(advice));
      if (rank < 0) assert.deepEqual(first.ranks, [], told(advice));
      else if (kind === "placement") assert.ok(first.ranks.length >= 2, told(advice));
      else assert.equal(first.ranks[0], rank, told(advice));
      assert.ok(advice.length <= 3);
      for (const { text } of advice) assert.match(text, /^[A-Z0-9a-z][^\n]+\.$/);
    });
  }
});

describe("a rank that computes longer is found among waiting that passes from rank to rank", () => {
  for (let seed = 1; seed <= 30; seed++) {
    test(`seed ${seed}`, () => {
      const { run, rank } = slowAmongOthers(seed);
      const advice = adviceFor(run);
      assert.equal(advice[0]?.ranks[0], rank, `rank ${rank}: ${told(advice)}`);
      assert.ok(["imbalance", "root"].includes(advice[0].kind), told(advice));
    });
  }

  test("also if the ranks that wait for it keep others waiting", () => {
    const run = new Simulation(4);
    for (let step = 0; step < 60; step++) {
      for (const rank of run.all) run.compute(rank, rank === 3 ? 20 : 4);
      // Rank 3 is late; ranks 2, 1 and 0 pass it on.
      for (const rank of [3, 2, 1]) run.message(rank, rank - 1, { from: "chain.ts:1", to: "chain.ts:2" });
      run.together("barrier", "chain.ts:5");
      for (const rank of run.all) run.compute(rank, rank === 3 ? 4 : 20);
      run.together("barrier", "chain.ts:6");
    }
    const [advice] = adviceFor(run);
    assert.deepEqual([advice?.kind, advice?.ranks[0], advice?.site], ["late-rank", 3, "chain.ts:2"]);
    assert.match(
      advice?.text ?? "",
      /^Ranks 0-2 wait \d+ % of all ranks' time, (almost all|most) of it because of rank 3 in recv at chain\.ts:2\.$/,
    );
  });
});

describe("where nothing is wrong, nothing is said", () => {
  for (let seed = 1; seed <= 24; seed++) {
    test(`seed ${seed}`, () => {
      assert.deepEqual(adviceFor(healthy(seed)), []);
    });
  }

  test("a short run", () => {
    assert.deepEqual(adviceFor(slowRank(4, 1, 3, "app.ts:1", 1)), []);
  });

  test("a run of less than a second with much garbage collection", () => {
    const gcIn = (steps: number): Advice[] => {
      const run = balanced(3, steps);
      for (const rank of run.ranks) rank.gcMs = rank.time * 0.3;
      return adviceFor(run);
    };
    const stepMs = Math.max(...balanced(3, 10).ranks.map(({ time }) => time)) / 10;
    assert.deepEqual(gcIn(Math.floor(900 / stepMs)), []);
    assert.deepEqual(
      gcIn(Math.ceil(1200 / stepMs)).map(({ kind }) => kind),
      ["memory"],
    );
  });

  test("a map with tasks of like length", () => {
    assert.deepEqual(adviceFor(straggler(5, 800, 20)), []);
  });

  test("one rank", () => {
    assert.deepEqual(adviceFor(balanced(1, 200)), []);
  });
});

describe("what is no fault of the program", () => {
  test("ranks that start later than others", () => {
    const run = balanced(4, 100);
    const recording = run.recording();
    // Rank 2 joins 300 ms after the others, and all wait for it in their first call.
    for (const { rank, events, sums, phases, ...own } of recording.ranks) {
      if (rank === 2) continue;
      events.ms[0]! += 300;
      events.began[0]! -= 300;
      sums[0]!.ms += 300;
      phases[0]!.ms += 300;
      phases[0]!.inCallsMs += 300;
      Object.assign(recording.ranks[rank]!, { joinedAt: own.joinedAt - 300 });
    }
    for (const rank of recording.ranks) {
      rank.joinedAt += 300;
      rank.leftAt += 300;
      rank.events.began.forEach((_, i, began) => {
        began[i]! += 300;
      });
    }
    recording.ending.ms += 300;
    const data = reportDataOf(recording);
    assert.ok(data.waitedFor.some(([rank, forRank, ms]) => rank === 0 && forRank === 2 && ms > 290));
    assert.deepEqual(data.advice, []);
  });

  test("more ranks than CPUs", () => {
    const run = new Simulation(6);
    run.cpus = 2;
    for (let step = 0; step < 100; step++) {
      for (const rank of run.all) run.compute(rank, step % 6 === rank ? 20 : 10);
      run.together("allreduce", "app.ts:4", { cost: 5 });
    }
    const data = reportDataOf(run.recording());
    assert.deepEqual(data.advice, []);
    assert.match(data.remarks.join("\n"), /^n41 has 2 CPUs for 6 ranks, which used most of their time/);
    // As busy as before, on average, but with CPUs for all.
    run.cpus = 6;
    assert.deepEqual(
      adviceFor(run).map(({ kind }) => kind),
      ["serialization"],
    );
  });
});

describe("equal ranks on too few CPUs", () => {
  const text = "8 ranks share 2 CPUs on n41: ranks that compute wait for a CPU, which looks like imbalance.";

  test("are not called unequal", () => {
    const run = slowRank(8, 2, 2.2);
    run.cpus = 2;
    for (const rank of run.ranks) rank.gcMs = rank.time * 0.2;
    assert.deepEqual(
      adviceFor(run).map((advice) => [advice.kind, advice.text]),
      [["imbalance", text]],
    );
    run.cpus = 8;
    assert.deepEqual(
      adviceFor(run).map(({ kind }) => kind),
      ["imbalance", "memory"],
    );
  });

  test("nor late", () => {
    const run = new Simulation(8);
    for (let step = 0; step < 60; step++) {
      for (const rank of run.all) run.compute(rank, rank === 3 ? 20 : 5);
      run.together("allreduce", "app.ts:3");
      for (const rank of run.all) run.compute(rank, rank === 3 ? 5 : 20);
      run.together("barrier", "app.ts:9");
    }
    assert.equal(adviceFor(run)[0]?.kind, "late-rank");
    run.cpus = 2;
    assert.equal(told(adviceFor(run)), `imbalance: ${text}`);
  });

  test("other hosts' ranks are", () => {
    const run = slowRank(8, 7, 3);
    run.cpus = 4;
    run.hosts.splice(0, 8, 0, 0, 0, 0, 0, 0, 1, 1);
    assert.match(adviceFor(run)[0]?.text ?? "", /^Rank 7 computes 2\.\d times as long as the mean/);
  });
});

describe("waiting in a map for the rank that hands out tasks", () => {
  const tiny = (count: number): number[] => Array.from({ length: count }, () => 0.02);

  test("the tasks are those of that map", () => {
    const run = new Simulation(4);
    run.map(
      "long.ts:1",
      Array.from({ length: 300 }, () => 1),
      0.001,
    );
    run.map("tiny.ts:2", tiny(20_000));
    const [advice] = adviceFor(run);
    assert.match(
      advice?.text ?? "",
      /^Ranks 1-3 wait \d+ % of all ranks' time for rank 0 in map at tiny\.ts:2: it hands out tasks of 0 ms on average;/,
    );
  });

  test("is no matter of the tasks where the map has few", () => {
    const run = new Simulation(4);
    run.map("few.ts:2", tiny(57), 20);
    assert.doesNotMatch(told(adviceFor(run)), /hands out tasks/);
    const many = new Simulation(4);
    many.map("few.ts:2", tiny(63), 20);
    assert.match(told(adviceFor(many)), /hands out tasks/);
  });

  test("is no matter of the tasks where it comes late", () => {
    for (const size of [3, 5]) {
      const run = new Simulation(size);
      run.compute(0, 900);
      run.map("late.ts:7", tiny(3000), 0.01);
      const [advice] = adviceFor(run);
      assert.match(
        advice?.text ?? "",
        /^Rank 0 comes 900 ms late to the map at late\.ts:7: ranks 1-\d wait for it, \d+ % of/,
      );
      assert.deepEqual([advice?.ranks[0], advice?.site], [0, "late.ts:7"]);
    }
  });
});

describe("the line of calls", () => {
  /** Leaves the line of a part of the calls unknown, as ranks do for short calls. */
  function forget(run: Simulation, sites: string[], known: number): void {
    for (const { calls } of run.ranks) {
      for (const [i, call] of calls.entries()) if (sites.includes(call.site) && i % known !== 0) call.site = "";
    }
  }

  test("is that of the calls with a known one", () => {
    const run = slowRank(8, 2, 2.2);
    forget(run, ["solver.ts:88"], 10);
    const data = reportDataOf(run.recording());
    assert.equal(data.advice[0]?.site, "solver.ts:88");
    assert.deepEqual(
      data.calls.map(({ site, calls }) => [data.sites[site], calls]),
      [["solver.ts:88", 800]],
    );
  });

  test("stays unknown where there are several", () => {
    const run = new Simulation(4);
    for (let step = 0; step < 100; step++) {
      for (const rank of run.all) run.compute(rank, rank === 1 ? 20 : 10);
      run.together("barrier", step % 2 === 0 ? "a.ts:1" : "b.ts:2");
    }
    forget(run, ["a.ts:1", "b.ts:2"], 3);
    const data = reportDataOf(run.recording());
    assert.match(data.advice[0]?.text ?? "", /the others wait in barrier\.$/);
    assert.deepEqual(data.calls.map(({ site }) => data.sites[site]).sort(), ["", "a.ts:1", "b.ts:2"]);
  });
});

describe("what the sentences say", () => {
  test("a slow rank", () => {
    const [advice] = adviceFor(slowRank(8, 2, 2.2));
    const text =
      "Rank 2 computes 1.9 times as long as the mean; 48 % of all ranks' time is lost to it: the others wait in allreduce at solver.ts:88.";
    assert.equal(advice?.text, text);
    assert.ok(advice.from !== undefined && advice.to !== undefined && advice.to - advice.from > 10);
  });

  test("a group of slow ranks", () => {
    const run = new Simulation(8);
    for (let step = 0; step < 50; step++) {
      for (const rank of run.all) run.compute(rank, rank === 3 || rank === 4 ? 30 : 10);
      run.together("barrier", "app.ts:7");
    }
    const [advice] = adviceFor(run);
    assert.match(advice?.text ?? "", /^Ranks 3-4 compute 2 times as long as the mean; 50 % of all ranks' time is lost/);
    assert.deepEqual(advice?.ranks, [3, 4]);
  });

  test("ranks that compute less, and wait for no one in particular", () => {
    const run = new Simulation(6);
    for (let step = 0; step < 60; step++) {
      for (const rank of run.all) run.compute(rank, rank === 5 ? 2 : 12 + ((step * 5 + rank * 2) % 10) / 20);
      run.together("barrier", "app.ts:7");
    }
    const [advice] = adviceFor(run);
    assert.match(
      advice?.text ?? "",
      /^Rank 5 computes much less than the others; \d+ % of all ranks' time is lost to it: it waits in barrier at app.ts:7\.$/,
    );
    assert.deepEqual([advice?.kind, advice?.ranks, advice?.site], ["imbalance", [5], "app.ts:7"]);
  });

  test("a rank that waits for another", () => {
    const run = new Simulation(4);
    for (let step = 0; step < 50; step++) {
      for (const rank of run.all) run.compute(rank, rank === 3 ? 4 : 12);
      run.rooted("gather", "solver.ts:88", 3, { ranks: [0, 3], context: 2 });
      for (const rank of run.all) run.compute(rank, 4);
    }
    const [advice] = adviceFor(run);
    assert.match(
      advice?.text ?? "",
      /^Rank 3 waits 12 % of all ranks' time, almost all of it for rank 0 in gather at solver.ts:88\.$/,
    );
  });

  test("a map with a straggler", () => {
    const [advice] = adviceFor(straggler(5, 300, 12_000));
    assert.match(
      advice?.text ?? "",
      /^The last 12 s of the map at sweep.ts:5, 8\d % of it, are one task, input 299, on rank \d, while the other ranks wait: divide it|start it first/,
    );
  });

  test("a task that was started last, and one that was started first", () => {
    const tasks = Array.from({ length: 100 }, () => 20);
    const first = new Simulation(5);
    first.map("sweep.ts:5", [3000, ...tasks]);
    assert.match(adviceFor(first)[0]!.text, /input 0, on rank 1, while the other ranks wait: divide it\.$/);
    const last = new Simulation(5);
    last.map("sweep.ts:5", [...tasks, 500]);
    assert.match(
      adviceFor(last)[0]!.text,
      /input 100, on rank \d, while the other ranks wait: start it first, or divide it\.$/,
    );
  });

  test("many maps with few tasks each", () => {
    const run = new Simulation(5);
    for (let step = 0; step < 30; step++) run.map("sweep.ts:5", [10, 10, 10, 40]);
    const [advice] = adviceFor(run);
    assert.match(
      advice?.text ?? "",
      /^45 % of all ranks' time is lost at the ends of the 30 maps at sweep\.ts:5, when one rank/,
    );
    assert.deepEqual([advice?.kind, advice?.ranks, advice?.site], ["straggler", [4], "sweep.ts:5"]);
  });

  test("ranks on the wrong hosts", () => {
    const [advice] = adviceFor(misplacedStencil(8));
    assert.equal(advice?.text, "100 % of the bytes cross between n41 and n42; with --map-by slot it would be 25 %.");
  });

  test("a deadlock comes first and alone", () => {
    const advice = adviceFor(deadlock());
    assert.deepEqual(
      advice.map(({ kind, ranks, site }) => ({ kind, ranks, site })),
      [{ kind: "deadlock", ranks: [0, 1, 2, 3], site: "pair.ts:3" }],
    );
    assert.match(
      advice[0]!.text,
      /^Deadlock: rank 0 waits for rank 1 in recv\(\{ source: 1 \}\) at pair.ts:3; rank 1 waits/,
    );
  });

  test("a failure comes first", () => {
    const run = slowRank(4, 1, 3);
    run.stuck(2, "recv", "app.ts:5", 0);
    run.ranks[2]!.left = run.ranks[2]!.time + 10;
    run.ending = { exitCode: 137, words: ["rank 2 was killed by SIGKILL"] };
    const advice = adviceFor(run);
    assert.deepEqual(
      advice.slice(0, 2).map(({ kind }) => kind),
      ["failed", "imbalance"],
    );
    assert.match(advice[0]!.text, /^Rank 2 was killed by SIGKILL\. Rank 2 was in recv at app.ts:5 for 10 ms\.$/);
    assert.equal(advice[0]!.site, "app.ts:5");
  });

  test("a failure is one clean sentence", () => {
    const run = balanced(2, 3);
    const textOf = (...words: string[]): string => {
      run.ending = { exitCode: 1, words };
      return adviceFor(run)[0]!.text;
    };
    const cases = [
      "rank 1 exited with code 1; stopping the other ranks",
      "rank 1 exited with code 1; stopping the other ranks; meanwhile:\nrank 0 computes",
      "rank 1 exited with code 1; what the ranks do:\n  rank 0 ...",
      "rank 1 exited with code 1:\n  app.ts:3",
      "rank 1 exited with code 1.:",
      "rank 1 exited with code 1.",
    ];
    for (const words of cases) assert.equal(textOf(words), "Rank 1 exited with code 1.", words);
    assert.equal(textOf(), "The run ended with exit code 1.");
  });

  test("a rank that failed while the others went on", () => {
    const run = slowRank(4, 1, 1);
    run.ranks[2]!.left = run.ranks[2]!.time;
    run.ending = { exitCode: 0, words: ["rank 2 was killed by SIGKILL; going on without it"] };
    const [advice] = adviceFor(run);
    assert.equal(advice?.text, "Rank 2 was killed by SIGKILL; the others went on without it.");
    assert.deepEqual([advice?.kind, advice?.ranks], ["failed", [2]]);
  });

  test("one call of eight suffices", () => {
    const [advice] = adviceFor(slowRank(8, 2, 2.2, "solver.ts:88", 400), 8);
    assert.equal(advice?.kind, "imbalance");
    assert.deepEqual(advice.ranks, [2]);
  });
});
