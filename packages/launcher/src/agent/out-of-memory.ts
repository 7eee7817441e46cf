import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Exit } from "../errors/exit-codes.ts";
import { isLimited, resourceLimits } from "../system/resource-limits.ts";

/** A limit on the memory of a group of processes, which ranks of this host are in. */
interface Limit {
  bytes: number;
  /** How often it was reached. */
  hits: () => number;
}

/**
 * Guesses whether a rank was killed because memory ran out, and whose: the host's, or what the batch system or a container
 * grants (a cgroup). The kernel says it nowhere to a parent; it only counts, so that a guess is all that it can be.
 */
export class OutOfMemory {
  readonly #limits: readonly { limit: Limit; hitsBefore: number }[];
  #kills = countKills();

  constructor() {
    this.#limits = limitsOfThisProcess().map((limit) => ({ limit, hitsBefore: limit.hits() }));
  }

  /** What is likely to have ended a process in this way, if it is a lack of memory. */
  hintFor({ signal }: Exit): string | undefined {
    if (signal !== "SIGKILL") return undefined;
    const kills = countKills();
    const killed = kills > this.#kills;
    this.#kills = kills;
    if (!killed) return undefined;
    const reached = this.#limits.find(({ limit, hitsBefore }) => limit.hits() > hitsBefore)?.limit;
    if (reached === undefined) return "out of memory: this host has none left, and the kernel has killed a process";
    const megabytes = Math.round(reached.bytes / 2 ** 20);
    return `out of memory: the job's limit on this host, ${megabytes} MiB (cgroup), was reached, and the kernel has killed a process`;
  }
}

/** What Node or V8 writes when a limit ends it, and which limit that is. */
const lastWordsOf: readonly { words: RegExp; limit?: "as"; hint: string }[] = [
  {
    words: /JavaScript heap out of memory/,
    hint: "its JavaScript heap was full; --node-options --max-old-space-size=MB raises the limit",
  },
  {
    words:
      /Failed to reserve virtual memory|Fatal process out of memory|Cannot allocate Wasm memory|Array buffer allocation failed|Failed to allocate .* of memory/,
    limit: "as",
    hint: "its address space is limited by ulimit -v, which PBS sets for pvmem and vmem: ask for more, or for mem alone",
  },
  { words: /pthread_create: Resource/, hint: "the limit of processes and threads was reached, ulimit -u" },
  { words: /\bEFBIG\b/, hint: "the limit of file sizes was reached, ulimit -f" },
];

/** Which limit has ended a rank that has left these words. */
export function limitHint(lastWords: string): string | undefined {
  const limits = resourceLimits();
  return lastWordsOf.find(
    ({ words, limit }) => words.test(lastWords) && (limit === undefined || isLimited(limits[limit])),
  )?.hint;
}

function countKills(): number {
  return field("/proc/vmstat", "oom_kill") ?? 0;
}

/** From the nearest to the root: version 2 of cgroups has one tree, version 1 one for each resource. */
function limitsOfThisProcess(): Limit[] {
  return text("/proc/self/cgroup")
    .split("\n")
    .flatMap((line) => {
      const [, controllers = "?", path = ""] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
      if (controllers === "") return groups("/sys/fs/cgroup", path).flatMap(limitOf);
      return controllers.split(",").includes("memory") ? groups("/sys/fs/cgroup/memory", path).flatMap(oldLimitOf) : [];
    });
}

function groups(root: string, path: string): string[] {
  const found = [];
  for (let group = path; group !== "/"; group = dirname(group)) found.push(join(root, group));
  return found;
}

function limitOf(group: string): Limit[] {
  const bytes = Number(text(join(group, "memory.max"))); // "max" is no number
  return bytes > 0 ? [{ bytes, hits: () => field(join(group, "memory.events"), "oom") ?? 0 }] : [];
}

function oldLimitOf(group: string): Limit[] {
  const bytes = Number(text(join(group, "memory.limit_in_bytes")));
  const unlimited = 2 ** 60; // the kernel writes a number near 2^63
  return bytes > 0 && bytes < unlimited ? [{ bytes, hits: () => Number(text(join(group, "memory.failcnt"))) }] : [];
}

function field(file: string, name: string): number | undefined {
  const value = new RegExp(`^${name} (\\d+)$`, "m").exec(text(file))?.[1];
  return value === undefined ? undefined : Number(value);
}

function text(file: string): string {
  try {
    return readFileSync(file, "latin1");
  } catch {
    return "";
  }
}
