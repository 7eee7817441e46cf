import { execFile } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { promisify } from "node:util";
import type { Exit } from "../errors/exit-codes.ts";
import { processIds } from "./process-stat.ts";

/** Soft and hard limits by the names of `prlimit`: `{ core: ["0", "unlimited"] }`. */
export type ResourceLimits = Record<string, [soft: string, hard: string]>;

/** The kernel's names of limits that a shell's `ulimit` sets, and those of `prlimit`. */
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

/** The resource limits that this process has from its shell. */
export function resourceLimits(): ResourceLimits {
  const limits: ResourceLimits = {};
  try {
    for (const line of readFileSync("/proc/self/limits", "utf8").split("\n")) {
      const [, title, soft, hard] = /^(.{25}) (\S+) +(\S+)/.exec(line) ?? [];
      const name = names[title?.trim() ?? ""];
      if (name !== undefined) limits[name] = [soft!, hard!];
    }
  } catch {} // no Linux
  return limits;
}

export function isLimited(limit: ResourceLimits[string] | undefined): boolean {
  return limit !== undefined && limit[0] !== "unlimited";
}

/** Room for some WebAssembly modules: V8 reserves 10 GB of addresses for each. */
const manyAddresses = 48e9;

/**
 * Whether addresses are few (`ulimit -v` or `-d`; `pvmem` and `vmem` of PBS). Code that reserves many in advance then fails, or
 * kills the process: WebAssembly, with 10 GB a module, and native libraries that start with a gigabyte.
 */
export function addressesAreFew(): boolean {
  const { as, data } = resourceLimits();
  return isLimited(data) || (isLimited(as) && Number(as![0]) < manyAddresses);
}

/** Threads of an idle rank: those of Node and V8, and two of its pool for files. */
export const threadsOfRank = 9;

/** Above this limit threads are not counted: it takes 10 us a process, and few jobs reach it. */
const manyThreads = 1024;

/**
 * How many processes and threads this user may still start here (`ulimit -u`). The kernel counts threads as processes.
 * Undefined if the limit is high, and for root, which has none.
 */
export function threadsLeft(): number | undefined {
  const { nproc } = resourceLimits();
  const user = process.getuid?.();
  if (!isLimited(nproc) || user === 0 || Number(nproc![0]) > manyThreads) return undefined;
  let used = 0;
  for (const pid of processIds()) {
    try {
      const { uid, nlink } = statSync(`/proc/${pid}/task`);
      if (uid === user) used += nlink - 2; // it has a subdirectory for each thread
    } catch {} // it has ended
  }
  return Number(nproc![0]) - used;
}

/** A sentence if the limit of CPU time may have ended a process. At the hard limit it gets SIGKILL. */
export function cpuTimeHint({ signal }: Exit): string | undefined {
  const { cpu } = resourceLimits();
  if (!isLimited(cpu) || (signal !== "SIGXCPU" && signal !== "SIGKILL")) return undefined;
  return `its limit of CPU time is ${cpu![0]} s, ulimit -t or pcput of PBS`;
}

/**
 * Sets the limits of this process, and so of its children, as far as this host's hard limits allow. A limit that the user's
 * shell has lowered is lowered here too.
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
