import type { Advice, ReportData } from "../../packages/launcher/src/performance/report-data.ts";
import { Random } from "../support/random.ts";
import { SimulatedRun } from "./simulated-run.ts";

/** All ranks do the same work. */
export function balanced(): ReportData {
  const run = new SimulatedRun(8, ["node01"], new Random(1));
  run.phase("setup", () => eachRank(run, (rank) => run.compute(rank, 40)));
  run.phase("solve", () => steps(run, 12, () => 30));
  return { ...run.report("tsmpi run -n 8 balanced.ts"), scaling: scaling() };
}

/** Rank 3 needs twice the time, and all others wait for it. */
export function slowRank(): ReportData {
  const run = new SimulatedRun(8, ["node01", "node02"], new Random(2));
  run.phase("setup", () => eachRank(run, (rank) => run.compute(rank, 60)));
  run.phase("solve", () => steps(run, 14, (rank) => (rank === 3 ? 64 : 30)));
  run.phase("output", () => {
    run.collective({ operation: "gather", site: "solver.ts:71", bytes: 800_000 }, 0);
    run.compute(0, 80);
    run.collective({ operation: "barrier", site: "solver.ts:74" });
  });
  const data = run.report("tsmpi run -n 8 solver.ts --steps 14");
  const advice: Advice[] = [
    {
      kind: "late-rank",
      text: "Rank 3 comes 33 ms late to each allreduce at solver.ts:52: the 7 others wait 3.2 s for it in all, 46 % of the run.",
      ranks: [3],
      from: 180,
      to: 320,
      site: "solver.ts:52",
    },
    {
      kind: "root",
      text: "Rank 0 writes the output alone for 80 ms while 7 ranks wait in the barrier at solver.ts:74.",
      ranks: [0],
      from: data.ending.ms - 100,
      to: data.ending.ms,
      site: "solver.ts:74",
    },
  ];
  return { ...data, advice };
}

/** All ranks send what they have to rank 0. */
export function star(): ReportData {
  const run = new SimulatedRun(12, ["node01"], new Random(3));
  for (let step = 0; step < 10; step++) {
    eachRank(run, (rank) => run.compute(rank, rank === 0 ? 2 : 22));
    const send = { operation: "send", site: "star.ts:18", bytes: 4_000_000, tag: 5 };
    const pairs = Array.from({ length: run.size - 1 }, (_, at): [number, number] => [at + 1, 0]);
    run.messages(pairs, send, { ...send, operation: "recv", site: "star.ts:24" });
    run.collective({ operation: "bcast", site: "star.ts:30", bytes: 64 }, 0);
  }
  const advice: Advice[] = [
    {
      kind: "root",
      text: "All messages go to rank 0, which spends 78 % of the run receiving them: a reduce would share this work.",
      ranks: [0],
      from: 30,
      to: 90,
      site: "star.ts:24",
    },
  ];
  return { ...run.report("tsmpi run -n 12 star.ts"), advice };
}

/** Neighbours of a grid of 4 x 2 exchange their edges; the grid is on two hosts. */
export function stencil(): ReportData {
  const run = new SimulatedRun(8, ["node01", "node02"], new Random(4));
  const neighbors = (rank: number): number[] =>
    [rank - 2, rank + 2, rank % 2 === 0 ? rank + 1 : rank - 1].filter((each) => each >= 0 && each < 8);
  for (let step = 0; step < 20; step++) {
    run.phase("solve", () => {
      eachRank(run, (rank) => run.compute(rank, 12 + (rank % 3)));
      run.phase("solve/halo", () => {
        const pairs = Array.from({ length: 8 }, (_, rank) =>
          neighbors(rank).map((to): [number, number] => [rank, to]),
        ).flat();
        for (const [far, bytes] of [
          [true, 65_536],
          [false, 8192],
        ] as const) {
          const send = { operation: "send", site: "stencil.ts:40", bytes, tag: far ? 1 : 2 };
          const some = pairs.filter(([from, to]) => (Math.abs(from - to) === 2) === far);
          run.messages(some, send, { ...send, operation: "recv", site: "stencil.ts:44" });
        }
      });
    });
    if (step % 5 === 4) run.collective({ operation: "allreduce", site: "stencil.ts:58", bytes: 8 });
  }
  const data = run.report("tsmpi run -n 8 --hosts node01,node02 stencil.ts");
  const edges = data.traffic
    .filter(([, , messages]) => messages > 0)
    .map(([from, to, messages, bytes]) => [from, to, bytes, messages]) as [number, number, number, number][];
  const members = [0, 1, 2, 3, 4, 5, 6, 7];
  return {
    ...data,
    topologies: [
      {
        kind: "cart",
        name: "plane",
        context: 1,
        members,
        dims: [4, 2],
        periodic: [false, false],
        neighbors: [],
        edges,
      },
      {
        kind: "graph",
        name: "",
        context: 2,
        members,
        neighbors: [],
        edges: edges.filter(([from, to]) => from + 2 >= to),
      },
    ],
  };
}

