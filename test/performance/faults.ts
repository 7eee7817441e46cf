import type { Advice } from "../../packages/launcher/src/performance/report-data.ts";
import { randomOf, Simulation } from "./generate.ts";
import { misplacedStencil, ring, slowRank, star } from "./scenarios.ts";

/** A run with a fault, and what advice has to name. */
export interface Planted {
  run: Simulation;
  kind: Advice["kind"];
  /** -1: the fault is that of no single rank. */
  rank: number;
  site: string | undefined;
}

type Plant = (size: number, rank: number, site: string, random: () => number) => Planted;

/** Each kind of fault that a seed can plant. */
export const plants: Record<string, Plant> = {
  imbalance: (size, rank, site, random) => {
    const run = slowRank(size, rank, 1.5 + random(), site, 100, Math.floor(random() * 1e6));
    return { run, kind: "imbalance", rank, site };
  },

  "imbalance between neighbors": (size, rank, site, random) => {
    const run = new Simulation(size);
    for (let step = 0; step < 150; step++) {
      for (const each of run.all) run.compute(each, 8 * (each === rank ? 1.6 : 1) * (0.99 + 0.02 * random()));
      run.exchange(site, (each) => (each + 1) % size);
      run.exchange(site, (each) => (each + size - 1) % size);
    }
    return { run, kind: "imbalance", rank, site };
  },

  /** A rank that computes less waits for its messages. */
  "late sender": (_size, rank, site, random) => {
    const size = 4;
    const late = rank % size;
    const waiting = (late + 1 + Math.floor(3 * random())) % size;
    const run = new Simulation(size);
    for (let step = 0; step < 80; step++) {
      for (const each of run.all) run.compute(each, each === waiting ? 2 : 10);
      run.message(late, waiting, { from: "late.ts:1", to: site });
      for (const each of run.all) run.compute(each, each === waiting ? 4 : 2);
    }
    return { run, kind: "late-rank", rank: late, site };
  },

  /** One rank comes late to each sum, and computes less afterwards: in sum all compute equally long. */
  "late rank": (size, rank, site, random) => {
    const run = new Simulation(size);
    for (let step = 0; step < 60; step++) {
      for (const each of run.all) run.compute(each, (each === rank ? 20 : 5) * (0.99 + 0.02 * random()));
      run.together("allreduce", site);
      for (const each of run.all) run.compute(each, each === rank ? 5 : 20);
      run.together("barrier", "late.ts:9");
    }
    return { run, kind: "late-rank", rank, site };
  },

  star: (size, _rank, site) => ({ run: star(size, 0, site), kind: "root", rank: 0, site }),

  "serial root": (size, rank, site, random) => {
    const run = new Simulation(size);
    for (let step = 0; step < 60; step++) {
      for (const each of run.all) run.compute(each, 10 * (0.99 + 0.02 * random()));
      run.rooted("gather", "serial.ts:7", rank);
      run.compute(rank, 8);
      run.rooted("bcast", site, rank);
    }
    return { run, kind: "root", rank, site };
  },

  "tiny tasks": (size, _rank, site) => {
    const run = new Simulation(size);
    run.map(
      site,
      Array.from({ length: 20_000 }, () => 0.02),
      0.05,
    );
    return { run, kind: "root", rank: 0, site };
  },

  straggler: (size, _rank, site, random) => {
    const run = new Simulation(size);
    const durations = Array.from({ length: 200 }, () => 10 + 10 * random());
    durations[150 + Math.floor(50 * random())] = 3000;
    run.map(site, durations);
    const task = run.ranks.findIndex(({ calls }) =>
      calls.some(({ operation, ms }) => operation === "task" && ms === 3000),
    );
    return { run, kind: "straggler", rank: task, site };
  },

  placement: (size, _rank, site) => {
    return { run: misplacedStencil(size - (size % 2), 60, site), kind: "placement", rank: 1, site: undefined };
  },

  "small messages": (size, rank, site) => {
    const run = new Simulation(size);
    const dest = (rank + 1) % size;
    for (let step = 0; step < 20; step++) {
      for (const each of run.all) run.compute(each, 20);
      for (let i = 0; i < 300; i++) {
        const pairs = run.all.map((each) => [each, (each + 1) % size] as const);
        run.messages(pairs, { bytes: 8, from: site, to: "small.ts:9" });
      }
      run.message(rank, dest, { bytes: 1e6 });
    }
    return { run, kind: "small-messages", rank: -1, site };
  },

  "much data": (size, _rank, site) => {
    const run = new Simulation(size);
    for (let step = 0; step < 60; step++) {
      for (const each of run.all) run.compute(each, 10);
      run.together("allreduce", site, { bytes: 8e7, cost: 12 });
    }
    return { run, kind: "transfer", rank: -1, site };
  },

  ring: (size, _rank, site) => ({ run: ring(size, site), kind: "serialization", rank: -1, site }),

  /** Sends wait for a rank that computes without an await. */
  stall: (_size, rank, site, random) => {
    const size = 4;
    const busy = rank % size;
    const run = new Simulation(size);
    for (let step = 0; step < 60; step++) {
      for (const each of run.all) run.compute(each, each === busy ? 60 : 25 + 5 * random());
      for (const each of run.all) {
        if (each !== busy) run.message(each, busy, { rendezvous: true, bytes: 4e6, from: site });
      }
      for (const each of run.all) run.compute(each, each === busy ? 0 : 35);
      run.together("barrier", "stall.ts:9");
    }
    run.ranks[busy]!.stallMs = 60;
    return { run, kind: "stall", rank: busy, site };
  },

  collection: (size, rank) => {
    const run = slowRank(size, rank, 1);
    for (const [each, own] of run.ranks.entries()) own.gcMs = each === rank ? 400 : 200;
    return { run, kind: "memory", rank, site: undefined };
  },

  leak: (size, rank) => {
    const run = slowRank(size, rank, 1);
    run.ranks[rank]!.rssBytes = (at) => (100 + at) * 2 ** 20;
    return { run, kind: "memory", rank, site: undefined };
  },
};

