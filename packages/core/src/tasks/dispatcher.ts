import { MpiError } from "../calls/errors.ts";
import { breathe, performance, queueMicrotask } from "../calls/event-loop.ts";
import { copy, encode, type Parcel } from "../wire/codec/codec.ts";
import { asIfTravelled, cannotTravel, openBatch } from "./batch.ts";
import type { Chunk, Item, Job, Place } from "./map-run.ts";
import type { Message } from "./messages.ts";
import { failed, type Outcome } from "./outcome.ts";
import type { Staff } from "./progress-meter.ts";
import { Queue } from "./queue.ts";
import { Repeats } from "./repeat-check.ts";
import { LeastTimes, MeanTimes } from "./schedule.ts";
import type { Crew } from "./task-group.ts";
import type { Hand } from "./task-runner.ts";
import { isSuspect, Seat } from "./worker-state.ts";

/** So long rank 0 works before it looks after the others. */
const turnMs = 1;
const clockEvery = 16;

/**
 * Rank 0: hands out the inputs of any number of jobs, gathers the results, and works itself when it is given a hand.
 *
 * ```text
 *   job ── take ──► chunk ──► seat of a rank ──► its results, in the order of its tasks ──► job.settle
 *    ▲                            │ the rank is lost
 *    └──────── again ◄────────────┘
 * ```
 * Jobs are asked in turn (`queue.ts`). Ranks that have nothing come first, then those that have one chunk, and so on.
 */
export class Dispatcher implements Staff {
  readonly lost: number[] = [];
  /** How many ranks can be given work. */
  ranks: number;
  /** Rejects when the whole call has failed. */
  readonly broken: Promise<never>;
  /** Does some tasks again under `--check`. */
  readonly repeats: Repeats | undefined;
  readonly #crew: Crew;
  readonly #seats: Seat[];
  readonly #ownPlace: Place;
  readonly #hand: Hand | undefined;
  readonly #jobs: Set<Job> = new Set();
  /** Those of them that have something to hand out. */
  readonly #queue: Queue = new Queue();
  /** What tasks take wherever they are done, and on rank 0. */
  readonly #meanMs: MeanTimes = new MeanTimes();
  readonly #rootMs: LeastTimes = new LeastTimes();
  /** Tasks that give promises. */
  readonly #waitsFor: Set<string> = new Set();
  #handed: Chunk | undefined;
  #working = false;
  /** Rank 0 waits for a task of its own. */
  #waiting = false;
  #scheduled = false;
  readonly #attentive: boolean;
  #broken: { error: unknown } | undefined;
  /** The last of the ranks was lost: whatever is asked for now fails for that. */
  #deserted: { error: unknown } | undefined;
  #reject!: (error: unknown) => void;
  #wake: (() => void) | undefined;

