import { readFileSync } from "node:fs";
import type { System } from "../libc.ts";

/**
 * Moves this rank to another CPU when one of its partners is ready to run and waits for the one it is on. The kernel
 * puts a process that a pipe wakes where its waker runs, for that one is expected to sleep now; but it looks at its
 * rings, and each of the two then waits until the other's time is over: milliseconds for each message.
 *
 * Costs 30 us, so it is called only when an answer is late. True when it moved.
 */
export function moveOffBusyCpu(system: System, partners: readonly number[]): boolean {
  const here = system.cpu();
  const taken = partners.map(runsOn).filter((cpu) => cpu !== undefined);
  return taken.includes(here) && system.moveFrom(taken, system.affinity());
}

/** The CPU that a process runs on, or waits for; undefined when it sleeps or has ended. */
function runsOn(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "R" ? Number(fields[36]) : undefined;
  } catch {
    return undefined;
  }
}
