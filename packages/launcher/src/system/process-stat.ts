import { readdirSync, readFileSync } from "node:fs";
import { constants } from "node:os";
import { processStatFields } from "@tsmpi/core/bootstrap";

/** A process in /proc/<pid>/stat. */
export interface ProcessStat {
  state: string;
  parent: number;
  /** Process group and session: the process ids of their leaders. */
  group: number;
  session: number;
  /** The process group in the foreground of its terminal; -1 without one. */
  foreground: number;
  /** When it was started, in seconds since the machine's start. Independent of the clock that can be set. */
  startedAt: number;
}

/** The kernel's unit of time in /proc, on all architectures that Node runs on. */
const ticksPerSecond = 100;

/** Undefined if there is no such process, or no /proc. */
export function processStat(pid: number | "self"): ProcessStat | undefined {
  const fields = processStatFields(pid);
  if (fields === undefined) return undefined;
  const number = (field: number): number => Number(fields[field - 3]);
  return {
    state: fields[0]!,
    parent: number(4),
    group: number(5),
    session: number(6),
    foreground: number(8),
    startedAt: number(22) / ticksPerSecond,
  };
}

/** All processes of this host but zombies, by id. Takes some 10 us each. Empty without /proc. */
export function processTable(): Map<number, ProcessStat> {
  return new Map(
    processIds().flatMap((pid) => {
      const stat = processStat(pid);
      return stat === undefined || stat.state === "Z" ? [] : [[pid, stat]];
    }),
  );
}

export function processIds(): number[] {
  try {
    return readdirSync("/proc").map(Number).filter(Number.isInteger);
  } catch {
    return [];
  }
}

/** Whether a process survives a signal because it catches it (Cgt) or ignores it (Ign). */
export function handlesSignal(
  pid: number,
  signal: NodeJS.Signals,
  ways: readonly ("Cgt" | "Ign")[] = ["Cgt", "Ign"],
): boolean {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "latin1");
    const bit = BigInt(constants.signals[signal] - 1);
    return ways.some((way) => {
      const [, mask = "0"] = new RegExp(`^Sig${way}:\\s*(\\w+)$`, "m").exec(status) ?? [];
      return (BigInt(`0x${mask}`) >> bit) % 2n === 1n;
    });
  } catch {
    return false;
  }
}

/** How long ago a process was started, in milliseconds. */
export function processAgeMs(pid: number): number | undefined {
  const stat = processStat(pid);
  if (stat === undefined) return undefined;
  return 1000 * (Number.parseFloat(readFileSync("/proc/uptime", "latin1")) - stat.startedAt);
}
