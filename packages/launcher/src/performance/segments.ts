import { shareOut } from "./budget.ts";
import { firstFrom } from "./delays.ts";
import type { RankEvents } from "./event-lists.ts";
import type { ReportNames } from "./names.ts";
import { segmentFields } from "./report-data.ts";
import type { Rounding } from "./rounding.ts";
import type { Waits } from "./waits.ts";

/** Calls of all ranks together that a page can carry. */
const mostSegments = 14_000;
const mostArrows = 5000;
/** Calls at the end of each rank that are always there. */
const lastCalls = 16;

/** The calls that are drawn one by one, by rank: indices of events, ascending. */
export function chosenEvents(ranks: readonly RankEvents[]): Int32Array[] {
  const quotas = shareOut(
    ranks.map(({ length }) => length),
    mostSegments,
  );
  const middle = middleOf(ranks);
  return ranks.map((own, rank) => chosenOf(own, quotas[rank]!, middle));
}

/** The last calls; a stretch from the middle, in which patterns are seen; for the rest the longest. */
function chosenOf(own: RankEvents, quota: number, middle: number): Int32Array {
  if (own.length <= quota) return Int32Array.from({ length: own.length }, (_, i) => i);
  const chosen = new Set<number>();
  for (let i = own.length - Math.min(lastCalls, quota); i < own.length; i++) chosen.add(i);
  const stretch = Math.floor(quota / 4);
  const first = Math.max(
    0,
    Math.min(own.length - stretch, firstFrom(own.recording.events.began, middle) - (stretch >> 1)),
  );
  for (let i = first; i < first + stretch && chosen.size < quota; i++) chosen.add(i);
  for (const i of longest(own.recording.events.ms, quota)) {
    if (chosen.size >= quota) break;
    chosen.add(i);
  }
  return Int32Array.from(chosen).sort();
}

/** The indices of the `count` longest calls at least, in no order but that those as long as the shortest of them come last. */
function longest(ms: Float64Array, count: number): number[] {
  const lengths = ms.map((each) => (Number.isNaN(each) ? Number.POSITIVE_INFINITY : each));
  const least = lengths.slice().sort()[Math.max(0, ms.length - count)]!;
  const longer: number[] = [];
  const equal: number[] = [];
  for (const [i, each] of lengths.entries()) {
    if (each > least) longer.push(i);
    else if (each === least) equal.push(i);
  }
  return [...longer, ...equal];
}

/** The time at which half of the calls of the rank with the most calls are over. */
function middleOf(ranks: readonly RankEvents[]): number {
  const busiest = ranks.reduce<RankEvents | undefined>(
    (a, b) => (a === undefined || b.length > a.length ? b : a),
    undefined,
  );
  return busiest === undefined ? 0 : (busiest.recording.events.began[busiest.length >> 1] ?? 0);
}

/**
 * The numbers of the chosen calls of a rank, {@link segmentFields} each.
 *
 * @param lines by row of the sums
 */
export function segmentsOf(
  own: RankEvents,
  chosen: Int32Array,
  waits: Waits,
  names: ReportNames,
  lines: readonly string[],
  round: Rounding,
): number[] {
  const { events, sums } = own.recording;
  const found = waits.events[own.rank]!;
  const flat = new Array<number>(chosen.length * segmentFields);
  let at = 0;
  for (const i of chosen) {
    const row = events.sums[i]!;
    const { operation } = sums[row]!;
    const ms = events.ms[i]!;
    const known = !Number.isNaN(found.ms[i]!);
    // Where the other end is not kept, the call waited as much of its time as others of its kind.
    const waited = known
      ? found.ms[i]!
      : ms * Math.min(1, waits.sums[own.rank]!.byRow[row]! / Math.max(sums[row]!.ms, 1e-9));
    flat[at++] = round.at(events.began[i]!);
    flat[at++] = Number.isNaN(ms) ? -1 : round.ms(ms);
    flat[at++] = names.operations.indexOf(operation);
    flat[at++] = names.sites.indexOf(lines[row]!);
    flat[at++] = events.peer[i]!;
    flat[at++] = events.bytes[i]!;
    flat[at++] = round.ms(waited);
    flat[at++] = found.forRank[i]!;
    flat[at++] = events.tag[i]!;
  }
  return flat;
}

/** Arrows of messages whose send and receive are both chosen; where there are many, those of the largest messages. */
export function arrowsOf(waits: Waits, chosen: readonly Int32Array[], round: Rounding): number[] {
  const arrows: number[][] = [];
  const drawn = chosen.map((each) => new Set(each));
  for (const own of waits.ranks) {
    const { events } = own.recording;
    for (const i of chosen[own.rank]!) {
      const send = waits.matches.sendOf[own.rank]![i]!;
      const source = events.peer[i]!;
      if (send < 0 || !drawn[source]!.has(send)) continue;
      // A probe and a receive have the same send: the arrow ends at the receive.
      if (own.recording.sums[events.sums[i]!]!.operation === "probe") continue;
      const sent = waits.ranks[source]!.recording.events.began[send]!;
      const received = events.began[i]! + events.ms[i]!;
      arrows.push([source, own.rank, round.at(sent), round.at(received), events.bytes[i]!, events.tag[i]!]);
    }
  }
  if (arrows.length > mostArrows) arrows.sort((a, b) => b[4]! - a[4]!).splice(mostArrows);
  return arrows.flat();
}