  /**
   * @param hand does rank 0's own tasks; without it rank 0 only hands out
   * @param attentive hear of failures also from ranks that have no work. It costs a round trip at the end: for pools, whose
   *   driver may have nothing to do for a long time.
   */
  constructor(crew: Crew, hand: Hand | undefined, attentive: boolean) {
    const { rank, size } = crew.peers;
    this.repeats = crew.checking === undefined ? undefined : new Repeats(crew, this);
    this.#crew = crew;
    this.#hand = hand;
    this.#ownPlace = this.#place(rank);
    this.#seats = Array.from({ length: size - 1 }, (_, i) => new Seat(i < rank ? i : i + 1));
    this.ranks = size - (hand === undefined ? 1 : 0);
    this.broken = new Promise((_, reject) => {
      this.#reject = reject;
    });
    this.broken.catch(() => {});
    this.#attentive = attentive;
    if (attentive) for (const seat of this.#seats) void this.#listen(seat);
  }

  /** The ranks that can be given work. */
  get members(): number[] {
    const ranks = this.#seats.filter((seat) => !seat.lost).map((seat) => seat.rank);
    return this.#hand === undefined ? ranks : [this.#crew.peers.rank, ...ranks];
  }

  /** Those of them that are not busy with something that was given up. */
  get free(): number[] {
    const stuck = new Set(this.#seats.filter((seat) => seat.stuck).map((seat) => seat.rank));
    return this.members.filter((rank) => !stuck.has(rank));
  }

  get busy(): number {
    return this.#seats.filter((seat) => seat.held > 0).length + (this.#handed === undefined ? 0 : 1);
  }

  add(job: Job): void {
    const over = this.#broken ?? this.#deserted;
    if (over !== undefined) {
      job.cancel(over.error);
      return;
    }
    this.#jobs.add(job);
    this.#queue.add(job);
    job.finished.then(
      () => this.#drop(job),
      () => this.#drop(job),
    );
    this.refill();
  }

  /** This job has something to hand out again. */
  returned(job: Job): void {
    if (!this.#jobs.has(job)) return;
    this.#queue.add(job);
    this.refill();
  }

  /** There may be something to hand out: jobs, inputs or room. Done once for all that happens in this turn. */
  refill(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      this.#fill();
    });
  }

  /** Hands out no more; what is under way comes to its end. */
  halt(error: unknown): void {
    for (const job of [...this.#jobs]) job.halt(error);
  }

  /** Ends all jobs now. */
  fail(error: unknown): void {
    this.#broken ??= { error };
    this.#reject(error);
    for (const job of [...this.#jobs]) job.cancel(error);
    this.#hand?.cancel(error);
    this.#wake?.();
  }

  /** Waits until nothing is under way and sends the ranks home. Rejects when the whole call has failed. */
  async end(): Promise<void> {
    await this.#until(() => this.#repeated && this.#seats.every(isIdle));
    const there = this.#seats.filter((seat) => !seat.lost);
    const end = encode({ kind: "end", goodbye: this.#attentive } satisfies Message);
    const sent = there.map((seat) =>
      this.#crew.peers.send(seat.rank, end).catch((error: unknown) => this.#gone(seat, error)),
    );
    await Promise.all(sent);
    const attentive = this.#attentive;
    await this.#until(() => !attentive || there.every((seat) => seat.lost || seat.stuck || seat.left));
  }

  /** Whether no task is still to be done again. The user's own jobs have ended before. */
  get #repeated(): boolean {
    return this.repeats === undefined || this.#jobs.size === 0;
  }

  async #until(holds: () => boolean): Promise<void> {
    while (this.#broken === undefined && !holds()) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    if (this.#broken !== undefined) throw this.#broken.error;
  }

  #fill(): void {
    if (this.#broken !== undefined) return;
    const free = this.#seats.filter((seat) => !seat.lost && !seat.stuck);
    for (let round = 0, gave = true; gave && this.#queue.size > 0; round++) {
      gave = false;
      for (const seat of free) {
        // Whoever has more than this round already will be asked when its turn comes.
        if (seat.held > round) gave = true;
        else if (this.#give(seat)) gave = true;
      }
    }
    if (this.#hand !== undefined && !this.#working && this.#queue.size > 0) void this.#work(this.#hand);
  }

  #give(seat: Seat): boolean {
    const chunk = this.#next(seat.rank, seat.held);
    if (chunk === undefined) return false;
    const parcel = this.#encode(chunk);
    if (parcel === undefined) return true;
    seat.give(chunk, (item, error) => this.#overdue(seat, item, error));
    void this.#listen(seat);
    this.#crew.peers.send(seat.rank, parcel).catch((error: unknown) => this.#gone(seat, error));
    return true;
  }

  /** What this rank is to do, of the first job that has something for it. */
  #next(rank: number, held: number): Chunk | undefined {
    const { ranks } = this;
    const own = rank === this.#crew.peers.rank;
    return this.#queue.next((job, others) => {
      const meanMs = this.#meanMs.of(job.task);
      if (own) {
        const single = meanMs === undefined || this.#waitsFor.has(job.task);
        return job.takeOwn(rank, single ? 1 : Math.max(1, Math.floor(turnMs / 4 / meanMs)), ranks === 1);
      }
      const rootMs = this.#waiting ? undefined : this.#rootMs.of(job.task);
      return job.take(rank, held, { ranks, others, meanMs, rootMs });
    });
  }

  /** An input that cannot travel has failed, and only that. */
  #encode(chunk: Chunk): Parcel | undefined {
    try {
      return encode(workOf(chunk));
    } catch (whole) {
      const { job, items } = chunk;
      const good: Item[] = [];
      for (const item of items) {
        const why = refusal(item.input);
        if (why === undefined) good.push(item);
        else job.settle(item, failed(why), undefined);
      }
      if (good.length === items.length) for (const item of good) job.settle(item, failed(whole), undefined);
      else if (good.length > 0 && !job.over) job.putBack(good);
      this.refill();
      return undefined;
    }
  }

  #tell(seat: Seat, message: Message): void {
    this.#crew.peers.send(seat.rank, encode(message)).catch((error: unknown) => this.#gone(seat, error));
  }

  async #listen(seat: Seat): Promise<void> {
    if (seat.listened) return;
    seat.listened = true;
    try {
      while (this.#attentive ? !seat.left : seat.held > 0) {
        this.#answered(seat, await this.#crew.peers.recv(seat.rank));
        this.#wake?.();
      }
    } catch (error) {
      this.#gone(seat, error);
    }
    seat.listened = false;
  }

  #answered(seat: Seat, parcel: Parcel): void {
    const { outcomes, ms } = openBatch(parcel);
    if (outcomes.length === 0) {
      if (seat.begins()) this.#tell(seat, { kind: "go" });
      else seat.left = true;
      return;
    }
    const task = seat.current?.job.task;
    if (task !== undefined) this.#meanMs.add(task, ms, outcomes.length);
    const place = this.#place(seat.rank);
    for (const outcome of outcomes) {
      const answer = seat.answered();
      if (answer === undefined) throw new MpiError("protocol", `rank ${seat.rank} has answered more than it was asked`);
      if (answer.wanted) answer.job.settle(answer.item, outcome, place);
    }
    this.refill();
  }

  #drop(job: Job): void {
    this.#jobs.delete(job);
    this.#queue.delete(job);
    for (const seat of this.#seats) {
      for (const { from, count } of seat.cancel(job)) {
        this.#tell(seat, { kind: "cancel", from, count, reason: "its result is not wanted any more" });
      }
    }
    if (this.#handed?.job === job) this.#hand?.cancel(new MpiError("aborted", "its result is not wanted any more"));
    this.#wake?.();
  }

  /** A task that never returns to the event loop is given up, and its rank gets nothing before it comes back. */
  #overdue(seat: Seat, item: Item, error: MpiError): void {
    const place = this.#place(seat.rank);
    for (const job of this.#jobs) job.forget(seat.rank); // a block that waits for this rank would wait for ever
    for (const { chunk, items } of seat.giveUp()) {
      for (const each of items) {
        if (each === item) chunk.job.settle(each, failed(error), place);
        else chunk.job.lost([each], false, error, place);
      }
    }
    this.#wake?.();
    this.refill();
  }

  /** What stopped this rank from being heard: its end, which the others can make up for, or that of the whole call. */
  #gone(seat: Seat, error: unknown): void {
    if (seat.lost || this.#broken !== undefined) return;
    const itself =
      error instanceof MpiError && error.code === "rank-failed" && error.rank === this.#crew.members[seat.rank];
    if (!itself || this.#crew.signal.aborted) {
      this.fail(error);
      return;
    }
    seat.lost = true;
    this.ranks -= 1;
    this.lost.push(this.#crew.members[seat.rank] as number);
    for (const job of this.#jobs) job.forget(seat.rank);
    const place = this.#place(seat.rank);
    for (const { chunk, items, begun } of seat.giveUp()) chunk.job.lost(items, begun, error, place);
    if (this.ranks === 0) this.#deserted = { error };
    if (this.ranks === 0 && this.#jobs.size > 0) this.fail(error);
    this.#wake?.();
    this.refill();
  }

  #place(rank: number): Place {
    return { rank: this.#crew.members[rank] ?? rank, host: this.#crew.hosts[rank] ?? "?" };
  }

  /** Rank 0's own tasks, with a look at the others in between. */
  async #work(hand: Hand): Promise<void> {
    this.#working = true;
    let turn = performance.now();
    while (this.#broken === undefined) {
      this.#handed = this.#next(this.#crew.peers.rank, 0);
      if (this.#handed === undefined) break;
      const { job, items } = this.#handed;
      for (let done = 0; done < items.length && !job.over; ) {
        const before = performance.now();
        const reached = this.#someOf(hand, job, items, done, turn + turnMs);
        const next = typeof reached === "number" ? reached : await reached;
        const now = performance.now();
        this.#meanMs.add(job.task, now - before, next - done);
        this.#rootMs.add(job.task, now - before, next - done);
        done = next;
        if (now - turn < turnMs) continue;
        await breathe();
        turn = performance.now();
      }
    }
    this.#handed = undefined;
    this.#working = false;
    this.#wake?.();
  }

  /**
   * Does items from `from` on until the time is up, or one of them makes it wait. Gives the first that is left.
   * The clock is read every few tasks only, when they are small: it costs as much as the smallest of them.
   */
  #someOf(hand: Hand, job: Job, items: readonly Item[], from: number, until: number): number | Promise<number> {
    const place = this.#ownPlace;
    const step = items.length > clockEvery ? clockEvery : 1;
    for (let i = from; i < items.length && !job.over; i++) {
      if (job.halted) {
        job.putBack(items.slice(i));
        break;
      }
      const item = items[i] as Item;
      let input = item.input;
      if (typeof input === "object") {
        try {
          input = copy(input);
        } catch (error) {
          job.settle(item, failed(cannotTravel("it", error)), place);
          continue;
        }
      }
      const outcome = hand.do(job, input, item.index, item.attempts);
      if (outcome instanceof Promise) return this.#awaited(outcome, job, items, i);
      job.settle(item, asIfTravelled(outcome), place);
      if ((i - from) % step === 0 && performance.now() >= until) return i + 1;
    }
    return items.length;
  }

  /** Waits for a task of rank 0's own. What others could do meanwhile must not wait for it too. */
  async #awaited(done: Promise<Outcome>, job: Job, items: readonly Item[], i: number): Promise<number> {
    // A block of the static schedule is for this rank alone.
    const kept = job.settings.schedule === "static" ? items.length : i + 1;
    if (kept < items.length) job.putBack(items.slice(kept));
    this.#waitsFor.add(job.task);
    this.#waiting = true;
    this.refill();
    const outcome = asIfTravelled(await done);
    this.#waiting = false;
    job.settle(items[i] as Item, outcome, this.#ownPlace);
    return kept < items.length ? items.length : i + 1;
  }
}

function workOf(chunk: Chunk): Message {
  const { job, items } = chunk;
  const first = items[0] as Item;
  const inputs = items.map((item) => item.input);
  const follow = items.every((item, i) => item.index === first.index + i);
  const at = follow ? first.index : items.map((item) => item.index);
  const { task, spread, settings } = job;
  return {
    kind: "work",
    task,
    at,
    attempt: first.attempts,
    inputs,
    spread,
    timeoutMs: settings.timeoutMs,
    suspect: isSuspect(chunk),
  };
}

function refusal(input: unknown): unknown {
  try {
    encode(input);
    return undefined;
  } catch (error) {
    return cannotTravel("it", error);
  }
}

function isIdle({ lost, stuck, held }: Seat): boolean {
  return lost || stuck || held === 0;
}
