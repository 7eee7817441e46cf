import type { Analysis, WaitCause } from "./analysis.ts";
import { sum } from "./rank-times.ts";
import type { Advice } from "./report-data.ts";
import { greatest, totals } from "./totals.ts";

/** Waiting at one line: where it is most, which ranks wait there, the longest waiting one first, and how long. */
export function worstPlace(causes: readonly WaitCause[]): {
  operation: string;
  site: string;
  ranks: number[];
  ms: number;
} {
  const places = totals(
    causes,
    ({ operation, site }) => `${operation}\n${site}`,
    (each) => each.ms,
  );
  const [place] = greatest(places)!;
  const [operation = "", site = ""] = place.split("\n");
  const here = causes.filter((each) => each.operation === operation && each.site === site);
  const byRank = [
    ...totals(
      here,
      ({ rank }) => rank,
      (each) => each.ms,
    ),
  ].sort((a, b) => b[1] - a[1]);
  const most = byRank[0]![1];
  const waiting = byRank.filter(([, ms]) => ms >= most / 5);
  return { operation, site, ranks: waiting.map(([rank]) => rank), ms: sum(waiting, ([, ms]) => ms) };
}

/** Where to look: the longest time in one call that `rank` waited because of `forRank`. */
export function longestWait(
  { waits, delayEvents }: Analysis,
  rank: number,
  forRank: number,
): Pick<Advice, "from" | "to"> {
  const { ms, forRank: waited } = delayEvents[rank]!;
  const { began } = waits.ranks[rank]!.recording.events;
  let longest = -1;
  for (let i = 0; i < ms.length; i++) {
    if (waited[i] === forRank && ms[i]! > (ms[longest] ?? 0)) longest = i;
  }
  return longest < 0 ? {} : { from: began[longest]!, to: began[longest]! + ms[longest]! };
}

/** The line, if it is known. */
export function siteOf(site: string): Pick<Advice, "site"> {
  return site === "" ? {} : { site };
}