/** The fault of a seed: its kind, rank and line. */
export function planted(seed: number, name: string): Planted {
  const random = randomOf(seed);
  const size = 4 + Math.floor(random() * 9);
  const rank = Math.floor(random() * size);
  return plants[name]!(size, rank, `app-${seed}.ts:${1 + Math.floor(random() * 400)}`, random);
}

/** A program of random shape in which all ranks compute about equally long and calls cost little. */
export function healthy(seed: number): Simulation {
  const random = randomOf(seed);
  const size = 2 + Math.floor(random() * 11);
  const hosts = 1 + Math.floor(random() * 2);
  const run = new Simulation(
    size,
    Array.from({ length: size }, (_, rank) => Math.floor((rank * hosts) / size)),
  );
  const work = 4 + 20 * random();
  const shapes = Array.from({ length: 3 }, () => Math.floor(random() * 5));
  for (let step = 0; step < 90; step++) {
    run.phase(step < 30 ? "" : "solve");
    for (const rank of run.all) run.compute(rank, work * (0.985 + 0.03 * random()));
    healthyCall(run, shapes[step % 3]!, Math.floor(random() * size));
  }
  return run;
}

function healthyCall(run: Simulation, shape: number, root: number): void {
  const size = run.ranks.length;
  if (shape === 0) run.together("allreduce", "ok.ts:1");
  else if (shape === 1) run.rooted("gather", "ok.ts:2", root, { bytes: 4000 });
  else if (shape === 2) run.exchange("ok.ts:3", (rank) => (rank + 1) % size, { bytes: 1e5 });
  else if (shape === 3) run.rooted("bcast", "ok.ts:4", root);
  else
    run.messages(
      run.all.map((rank) => [rank, (rank + 1) % size] as const),
      { bytes: 2000 },
    );
}

/** A program of several calls in which one rank computes longer, before one of them or before all. */
export function slowAmongOthers(seed: number): { run: Simulation; rank: number } {
  const random = randomOf(seed);
  const size = 4 + Math.floor(random() * 11);
  const run = new Simulation(size);
  const rank = Math.floor(random() * size);
  const calls = Array.from({ length: 3 }, () => ({
    shape: Math.floor(random() * 5),
    root: Math.floor(random() * size),
    isSlow: random() < 0.6,
  }));
  calls[0]!.isSlow = true;
  const factor = 1.8 + random();
  const work = 4 + 20 * random();
  for (let step = 0; step < 90; step++) {
    const { shape, root, isSlow } = calls[step % 3]!;
    for (const each of run.all) {
      run.compute(each, work * (0.97 + 0.06 * random()) * (each === rank && isSlow ? factor : 1));
    }
    healthyCall(run, shape, root);
  }
  return { run, rank };
}