/** A map of 120 tasks, of which the last takes ten times as long. */
export function straggler(): ReportData {
  const random = new Random(5);
  const run = new SimulatedRun(6, ["node01"], random);
  const began = Array.from({ length: 6 }, (_, rank) => run.clock(rank));
  const perRank = began.map((_, rank): [number, number, number] => [rank, 0, 0]);
  const durations = new Map<number, number>();
  const longest: [number, number, number, number][] = [];
  for (let input = 0; input < 120; input++) {
    const ranks = perRank.map(([rank]) => rank).slice(1);
    const rank = ranks.reduce((first, each) => (run.clock(each) < run.clock(first) ? each : first));
    const ms = input === 117 ? 410 : 14 + 40 * random.fraction() ** 3;
    longest.push([input, rank, run.clock(rank), ms]);
    run.task(rank, { operation: "task", site: "sweep.ts:12" }, ms, input);
    const bound = 2 ** Math.ceil(Math.log2(ms));
    durations.set(bound, (durations.get(bound) ?? 0) + 1);
    perRank[rank]![1]++;
    perRank[rank]![2] += ms;
  }
  const end = Math.max(...began.map((_, rank) => run.clock(rank)));
  for (const [rank, from] of began.entries()) {
    run.around(rank, { operation: "map", site: "sweep.ts:12" }, from, end);
  }
  const data = run.report("tsmpi run -n 6 sweep.ts", end + 2);
  longest.sort((a, b) => b[3] - a[3]);
  const slow = longest[0]!;
  return {
    ...data,
    advice: [
      {
        kind: "straggler",
        text: `The task of input ${slow[0]} took 410 ms, 20 times the median, and began last: 4 ranks were idle meanwhile.`,
        ranks: [slow[1]],
        from: slow[2],
        to: slow[2] + slow[3],
        site: "sweep.ts:12",
      },
    ],
    maps: [
      {
        operation: run.operation("map"),
        site: run.site("sweep.ts:12"),
        tasks: 120,
        beganAt: 4,
        endedAt: end,
        perRank,
        durations: [...durations],
        longest: longest.slice(0, 20),
        retries: 2,
        failures: 0,
      },
    ],
  };
}

/** Three ranks wait for each other, a fourth for one of them; two have ended. */
export function deadlock(): ReportData {
  const run = new SimulatedRun(6, ["node01", "node02"], new Random(6));
  steps(run, 3, () => 20);
  for (const rank of [0, 1, 2]) {
    run.stuck(rank, { operation: "recv", site: "ring.ts:23", tag: 7 }, (rank + 2) % 3);
  }
  run.stuck(3, { operation: "recv", site: "ring.ts:31", tag: 9 }, 0);
  const data = run.report("tsmpi run -n 6 ring.ts", 1500);
  const stuck = [0, 1, 2].map((rank) => {
    const source = (rank + 2) % 3;
    return { rank, call: `recv({ source: ${source}, tag: 7 })`, site: "ring.ts:23", ranks: [source] };
  });
  return {
    ...data,
    ranks: data.ranks.map((each) =>
      each.rank > 3 ? each : { ...each, complete: false, lastCall: "recv at ring.ts:23" },
    ),
    ending: {
      exitCode: 123,
      ms: 1500,
      words: [
        "Deadlock: ranks 0, 1 and 2 wait for each other.\n  rank  host    waits in\n  0     node01  recv({ source: 2, tag: 7 })",
        "The job was stopped.",
      ],
      deadlock: [...stuck, { rank: 3, call: "recv({ source: 0, tag: 9 })", site: "ring.ts:31", ranks: [0] }],
    },
    advice: [
      {
        kind: "deadlock",
        text: "Ranks 0, 1 and 2 each receive before any of them sends.",
        ranks: [0, 1, 2],
        from: 70,
        to: 1500,
      },
    ],
  };
}

