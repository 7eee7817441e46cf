import { readlinkSync } from "node:fs";
import { basename } from "node:path";
import { handlesSignal, type ProcessStat, processTable } from "../system/process-stat.ts";
import type { Apart } from "./process-group.ts";

/** Signals that a terminal, a scheduler or a shell sends to a whole process group. */
export const groupSignals: ReadonlySet<string> = new Set([
  "SIGINT",
  "SIGTERM",
  "SIGHUP",
  "SIGKILL",
  "SIGSTOP",
  "SIGCONT",
]);

/**
 * Which processes get a signal that is meant for a rank, as `kill` takes them: -4711 is a process group.
 *
 * | signal | goes to |
 * | --- | --- |
 * | INT, TERM, HUP, KILL, STOP, CONT | the rank and all of its process group |
 * | others (USR1, USR2) | the rank alone; if it is a shell without a trap for the signal, the program that it waits for |
 *
 * A child in a process group of its own gets nothing. Where ranks are in their agent's group, the rank's descendants take
 * the place of its group.
 */
export function signalTargets(rank: number, signal: NodeJS.Signals, apart: Apart): number[] {
  if (!groupSignals.has(signal)) return isShell(rank) ? inPlaceOf(rank, signal, processTable()) : [rank];
  return apart === "none" ? family(rank, processTable()) : [-rank];
}

/** A process and those of its descendants that are in its process group. */
function family(pid: number, table: ReadonlyMap<number, ProcessStat>): number[] {
  return [pid, ...children(pid, table).flatMap((child) => family(child, table))];
}

/**
 * A shell without a trap would die of the signal, which is meant for the program that it waits for. Of several children only
 * those that handle the signal get it: others, such as `tee` in a pipeline, would die of it.
 */
function inPlaceOf(pid: number, signal: NodeJS.Signals, table: ReadonlyMap<number, ProcessStat>): number[] {
  if (!isShell(pid) || handlesSignal(pid, signal)) return [pid];
  const all = children(pid, table);
  const targets = all.flatMap((child) => inPlaceOf(child, signal, table));
  const meant = all.length > 1 ? targets.filter((target) => handlesSignal(target, signal)) : targets;
  return meant.length === 0 ? [pid] : meant;
}

function children(pid: number, table: ReadonlyMap<number, ProcessStat>): number[] {
  const group = table.get(pid)?.group;
  return [...table].filter(([, stat]) => stat.parent === pid && stat.group === group).map(([child]) => child);
}

const shells = /^(busybox|csh|tcsh|fish|zsh.*|[abdr]?ash|bash|m?ksh.*|sh)$/;

function isShell(pid: number): boolean {
  try {
    return shells.test(basename(readlinkSync(`/proc/${pid}/exe`)));
  } catch {
    return false;
  }
}
