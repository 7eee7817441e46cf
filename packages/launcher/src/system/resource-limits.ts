import { execFile } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { promisify } from "node:util";
import type { Exit } from "../errors/exit-codes.ts";
import { processIds } from "./process-stat.ts";

/** Soft and hard limit as `prlimit` writes them, by its names of them: `{ core: ["0", "unlimited"] }`. */
export type ResourceLimits = Record<string, [soft: string, hard: string]>;

/** The kernel's names of the limits that a shell's `ulimit` is used for, and prlimit's. */
const names: Readonly<Record<string, string>> = {
  "Max cpu time": "cpu",
  "Max file size": "fsize",
  "Max data size": "data",
  "Max stack size": "stack",
  "Max core file size": "core",
  "Max processes": "nproc",
  "Max open files": "nofile",
  "Max locked memory": "memlock",
  "Max address space": "as",
};

/** The resource limits of this process, which it has from its shell. */
export function resourceLimits(): ResourceLimits {
  const limits: ResourceLimits = {};
  try {
    for (const line of readFileSync("/proc/self/limits", "utf8").split("\n")) {
      const [, title, soft, hard] = /^(.{25}) (\S+) +(\S+)/.exec(line) ?? [];
      const name = names[title?.trim() ?? ""];
      if (name !== undefined) limits[name] = [soft!, hard!];
    }
  } catch {} // no Linux: limits stay as they are
  return limits;
}

export function isLimited(limit: ResourceLimits[string] | undefined): boolean {
  return limit !== undefined && limit[0] !== "unlimited";
}

/** Some modules of WebAssembly fit below this. V8 reserves 10 GB of addresses for each. */
const manyAddresses = 48e9;

/**
 * Whether addresses are few (`ulimit -v` or `-d`; `pvmem` and `vmem` of PBS). What reserves many in advance then fails, or
 * kills the process: WebAssembly with its 10 GB a module, and native libraries that take a gigabyte to start with.
 */
export function addressesAreFew(): boolean {
  const { as, data } = resourceLimits();
  return isLimited(data) || (isLimited(as) && Number(as![0]) < manyAddresses);
}

/** Threads of a rank that does nothing: those of Node and V8, and two of its pool for files. */
export const threadsOfRank = 9;

/** Above this limit nobody counts: it takes 10 us a process, and a job seldom comes so far. */
const manyThreads = 1024;

/**
 * How many processes and threads this user may still start here (`ulimit -u`). Undefined where the limit is far away, and for
 * root, which has none. The kernel counts threads as processes.
 */
export function threadsLeft(): number | undefined {
  const { nproc } = resourceLimits();
  const user = process.getuid?.();
  if (!isLimited(nproc) || user === 0 || Number(nproc![0]) > manyThreads) return undefined;
  let used = 0;
  for (const pid of processIds()) {
    try {
      const { uid, nlink } = statSync(`/proc/${pid}/task`);
      if (uid === user) used += nlink - 2; // a directory of one folder for each thread
    } catch {} // it has ended
  }
  return Number(nproc![0]) - used;
}

/** What a limit of the shell has to do with the end of a process. At the hard limit of CPU time it gets SIGKILL. */
export function cpuTimeHint({ signal }: Exit): string | undefined {
  const { cpu } = resourceLimits();
  if (!isLimited(cpu) || (signal !== "SIGXCPU" && signal !== "SIGKILL")) return undefined;
  return `its limit of CPU time is ${cpu![0]} s, ulimit -t or pcput of PBS`;
}

/**
 * Gives this process, and so its children, these limits where they differ and may be had. The hard limit of this host
 * cannot be raised; what was lowered by the shell is lowered here too.
 */
export async function setResourceLimits(wanted: ResourceLimits): Promise<void> {
  const own = resourceLimits();
  const changes = Object.entries(wanted).flatMap(([name, [soft, hard]]) => {
    const most = own[name]?.[1];
    if (most === undefined) return [];
    const [first, second] = [least(soft, most), least(hard, most)];
    return first === own[name]![0] && second === most ? [] : [`--${name}=${first}:${second}`];
  });
  if (changes.length === 0) return;
  await promisify(execFile)("prlimit", ["--pid", String(process.pid), ...changes]).catch(() => {});
}

function least(a: string, b: string): string {
  if (a === "unlimited") return b;
  if (b === "unlimited") return a;
  return Number(a) < Number(b) ? a : b;
}
