import { handlesSignal, processStat } from "../system/process-stat.ts";

const pauseMs = 20;
/** A program may remove all listeners, and the mark with them. */
const limitMs = 10_000;

/**
 * Resolves when a rank that is Node is ready for SIGUSR1 and SIGUSR2, or has ended. Before it has loaded rank-output.cts,
 * SIGUSR2 kills it, and SIGUSR1 kills it or opens its debugger: for 40 ms, and for much longer on a busy host. That file
 * listens for SIGURG, as a mark that can be seen from outside.
 */
export async function takesSignals(rank: { alive: boolean; program: number }): Promise<void> {
  const end = performance.now() + limitMs;
  while (rank.alive && isStarting(rank.program) && performance.now() < end)
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
}

function isStarting(pid: number): boolean {
  const { state } = processStat(pid) ?? { state: "Z" };
  return state !== "Z" && !handlesSignal(pid, "SIGURG", ["Cgt"]);
}
