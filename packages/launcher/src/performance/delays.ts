import { kindAt, type RankEvents } from "./event-lists.ts";
import type { RankWaits } from "./rank-waits.ts";

/** Shorter waiting is left with the rank that was waited for. */
const leastMs = 0.02;
/** Longer chains of ranks are cut off. */
const mostSteps = 12;
/** How many calls back one may begin that is not over yet: calls that run at once. */
const mostOpen = 4;

/**
 * The ranks that waiting goes back to: a rank that others wait for may itself have waited for a third one meanwhile, and is
 * then not to blame (the delay analysis of Scalasca, Böhme et al. 2010). Where calls are not kept, the chain ends.
 */
export function delaysOf(ranks: readonly RankEvents[], waits: readonly RankWaits[]): RankWaits[] {
  const delays = new Delays(ranks, waits);
  return ranks.map((own) => delays.of(own));
}

class Delays {
  readonly #ranks: readonly RankEvents[];
  readonly #waits: readonly RankWaits[];

  constructor(ranks: readonly RankEvents[], waits: readonly RankWaits[]) {
    this.#ranks = ranks;
    this.#waits = waits;
  }

  of(own: RankEvents): RankWaits {
    const { ms, forRank, several } = this.#waits[own.rank]!;
    const delays: RankWaits = { ms, forRank: forRank.slice(), several: [...several] };
    const { began } = own.recording.events;
    for (let i = 0; i < own.length; i++) {
      if (!(ms[i]! >= leastMs) || forRank[i]! < 0 || kindAt(own, i) === "map") continue;
      const parts = new Map<number, number>();
      this.#blame(forRank[i]!, began[i]!, began[i]! + ms[i]!, parts, [own.rank]);
      if (parts.size === 1 && parts.has(forRank[i]!)) continue;
      let most = -1;
      for (const [rank, part] of parts) {
        delays.several.push({ event: i, forRank: rank, ms: part });
        if (part > (parts.get(most) ?? 0)) most = rank;
      }
      delays.forRank[i] = most;
    }
    return delays;
  }

  /** Shares the time from `from` to `to`, in which `rank` was waited for, out to the ranks that caused it. */
  #blame(rank: number, from: number, to: number, parts: Map<number, number>, chain: readonly number[]): void {
    const own = this.#ranks[rank];
    let left = to - from;
    if (own !== undefined && chain.length < mostSteps) {
      const next = [...chain, rank];
      for (const { forRank, began, end } of this.#waitsIn(own, from, to)) {
        if (next.includes(forRank)) continue;
        this.#blame(forRank, began, end, parts, next);
        left -= end - began;
      }
    }
    if (left > 0) parts.set(rank, (parts.get(rank) ?? 0) + left);
  }

  /** What a rank waited for between two times. Stretches do not overlap. */
  *#waitsIn(own: RankEvents, from: number, to: number): Generator<{ forRank: number; began: number; end: number }> {
    const { began } = own.recording.events;
    const { ms, forRank } = this.#waits[own.rank]!;
    let since = from;
    for (let i = Math.max(0, firstFrom(began, from) - mostOpen); i < own.length && began[i]! < to; i++) {
      const start = Math.max(since, began[i]!);
      const end = Math.min(to, began[i]! + ms[i]!);
      if (!(end - start >= leastMs) || forRank[i]! < 0 || kindAt(own, i) === "map") continue;
      yield { forRank: forRank[i]!, began: start, end };
      since = end;
    }
  }
}

/** The first event that began at `time` or later. */
export function firstFrom(began: Float64Array, time: number): number {
  let low = 0;
  let high = began.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (began[middle]! < time) low = middle + 1;
    else high = middle;
  }
  return low;
}