/** A run of many ranks with many calls, for sizes and for speed. */
export function large(ranks = 64, segments = 256): ReportData {
  const random = new Random(7);
  const hosts = Array.from({ length: Math.max(1, ranks / 16) }, (_, at) => `node${String(at + 1).padStart(2, "0")}`);
  const run = new SimulatedRun(ranks, hosts, random);
  for (let step = 0; step < segments / 4; step++) {
    eachRank(run, (rank) => run.compute(rank, 8 + (rank % 7) + 6 * random.fraction()));
    const send = { operation: "send", site: "large.ts:12", bytes: 16_384, tag: step };
    run.messages(ring(run), send, { ...send, operation: "recv", site: "large.ts:13" });
    run.collective({ operation: "allreduce", site: "large.ts:20", bytes: 4096 });
    run.collective({ operation: "barrier", site: "large.ts:21" });
  }
  return run.report(`tsmpi run -n ${ranks} large.ts`);
}

/** A run that ended before any rank had joined it. */
export function empty(): ReportData {
  const about = {
    command: "tsmpi run -n 2 empty.ts",
    directory: "/tmp",
    tsmpi: "0.1.0",
    node: "v20.19.0",
    startedAt: "2026-03-02T09:41:07Z",
    hosts: [],
  };
  return {
    format: 1,
    about,
    ending: { exitCode: 1, ms: 0, words: ["Rank 0 exited with code 1 before it called init()."] },
    ranks: [],
    efficiency: [],
    advice: [],
    remarks: [],
    operations: [],
    sites: [],
    phases: [],
    timeline: { binMs: 1, bins: [], segments: [], arrows: [], phases: [] },
    calls: [],
    waitedFor: [],
    traffic: [],
    balance: [],
    maps: [],
    resources: [],
    topologies: [],
  };
}

function eachRank(run: SimulatedRun, act: (rank: number) => void): void {
  for (let rank = 0; rank < run.size; rank++) act(rank);
}

/** Steps of a solver: tell the right neighbour, compute, and agree. */
function steps(run: SimulatedRun, number: number, work: (rank: number) => number): void {
  for (let step = 0; step < number; step++) {
    const send = { operation: "send", site: "solver.ts:44", bytes: 131_072, tag: 1 };
    run.messages(ring(run), send, { ...send, operation: "recv", site: "solver.ts:45" });
    eachRank(run, (rank) => run.compute(rank, work(rank)));
    run.collective({ operation: "allreduce", site: "solver.ts:52", bytes: 8 });
  }
}

function ring({ size }: SimulatedRun): [number, number][] {
  return Array.from({ length: size }, (_, rank) => [rank, (rank + 1) % size]);
}

function scaling(): NonNullable<ReportData["scaling"]> {
  return [1, 2, 4, 8].map((ranks) => {
    const parallel = 1 - 0.03 * Math.log2(ranks);
    const computationScaling = 1 - 0.02 * Math.log2(ranks);
    const globalEfficiency = parallel * computationScaling;
    return {
      name: `run-${ranks}`,
      ranks,
      ms: 3200 / ranks / globalEfficiency,
      parallel,
      loadBalance: 1 - 0.01 * Math.log2(ranks),
      communication: parallel / (1 - 0.01 * Math.log2(ranks)),
      serialization: 0.99,
      transfer: parallel / (1 - 0.01 * Math.log2(ranks)) / 0.99,
      computationScaling,
      globalEfficiency,
      speedup: ranks * globalEfficiency,
    };
  });
}
