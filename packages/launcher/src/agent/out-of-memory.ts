import type { Exit } from "../errors/exit-codes.ts";
import { type Cgroup, cgroupsOf } from "../system/cgroups.ts";
import { readOrEmpty } from "../system/or-empty.ts";
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
    this.#limits = cgroupsOf("memory")
      .flatMap(limitOf)
      .map((limit) => ({ limit, hitsBefore: limit.hits() }));
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
  return count(readOrEmpty("/proc/vmstat"), "oom_kill");
}

function limitOf({ version, read }: Cgroup): Limit[] {
  const bytes = Number(read(version === 2 ? "memory.max" : "memory.limit_in_bytes")); // "max" is no number
  const unlimited = 2 ** 60; // version 1 has a number near 2^63 for no limit
  if (!(bytes > 0 && bytes < unlimited)) return [];
  const hits = () => (version === 2 ? count(read("memory.events"), "oom") : Number(read("memory.failcnt")));
  return [{ bytes, hits }];
}

/** The number behind a name, in text such as "oom 3"; 0 if it is not there. */
function count(text: string, name: string): number {
  return Number(new RegExp(`^${name} (\\d+)$`, "m").exec(text)?.[1] ?? 0);
}
