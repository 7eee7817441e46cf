import { processStatFields } from "../../calls/process-stat.ts";
import type { System } from "../libc.ts";

/**
 * Moves this rank to another CPU if one of its partners is ready to run and waits for this rank's CPU. The kernel puts
 * a process that a pipe wakes on the CPU of the process that woke it, which is expected to sleep now. But a rank polls
 * its rings instead, so each of the two waits for the time slice of the other: milliseconds for each message.
 *
 * Costs 30 us, so it is called only when an answer is late. True when it has moved.
 */
export function moveOffBusyCpu(system: System, partners: readonly number[]): boolean {
  const here = system.cpu();
  const taken = partners.map(runsOn).filter((cpu) => cpu !== undefined);
  return taken.includes(here) && system.moveFrom(taken, system.affinity());
}

/** The CPU that a process runs on or waits for; undefined when it sleeps or has ended. */
function runsOn(pid: number): number | undefined {
  const fields = processStatFields(pid);
  return fields?.[0] === "R" ? Number(fields[36]) : undefined;
}
