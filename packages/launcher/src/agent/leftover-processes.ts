import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { processIds } from "../system/process-stat.ts";

/**
 * Processes that have an agent's mark in their environment, except this one: children of ranks, in any process group and
 * session. Linux only: elsewhere there is no /proc, and the list is empty.
 */
export function markedProcesses(mark: string): number[] {
  return processIds().filter((pid) => pid !== process.pid && isMarked(pid, mark));
}

function isMarked(pid: number, mark: string): boolean {
  try {
    // Most processes are other users': the kernel refuses to show their environment at once.
    return readFileSync(`/proc/${pid}/environ`, "latin1").includes(mark);
  } catch {
    return false;
  }
}

/** Kills every process with this mark. Returns how many were killed. */
export function killLeftovers(mark: string): number {
  return markedProcesses(mark).filter((pid) => sendSignal(pid, "SIGKILL")).length;
}

/** Processes, except this one, that have one of these files open. */
export function holdersOf(files: readonly (string | undefined)[]): number[] {
  return processIds().filter((pid) => pid !== process.pid && openFiles(pid).some((file) => files.includes(file)));
}

function openFiles(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));
  } catch {
    return []; // it has ended, or is another user's
  }
}

/** Its command line, as `ps` shows it, in 80 characters at most. */
export function commandOf(pid: number): string {
  const most = 80;
  try {
    const text = readFileSync(`/proc/${pid}/cmdline`, "utf8")
      .replace(/\0$/, "")
      .replace(/[\0\s]+/g, " ");
    return text.length > most ? `${text.slice(0, most - 3)}...` : text;
  } catch {
    return "?";
  }
}

/** Whether there was such a process, or process group. */
export function sendSignal(target: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(target, signal);
  } catch {
    return false;
  }
}
