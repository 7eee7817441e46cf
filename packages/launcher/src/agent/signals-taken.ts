import { handlesSignal, processStat } from "../system/process-stat.ts";

const pauseMs = 20;
/** The mark may be gone: a program can take all listeners away. */
const patienceMs = 10_000;

/**
 * Resolves when a rank of Node's is ready for SIGUSR1 and SIGUSR2, or is gone. Until it has loaded rank-output.cts, which
 * listens for SIGURG as a mark of that, SIGUSR2 kills it, and SIGUSR1 kills it or opens its debugger: for 40 ms, and for much
 * longer on a busy host.
 */
export async function takesSignals(rank: { alive: boolean; program: number }): Promise<void> {
  const end = performance.now() + patienceMs;
  while (rank.alive && isStarting(rank.program) && performance.now() < end)
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
}

function isStarting(pid: number): boolean {
  const { state } = processStat(pid) ?? { state: "Z" };
  return state !== "Z" && !handlesSignal(pid, "SIGURG", ["Cgt"]);
}
