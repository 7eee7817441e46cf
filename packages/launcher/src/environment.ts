import { env } from "@tsmpi/core/bootstrap";
import type { HostPlan } from "./control.ts";
import { usableCpus } from "./cpus.ts";
import { version } from "./version.ts";

/**
 * The environment of one rank: that of the launching shell, who it is, and as many threads as its share of the CPUs.
 *
 * `OMP_NUM_THREADS` (native libraries) and `UV_THREADPOOL_SIZE` (Node's own threads, never below 2 and above its default
 * of 4) are set only where the user has not: eight ranks with eight threads each on eight CPUs get in each other's way.
 */
export function environmentOf(rank: number, plan: HostPlan, share: number): Record<string, string> {
  return {
    OMP_NUM_THREADS: String(share),
    UV_THREADPOOL_SIZE: String(Math.min(4, Math.max(2, share))),
    ...plan.environment,
    [env.rank]: String(rank),
    [env.size]: String(plan.size),
    [env.localRank]: String(plan.ranks.indexOf(rank)),
    [env.localSize]: String(plan.ranks.length),
    [env.node]: String(plan.node),
    [env.nodes]: String(plan.nodes),
    [env.host]: plan.host,
    [env.job]: plan.job,
    [env.version]: version,
  };
}

/** How many threads each of `ranks` ranks on this host may run without getting in another's way. */
export function threadsEach(ranks: number): number {
  return Math.max(1, Math.floor(usableCpus().count / ranks));
}
