import { type ReportData, segmentFields } from "../../performance/report-data.ts";

/** What a rank does in a piece of its time: each has its colour. */
export type Kind = "computing" | "task" | "message" | "collective" | "map";

/** A call of a rank, as the timeline draws it. */
export interface Segment {
  rank: number;
  began: number;
  ended: number;
  /** It had not ended when the recording did. */
  open: boolean;
  operation: string;
  kind: Kind;
  site: string;
  peer: number;
  bytes: number;
  waited: number;
  waitedFor: number;
  tag: number;
}

const messages = /^(i?s?send|i?recv|sendrecv|i?m?probe|messages$)/i;
const maps = /^(map|pool|imap|forEach|sweep|submit)/i;

/** The kind of an operation, by its name. */
export function kindOf(operation: string): Kind {
  if (operation === "task") return "task";
  if (messages.test(operation)) return "message";
  return maps.test(operation) ? "map" : "collective";
}

/** The calls of all ranks, so that those in a range of time are found fast. */
export class Segments {
  readonly #data: ReportData;
  readonly #kinds: Kind[];
  /** By rank: the latest end of the first n segments. Calls can overlap. */
  readonly #ends: Float64Array[];
  /** The segments are all calls of the run: where there is none, the rank computed. */
  readonly complete: boolean;

  constructor(data: ReportData) {
    this.#data = data;
    this.#kinds = data.operations.map(kindOf);
    this.#ends = data.timeline.segments.map((flat) => endsOf(flat, data.ending.ms));
    const kept = data.timeline.segments.reduce((sum, { length }) => sum + length / segmentFields, 0);
    this.complete = kept >= data.calls.reduce((sum, { calls }) => sum + calls, 0);
  }

  /** Calls `visit` for the segments of a rank that touch a range, in the order of their beginnings. */
  each(rank: number, from: number, to: number, visit: (segment: Segment) => void): void {
    const [first, last] = this.#range(rank, from, to);
    for (let i = first; i < last; i++) {
      const segment = this.#at(rank, i);
      if (segment.ended >= from) visit(segment);
    }
  }

  /** At least as many as touch a range. */
  count(rank: number, from: number, to: number): number {
    const [first, last] = this.#range(rank, from, to);
    return last - first;
  }

  /** The innermost call of a rank at a time; `slack` is how far off the pointer may be. */
  at(rank: number, time: number, slack = 0): Segment | undefined {
    let found: Segment | undefined;
    this.each(rank, time - slack, time + slack, (segment) => {
      found = segment;
    });
    return found;
  }

  #range(rank: number, from: number, to: number): [number, number] {
    const flat = this.#data.timeline.segments[rank] ?? [];
    const ends = this.#ends[rank] ?? new Float64Array(0);
    const first = firstIndex(ends.length, (i) => ends[i]! >= from);
    const last = firstIndex(ends.length, (i) => flat[i * segmentFields]! > to);
    return [first, Math.max(first, last)];
  }

  #at(rank: number, index: number): Segment {
    const flat = this.#data.timeline.segments[rank]!;
    const at = index * segmentFields;
    const ms = flat[at + 1]!;
    const began = flat[at]!;
    const open = ms < 0;
    const ended = open ? this.#data.ending.ms : began + ms;
    const waitedFor = flat[at + 7]!;
    return {
      rank,
      began,
      ended,
      open,
      operation: this.#data.operations[flat[at + 2]!] ?? "call",
      kind: this.#kinds[flat[at + 2]!] ?? "collective",
      site: this.#data.sites[flat[at + 3]!] ?? "",
      peer: flat[at + 4]!,
      bytes: flat[at + 5]!,
      // What has not ended is still waiting.
      waited: open && waitedFor >= 0 ? ended - began : flat[at + 6]!,
      waitedFor,
      tag: flat[at + 8]!,
    };
  }
}

function endsOf(flat: readonly number[], last: number): Float64Array {
  const ends = new Float64Array(flat.length / segmentFields);
  let latest = 0;
  for (let i = 0; i < ends.length; i++) {
    const ms = flat[i * segmentFields + 1]!;
    latest = Math.max(latest, ms < 0 ? last : flat[i * segmentFields]! + ms);
    ends[i] = latest;
  }
  return ends;
}

/** The first index for which it holds, if it holds for all after it; `length` if for none. */
function firstIndex(length: number, holds: (index: number) => boolean): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
