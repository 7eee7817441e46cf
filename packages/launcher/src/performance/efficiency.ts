import type { RankRecording } from "../recording/recording.ts";
import { type RankTimes, type SpentTimes, sum } from "./rank-times.ts";
import type { Efficiency } from "./report-data.ts";

/** The metrics of the POP centre, of the whole run and of each phase with the phases that are nested in it, in the order in which phases first appear. */
export function efficiencyOf(recordings: readonly RankRecording[], times: readonly RankTimes[]): Efficiency[] {
  const joined = times.filter((each) => each.joined);
  const whole = metrics("", joined, runMs(times));
  return [whole, ...phaseNames(recordings).flatMap((name) => ofPhase(name, recordings, times))];
}

/** From the first rank's joining to the last one's leaving. */
export function runMs(times: readonly RankTimes[]): number {
  const joined = times.filter((each) => each.joined);
  if (joined.length === 0) return 0;
  return joined.reduce((latest, { leftAt }) => Math.max(latest, leftAt), 0) - beginning(joined);
}

/** Names of phases, without "", of all ranks. */
export function phaseNames(recordings: readonly RankRecording[]): string[] {
  const names = new Set(recordings.flatMap(({ phases }) => phases.map(({ name }) => name)));
  names.delete("");
  return [...names];
}

function beginning(joined: readonly RankTimes[]): number {
  return joined.reduce((earliest, { joinedAt }) => Math.min(earliest, joinedAt), Number.POSITIVE_INFINITY);
}

function ofPhase(name: string, recordings: readonly RankRecording[], times: readonly RankTimes[]): Efficiency[] {
  const spent = recordings.flatMap(({ phases }, rank) => {
    const own = times[rank]!.phases.filter((_, i) => isWithin(phases[i]?.name ?? "", name));
    return own.length === 0 ? [] : [together(own)];
  });
  const longest = spent.reduce((most, { ms }) => Math.max(most, ms), 0);
  return longest > 0 ? [metrics(name, spent, longest)] : [];
}

/** Whether a phase is that one, or nested in it: `solve/halo` in `solve`. */
function isWithin(phase: string, outer: string): boolean {
  return phase === outer || phase.startsWith(`${outer}/`);
}

function together(spent: readonly SpentTimes[]): SpentTimes {
  return {
    ms: sum(spent, ({ ms }) => ms),
    computingMs: sum(spent, ({ computingMs }) => computingMs),
    waitingMs: sum(spent, ({ waitingMs }) => waitingMs),
  };
}

function metrics(phase: string, spent: readonly SpentTimes[], ms: number): Efficiency {
  const longest = spent.reduce((most, { computingMs }) => Math.max(most, computingMs), 0);
  const ideal = spent.reduce((most, { computingMs, waitingMs }) => Math.max(most, computingMs + waitingMs), 0);
  const mean = sum(spent, ({ computingMs }) => computingMs) / Math.max(1, spent.length);
  const loadBalance = ratio(mean, longest);
  const communication = ratio(longest, ms);
  const parallel = loadBalance * communication;
  return {
    phase,
    ms,
    parallel,
    loadBalance,
    communication,
    serialization: ratio(longest, ideal),
    transfer: ratio(ideal, ms),
  };
}

/** 1 where there is nothing to compare. */
function ratio(part: number, whole: number): number {
  return whole > 0 ? Math.min(1, part / whole) : 1;
}
