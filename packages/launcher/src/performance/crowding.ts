import type { HostAbout, RunRecording } from "../recording/recording.ts";
import { count } from "../reports/table.ts";
import type { Analysis } from "./analysis.ts";
import type { Candidate } from "./candidates.ts";
import { sum } from "./rank-times.ts";
import type { Advice } from "./report-data.ts";

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
export function hasSharedCpus(recording: RunRecording): boolean {
  return sharedHosts(recording).length > 0;
}

function sharedHosts({ about }: RunRecording): HostAbout[] {
  return about.hosts.filter(({ cpus, ranks }) => cpus > 0 && ranks.length > cpus);
}

/** Advice that compares ranks. Where they share CPUs, equal ranks differ in all of it. */
const comparing: ReadonlySet<Advice["kind"]> = new Set(["imbalance", "late-rank", "serialization", "memory"]);

/** Says once that ranks share CPUs, in place of what would be said of the differences between them. */
export function withSharedCpus({ recording }: Analysis, candidates: readonly Candidate[]): Candidate[] {
  const hosts = sharedHosts(recording).sort((a, b) => b.ranks.length / b.cpus - a.ranks.length / a.cpus);
  const sharing = new Set(hosts.flatMap(({ ranks }) => ranks));
  const isCrowding = ({ costMs, advice: { kind, ranks } }: Candidate): boolean =>
    costMs > 0 && comparing.has(kind) && (ranks.length === 0 || ranks.some((rank) => sharing.has(rank)));
  const [host] = hosts;
  const replaced = candidates.filter(isCrowding);
  if (host === undefined || replaced.length === 0) return [...candidates];
  const costMs = replaced.reduce((most, each) => Math.max(most, each.costMs), 0);
  return [...candidates.filter((each) => !isCrowding(each)), { costMs, advice: sharedAdvice(host, hosts.length - 1) }];
}

function sharedAdvice({ name, ranks, cpus }: HostAbout, others: number): Advice {
  const more = others > 0 ? `, and likewise on ${count(others, "other host")}` : "";
  const text = `${count(ranks.length, "rank")} share ${count(cpus, "CPU")} on ${name}${more}: ranks that compute wait for a CPU, which looks like imbalance.`;
  return { kind: "imbalance", text, ranks: [...ranks] };
}

function cpuMs({ ranks }: RunRecording, those: readonly number[]): number {
  return sum(those, (rank) => ranks[rank]?.samples.cpuMs.reduce((a, b) => a + b, 0) ?? 0);
}
