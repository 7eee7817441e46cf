import { readFileSync } from "node:fs";
import { PerformanceObserver } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { init } from "tsmpi";
import { report } from "./report.ts";

/**
 * What the n-th call costs in a fresh process, and where the time of the first 1,000 goes. A round trip of 8 B; the twin of
 * `peers/mpi4py/curve.py`.
 */
let garbage = 0;
let counts = true;
new PerformanceObserver((list) => {
  if (counts) for (const { duration } of list.getEntries()) garbage += duration;
}).observe({ entryTypes: ["gc"] });

await using world = await init();
const [out, into] = [new Float64Array(1), new Float64Array(1)];
const bounds = [0, 10, 100, 1000, 10_000];
const times = new Float64Array(bounds.at(-1)!);
const other = 1 - world.rank;

async function calls(from: number, to: number): Promise<void> {
  for (let i = from; i < to; i++) {
    const start = performance.now();
    if (world.rank === 0) {
      await world.send(out, { dest: other });
      await world.recv({ source: other, into });
    } else {
      await world.recv({ source: other, into });
      await world.send(out, { dest: other });
    }
    times[i] = performance.now() - start;
  }
}

/** Milliseconds in which this thread ran, and waited for a CPU; and in which the whole process ran. */
function clocks(): [running: number, waiting: number, process: number] {
  const [running = 0, waiting = 0] = readFileSync(`/proc/self/task/${process.pid}/schedstat`, "utf8")
    .split(" ")
    .map(Number);
  const { user, system } = process.cpuUsage();
  return [running / 1e6, waiting / 1e6, (user + system) / 1000];
}

await world.barrier();
await sleep(0); // the observer's list of what came before
garbage = 0;
const before = clocks();
await calls(0, 1000);
const after = clocks();
await sleep(0);
counts = false;
await world.barrier();
await calls(1000, times.length);

if (world.rank === 0) {
  for (const [i, from] of bounds.slice(0, -1).entries()) {
    const part = times.subarray(from, bounds[i + 1]);
    const range = `${(from + 1).toLocaleString("en-US")} to ${bounds[i + 1]!.toLocaleString("en-US")}`;
    report(`calls ${range}, mean (us)`, (part.reduce((sum, ms) => sum + ms, 0) * 1000) / part.length);
    report(`calls ${range}, median (us)`, part.toSorted()[part.length / 2]! * 1000);
  }
  const [running, waiting, whole] = after.map((value, i) => value - before[i]!) as typeof after;
  report("first 1,000: the main thread runs (ms)", running);
  report("first 1,000: it waits for a CPU (ms)", waiting);
  report("first 1,000: it collects garbage (ms)", garbage);
  report("first 1,000: other threads run (ms)", Math.max(0, whole - running));
}
