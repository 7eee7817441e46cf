import { count } from "../reports/table.ts";
import type { Analysis } from "./analysis.ts";
import { crowdedHosts } from "./crowding.ts";
import { sum } from "./rank-times.ts";
import { grouped, ranksFirst, ranksNamed, trimmed } from "./words.ts";

/** Worse alignment of clocks than this shows in the waiting of short calls. */
const visibleClockErrorMs = 0.5;

/** What a report says of a program that never called `init()`, in place of all numbers. */
export const nothingRecorded = "nothing was recorded: no rank called init()";

/** Whether there is something to report: at least one of the ranks called `init()`, or there are none. */
export function wasRecorded({ times }: Pick<Analysis, "times">): boolean {
  return times.length === 0 || times.some(({ joined }) => joined);
}

/** What the numbers of a report rest on, where that is less than everything. */
export function remarksOf(analysis: Analysis): string[] {
  if (!wasRecorded(analysis)) return [nothingRecorded, ...notesOf(analysis)];
  return [...keptPart(analysis), ...missingRanks(analysis), ...clocksAndCpus(analysis), ...notesOf(analysis)];
}

/** Which calls were kept one by one. */
function keptPart({ recording: { ranks } }: Analysis): string[] {
  const sampled = ranks.filter(({ keeps }) => keeps > 1);
  const most = sampled.reduce<(typeof ranks)[number] | undefined>(
    (a, b) => (a !== undefined && callsOf(a) >= callsOf(b) ? a : b),
    undefined,
  );
  if (most === undefined) return [];
  const others = sampled.length > 1 ? `, and likewise on ${count(sampled.length - 1, "other rank")}` : "";
  return [
    `Of rank ${most.rank}'s ${grouped(callsOf(most))} calls ${grouped(most.events.began.length)} were kept one by one${others}: counts, times and bytes are exact, waiting is extrapolated.`,
  ];
}

/** Ranks of which all or a part is not there. */
function missingRanks({ recording: { ranks, ending }, times }: Analysis): string[] {
  const remarks: string[] = [];
  const absent = times.filter(({ joined }) => !joined).map(({ rank }) => rank);
  if (absent.length > 0) remarks.push(`${ranksFirst(absent)} never called init() and recorded nothing.`);
  const lost = ranks.filter(({ rank, complete }) => !complete && times[rank]!.joined).map(({ rank }) => rank);
  // While a job runs, all recordings are unfinished.
  if (lost.length > 0 && (ending.exitCode !== 0 || ending.words.length > 0))
    remarks.push(`The recording of ${ranksNamed(lost)} ends early: the process ended without leaving the world.`);
  return remarks;
}

/** What the ranks note themselves, each note once. */
function notesOf({ recording: { ranks } }: Analysis): string[] {
  return [...new Set(ranks.flatMap(({ notes }) => notes ?? []))];
}

function clocksAndCpus(analysis: Analysis): string[] {
  const remarks: string[] = [];
  const error = analysis.recording.about.hosts.reduce(
    (largest, { clockErrorMs }) => Math.max(largest, clockErrorMs),
    0,
  );
  if (error > visibleClockErrorMs) {
    remarks.push(
      `The hosts' clocks are aligned to ${trimmed(error, 1)} ms: waiting between hosts is no more exact than that in each call.`,
    );
  }
  for (const { name, ranks: own, cpus } of crowdedHosts(analysis)) {
    remarks.push(
      `${name} has ${count(cpus, "CPU")} for ${count(own.length, "rank")}, which used most of their time: ranks also waited for a CPU, within all other times.`,
    );
  }
  return remarks;
}

function callsOf({ sums }: Analysis["recording"]["ranks"][number]): number {
  return sum(sums, ({ calls }) => calls);
}
