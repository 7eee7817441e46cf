import type { HostPlan, SpawnOrder } from "../link/messages.ts";

/** The plan of ranks that join a running job on a host: what the host's plan says, with their own world and program. */
export function planOfSpawned(plan: HostPlan, { first, size, ranks, program, index }: SpawnOrder): HostPlan {
  const before = plan.programs;
  const programs = [...before, ...new Array<typeof program>(index + 1 - before.length).fill(program)];
  return { ...plan, first, size, ranks, programs, inputRanks: [], promptsAtOnce: false };
}
