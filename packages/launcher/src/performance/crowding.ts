import type { HostAbout, RunRecording } from "../recording/recording.ts";
import type { Analysis } from "./analysis.ts";
import { sum } from "./rank-times.ts";

/** From this share of a host's CPU time on, its ranks were in each other's way. */
const busyShare = 0.6;

/**
 * Hosts with more ranks than CPUs, and little CPU time left: there, ranks wait for a CPU. Such a time counts as computing, as
 * waiting for the rank that had no CPU, or as transfer, whichever it falls into.
 */
export function crowdedHosts({ recording, runMs }: Pick<Analysis, "recording" | "runMs">): HostAbout[] {
  return recording.about.hosts.filter(({ cpus, ranks }) => {
    return cpus > 0 && ranks.length > cpus && cpuMs(recording, ranks) >= busyShare * cpus * runMs;
  });
}

/** Whether some host has more ranks than CPUs, so that some rank is always the last to get one. */
export function hasSharedCpus({ about }: RunRecording): boolean {
  return about.hosts.some(({ cpus, ranks }) => cpus > 0 && ranks.length > cpus);
}

function cpuMs({ ranks }: RunRecording, those: readonly number[]): number {
  return sum(those, (rank) => ranks[rank]?.samples.cpuMs.reduce((a, b) => a + b, 0) ?? 0);
}
