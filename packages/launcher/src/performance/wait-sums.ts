import { kindAt, msAt, type RankEvents } from "./event-lists.ts";
import type { RankWaits } from "./rank-waits.ts";

/** The waiting of a rank in all of its calls. */
export interface RankWaitSums {
  /** By row of `sums`: ms of it spent waiting. */
  byRow: Float64Array;
  /** By row: ms in calls that had not ended when the recording ended. They are not in `sums`. */
  openByRow: Float64Array;
  /** By row: how many they are. */
  openCalls: Uint32Array;
  causes: Cause[];
  /** By row: 1 if nothing is known of how long its calls waited, so that 0 is taken. */
  unknown: Uint8Array;
}

/** Waiting in one row of `sums` for one rank. */
export interface Cause {
  row: number;
  /** -1: not known which. */
  forRank: number;
  ms: number;
  /** The calls had not ended when the recording ended. */
  open: boolean;
}

/** What the kept events of a row say: duration, and waiting by the rank that was waited for. */
interface Shares {
  ms: number;
  waiting: number;
  byRank: Map<number, number>;
}

/**
 * Scales the waiting of kept events to all calls. Where ranks keep one call of K, only calls whose number K divides are kept
 * for sure by both ends, so those are the sample: a row waits the same share of its time as its calls in the sample do.
 */
export function waitSums(ranks: readonly RankEvents[], waits: readonly RankWaits[]): RankWaitSums[] {
  const keeps = ranks.reduce((most, { recording }) => Math.max(most, recording.keeps), 1);
  const all = ranks.map((own, rank) => new RankSums(own, waits[rank]!, keeps));
  const usual = usualShares(all);
  return all.map((each) => each.scaled(usual));
}

class RankSums {
  readonly own: RankEvents;
  /** By row: the calls in the sample, and all that are kept. */
  readonly sampled: Shares[];
  readonly kept: Shares[];
  readonly #open: Float64Array;
  readonly #openCalls: Uint32Array;
  readonly #openCauses: Cause[] = [];
  readonly #waits: RankWaits;

  constructor(own: RankEvents, waits: RankWaits, keeps: number) {
    this.own = own;
    this.#waits = waits;
    const { sums, events } = own.recording;
    const none = () => sums.map((): Shares => ({ ms: 0, waiting: 0, byRank: new Map() }));
    this.kept = none();
    this.sampled = keeps === 1 ? this.kept : none();
    this.#open = new Float64Array(sums.length);
    this.#openCalls = new Uint32Array(sums.length);
    const several = grouped(waits);
    for (let i = 0; i < own.length; i++) {
      const parts = several.get(i) ?? [{ forRank: waits.forRank[i]!, ms: waits.ms[i]! }];
      if (Number.isNaN(events.ms[i]!)) this.#addOpen(i, parts);
      else if (!Number.isNaN(waits.ms[i]!)) {
        this.#add(this.kept, i, parts);
        if (keeps > 1 && events.key[i]! % keeps === 0) this.#add(this.sampled, i, parts);
      }
    }
  }

  /** @param usual the share of waiting of an operation in all ranks, for rows of which no event is kept */
  scaled(usual: ReadonlyMap<string, number>): RankWaitSums {
    const { sums } = this.own.recording;
    const byRow = Float64Array.from(this.#openWaiting());
    const causes = [...this.#openCauses];
    const unknown = new Uint8Array(sums.length);
    for (const [row, { ms, operation }] of sums.entries()) {
      const shares = this.sharesOf(row);
      const waiting = ms * (shares.ms > 0 ? shares.waiting / shares.ms : (usual.get(operation) ?? 0));
      byRow[row]! += waiting;
      if (shares.ms === 0 && !usual.has(operation)) unknown[row] = 1;
      if (shares.ms === 0 && waiting > 0) causes.push({ row, forRank: -1, ms: waiting, open: false });
      for (const [forRank, part] of shares.byRank) {
        causes.push({ row, forRank, ms: (ms * part) / shares.ms, open: false });
      }
    }
    return { byRow, openByRow: this.#open, openCalls: this.#openCalls, causes, unknown };
  }

  sharesOf(row: number): Shares {
    const sampled = this.sampled[row]!;
    return sampled.ms > 0 && this.own.kinds[row] !== "map" ? sampled : this.kept[row]!;
  }

  #openWaiting(): Float64Array {
    const waiting = new Float64Array(this.#open.length);
    for (const { row, ms } of this.#openCauses) waiting[row]! += ms;
    return waiting;
  }

  #add(shares: readonly Shares[], i: number, parts: readonly { forRank: number; ms: number }[]): void {
    const found = shares[this.own.recording.events.sums[i]!]!;
    found.ms += msAt(this.own, i);
    found.waiting += this.#waits.ms[i]!;
    for (const { forRank, ms } of parts) {
      if (ms > 0) found.byRank.set(forRank, (found.byRank.get(forRank) ?? 0) + ms);
    }
  }

  #addOpen(i: number, parts: readonly { forRank: number; ms: number }[]): void {
    if (kindAt(this.own, i) === "task") return;
    const row = this.own.recording.events.sums[i]!;
    this.#open[row]! += msAt(this.own, i);
    this.#openCalls[row]!++;
    for (const { forRank, ms } of parts) if (ms > 0) this.#openCauses.push({ row, forRank, ms, open: true });
  }
}

function usualShares(all: readonly RankSums[]): Map<string, number> {
  const totals = new Map<string, { ms: number; waiting: number }>();
  for (const each of all) {
    for (const [row, { operation }] of each.own.recording.sums.entries()) {
      const { ms, waiting } = each.sharesOf(row);
      const total = totals.get(operation) ?? { ms: 0, waiting: 0 };
      totals.set(operation, { ms: total.ms + ms, waiting: total.waiting + waiting });
    }
  }
  const known = [...totals].filter(([, { ms }]) => ms > 0);
  return new Map(known.map(([operation, { ms, waiting }]) => [operation, waiting / ms]));
}

function grouped({ several }: RankWaits): Map<number, RankWaits["several"]> {
  const groups = new Map<number, RankWaits["several"]>();
  for (const each of several) {
    const group = groups.get(each.event);
    if (group === undefined) groups.set(each.event, [each]);
    else group.push(each);
  }
  return groups;
}
