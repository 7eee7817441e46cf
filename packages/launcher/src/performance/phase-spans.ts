import { shareOut } from "./budget.ts";
import { endAt, type RankEvents } from "./event-lists.ts";

/** Phases of all ranks together that a page can carry. */
const mostSpans = 6000;

export interface PhaseSpan {
  began: number;
  end: number;
  /** Index into the phases of the rank. */
  phase: number;
}

/**
 * When a rank was in which phase, without the time outside of phases. Where the recording does not have it, its calls tell: from
 * the beginning of the first of successive calls in a phase to the end of the last one.
 */
export function phaseSpans(own: RankEvents): PhaseSpan[] {
  const { phaseSpans: recorded } = own.recording;
  const spans =
    recorded?.map(([phase, began, ms]): PhaseSpan => ({ began, end: began + ms, phase })) ?? spansOfCalls(own);
  return spans.filter(({ phase }) => phase !== 0).sort((a, b) => a.began - b.began);
}

function spansOfCalls(own: RankEvents): PhaseSpan[] {
  const { events, sums } = own.recording;
  const spans: PhaseSpan[] = [];
  let open: PhaseSpan | undefined;
  for (let i = 0; i < own.length; i++) {
    const { phase } = sums[events.sums[i]!]!;
    if (open?.phase === phase) open.end = Math.max(open.end, endAt(own, i));
    else {
      if (open !== undefined) open.end = Math.min(open.end, events.began[i]!);
      open = { began: events.began[i]!, end: endAt(own, i), phase };
      spans.push(open);
    }
  }
  return spans;
}

/** By rank; where there are too many, the longest ones. */
export function drawnSpans(ranks: readonly RankEvents[]): PhaseSpan[][] {
  const all = ranks.map(phaseSpans);
  const quotas = shareOut(
    all.map(({ length }) => length),
    mostSpans,
  );
  return all.map((spans, rank) => longest(spans, quotas[rank]!));
}

function longest(spans: PhaseSpan[], count: number): PhaseSpan[] {
  if (spans.length <= count) return spans;
  const lengths = Float64Array.from(spans, ({ began, end }) => end - began).sort();
  const least = lengths[lengths.length - count]!;
  return spans.filter(({ began, end }) => end - began >= least).slice(0, count);
}
