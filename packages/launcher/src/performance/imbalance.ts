import type { Analysis, WaitCause } from "./analysis.ts";
import { type Candidate, matters } from "./candidates.ts";
import { sum } from "./rank-times.ts";
import type { Straggler } from "./stragglers.ts";
import { longestWait, siteOf, worstPlace } from "./wait-places.ts";
import { atSite, percent, ranksFirst, trimmed } from "./words.ts";

/** A rank computes longer if it computes this much longer than the mean. */
const leastFactor = 1.15;

/** How long ranks compute, in comparison with each other. The end of a map is the stragglers' matter. */
export class Imbalance {
  readonly #analysis: Analysis;
  readonly #computing: { rank: number; ms: number }[];
  readonly #mean: number;
  readonly #longest: number;
  /** Time that the ranks would not lose if all computed equally long. */
  readonly #costMs: number;

  constructor(analysis: Analysis, stragglers: readonly Straggler[]) {
    this.#analysis = analysis;
    const joined = analysis.times.filter((each) => each.joined);
    this.#computing = joined.map(({ rank, computingMs }) => ({
      rank,
      ms: computingMs - sum(stragglers, (each) => (each.rank === rank ? each.to - each.from : 0)),
    }));
    this.#mean = sum(this.#computing, ({ ms }) => ms) / Math.max(1, joined.length);
    this.#longest = this.#computing.reduce((most, { ms }) => Math.max(most, ms), 0);
    this.#costMs = (this.#longest - this.#mean) * joined.length;
  }

  /** A minority of ranks that compute longer than the others. */
  heavy(causes: readonly WaitCause[]): Candidate | undefined {
    if (!this.#matters) return undefined;
    const least = (this.#mean + this.#longest) / 2;
    const heavy = this.#computing.filter(({ ms }) => ms >= least);
    if (heavy.length > this.#computing.length / 2 || this.#isBelowOthers(least)) return undefined;
    const ranks = heavy.map(({ rank }) => rank);
    const factor = sum(heavy, ({ ms }) => ms) / heavy.length / this.#mean;
    return {
      costMs: this.#costMs,
      advice: heavyAdvice(this.#analysis, causes, ranks, factor, this.#costMs),
    };
  }

  /** Whether the ranks that compute the least stand out more than those that compute `least` or longer. */
  #isBelowOthers(least: number): boolean {
    const ordered = this.#computing.map(({ ms }) => ms).sort((a, b) => a - b);
    const gapBefore = (i: number): number => ordered[i]! - ordered[i - 1]!;
    const first = ordered.findIndex((ms) => ms >= least);
    const half = Math.floor(ordered.length / 2);
    const lower = ordered.slice(1, half + 1).map((_, i) => gapBefore(i + 1));
    return first > 0 && lower.some((gap, i) => i + 1 !== first && gap > 1.5 * gapBefore(first));
  }

  /** A few ranks that compute less than the others. */
  light(causes: readonly WaitCause[]): Candidate | undefined {
    if (!this.#matters) return undefined;
    const most = 2 * this.#mean - this.#longest;
    const light = this.#computing.filter(({ ms }) => ms < most).map(({ rank }) => rank);
    if (light.length === 0 || light.some((rank) => handsOut(this.#analysis, rank))) return undefined;
    return { costMs: this.#costMs, advice: lightAdvice(this.#analysis, causes, light, this.#costMs) };
  }

  get #matters(): boolean {
    return this.#longest >= leastFactor * this.#mean && matters(this.#analysis, this.#costMs);
  }
}

/** Whether it only hands out tasks, so that others compute. */
function handsOut({ waits }: Analysis, rank: number): boolean {
  return waits.maps.some(({ root, members }) => root === rank && members.some((each) => each.rank === rank));
}

function heavyAdvice(
  analysis: Analysis,
  causes: readonly WaitCause[],
  heavy: readonly number[],
  factor: number,
  costMs: number,
): Candidate["advice"] {
  const own = causes.filter(({ forRank, rank }) => heavy.includes(forRank) && !heavy.includes(rank));
  const verb = heavy.length === 1 ? "computes" : "compute";
  const lost = percent(costMs / analysis.rankTimeMs);
  const text = `${ranksFirst(heavy)} ${verb} ${trimmed(factor, 1)} times as long as the mean; ${lost} of all ranks' time is lost to it`;
  return finish(analysis, own.length > 0 ? own : causes, heavy, text);
}

function lightAdvice(
  analysis: Analysis,
  causes: readonly WaitCause[],
  light: readonly number[],
  costMs: number,
): Candidate["advice"] {
  const own = causes.filter(({ rank }) => light.includes(rank));
  const verb = light.length === 1 ? "computes" : "compute";
  const lost = percent(costMs / analysis.rankTimeMs);
  const text = `${ranksFirst(light)} ${verb} much less than the others; ${lost} of all ranks' time is lost to it`;
  return finish(analysis, own, light, text);
}

function finish(
  analysis: Analysis,
  causes: readonly WaitCause[],
  ranks: number[] | readonly number[],
  text: string,
): Candidate["advice"] {
  const advice = { kind: "imbalance" as const, ranks: [...ranks] };
  if (causes.length === 0) return { ...advice, text: `${text}.` };
  const place = worstPlace(causes);
  const where = `${text}: ${waiters(ranks, place.ranks[0]!)} in ${place.operation}${atSite(place.site)}.`;
  const forRank = causes.find(({ rank }) => rank === place.ranks[0])!.forRank;
  return { ...advice, text: where, ...longestWait(analysis, place.ranks[0]!, forRank), ...siteOf(place.site) };
}

function waiters(ranks: readonly number[], waiting: number): string {
  if (!ranks.includes(waiting)) return "the others wait";
  return ranks.length === 1 ? "it waits" : "they wait";
}
