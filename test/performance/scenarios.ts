import { randomOf, Simulation } from "./generate.ts";

/** All ranks compute about equally long: nothing is wrong. */
export function balanced(size: number, steps = 100, seed = 1): Simulation {
  const random = randomOf(seed);
  const run = new Simulation(size);
  for (let step = 0; step < steps; step++) {
    for (const rank of run.all) run.compute(rank, 10 * (0.98 + 0.04 * random()));
    run.together("allreduce", "solver.ts:88");
  }
  return run;
}

/** One rank computes `factor` times as long as each other one. */
export function slowRank(
  size: number,
  slow: number,
  factor: number,
  site = "solver.ts:88",
  steps = 100,
  seed = 1,
): Simulation {
  const random = randomOf(seed);
  const run = new Simulation(size);
  for (let step = 0; step < steps; step++) {
    for (const rank of run.all) run.compute(rank, 10 * (rank === slow ? factor : 1) * (0.98 + 0.04 * random()));
    run.together("allreduce", site);
  }
  return run;
}

/** Workers get work from one rank, by messages; that rank computes for each message. */
export function star(size: number, root = 0, site = "star.ts:20", steps = 60): Simulation {
  const run = new Simulation(size);
  for (let step = 0; step < steps; step++) {
    for (const rank of run.all) {
      if (rank === root) continue;
      run.compute(root, 4);
      run.message(root, rank, { from: "star.ts:9", to: site });
      run.compute(rank, 5);
    }
    for (const rank of run.all) if (rank !== root) run.message(rank, root, { from: "star.ts:22", to: "star.ts:11" });
  }
  return run;
}

/** A ring of halo exchanges in which neighbors are never on the same host. */
export function misplacedStencil(size = 8, steps = 100, site = "halo.ts:12"): Simulation {
  const run = new Simulation(
    size,
    Array.from({ length: size }, (_, rank) => rank % 2),
  );
  for (let step = 0; step < steps; step++) {
    for (const rank of run.all) run.compute(rank, 5);
    const cost = (rank: number, source: number): number => (run.hosts[rank] === run.hosts[source] ? 0.2 : 3);
    run.exchange(site, (rank) => (rank + 1) % size, { bytes: 1_000_000, cost });
    run.exchange(site, (rank) => (rank + size - 1) % size, { bytes: 1_000_000, cost });
  }
  return run;
}

/** A map whose last task is long. */
export function straggler(size: number, tasks = 300, long = 2000, site = "sweep.ts:5", seed = 1): Simulation {
  const random = randomOf(seed);
  const run = new Simulation(size);
  const durations = Array.from({ length: tasks }, () => 15 + 10 * random());
  durations[tasks - 1] = long;
  run.map(site, durations);
  return run;
}

/** Each rank computes when it has got the message of the one before. */
export function ring(size: number, site = "ring.ts:9", steps = 40): Simulation {
  const run = new Simulation(size);
  for (let step = 0; step < steps; step++) {
    for (const rank of run.all) {
      run.compute(rank, 10);
      run.message(rank, (rank + 1) % size, { from: "ring.ts:8", to: site });
    }
  }
  return run;
}

/** Two ranks that each wait for the other's message first. */
export function deadlock(): Simulation {
  const run = balanced(4, 20);
  run.stuck(0, "recv", "pair.ts:3", 1);
  run.stuck(1, "recv", "pair.ts:3", 0);
  run.stuck(2, "barrier", "pair.ts:9");
  run.stuck(3, "barrier", "pair.ts:9");
  run.ending = {
    exitCode: 123,
    words: ["deadlock: every rank waits and nothing is on its way"],
    deadlock: [
      { rank: 0, call: "recv({ source: 1 })", site: "pair.ts:3", ranks: [1] },
      { rank: 1, call: "recv({ source: 0 })", site: "pair.ts:3", ranks: [0] },
      { rank: 2, call: "barrier()", site: "pair.ts:9", ranks: [0, 1] },
      { rank: 3, call: "barrier()", site: "pair.ts:9", ranks: [0, 1] },
    ],
  };
  return run;
}

/** A bit of everything, at random: for the exactness of sums, not for advice. */
export function mixed(size: number, steps: number, seed: number): Simulation {
  const random = randomOf(seed);
  const run = new Simulation(
    size,
    Array.from({ length: size }, (_, rank) => (rank < size / 2 ? 0 : 1)),
  );
  const even = run.all.filter((rank) => rank % 2 === 0);
  for (let step = 0; step < steps; step++) {
    run.phase(step < steps / 3 ? "" : step % 2 === 0 ? "solve" : "solve/halo");
    for (const rank of run.all) run.compute(rank, 2 + 10 * random() ** 3);
    const shift = 1 + (step % (size - 1));
    switch (step % 7) {
      case 0:
        run.together("allreduce", "mix.ts:1");
        break;
      case 1:
        run.rooted("bcast", "mix.ts:2", 1);
        break;
      case 2:
        run.rooted("gather", "mix.ts:3", size - 1, { bytes: 4000 });
        break;
      case 3:
        for (const rank of run.all) run.message(rank, (rank + shift) % size, { bytes: Math.floor(1e5 * random()) });
        break;
      case 4:
        run.exchange("mix.ts:5", (rank) => (rank + shift) % size, { bytes: 512 });
        break;
      case 5:
        run.message(0, size - 1, { rendezvous: true, bytes: 5e6 });
        break;
      default:
        run.together("barrier", "mix.ts:6", { ranks: even, context: 3, bytes: 0 });
    }
  }
  return run;
}
