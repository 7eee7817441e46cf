import { MpiError } from "../calls/errors.ts";
import { clearTimeout, performance, queueMicrotask, setTimeout } from "../calls/event-loop.ts";
import { warn } from "../calls/warning.ts";
import { encode, type Parcel } from "../wire/codec/codec.ts";
import type { RunningTask } from "../wire/progress.ts";
import { type Answer, openBatch } from "./batch.ts";
import type { Item, Place } from "./item.ts";
import type { Chunk, MapRun } from "./map-run.ts";
import type { Message } from "./messages.ts";
import { Offers } from "./offers.ts";
import { failed } from "./outcome.ts";
import type { WorkerCounts } from "./progress-meter.ts";
import { RepeatCheck } from "./repeat-check.ts";
import { RootSeats } from "./root-seats.ts";
import type { Dispatching } from "./root-tasks.ts";
import { Scheduler } from "./scheduler.ts";
import { seatedGroup } from "./seats.ts";
import { type AtWork, slowest } from "./slowest.ts";
import type { TaskGroup } from "./task-group.ts";
import type { TaskRunner } from "./task-runner.ts";
import { encodeWork } from "./work-message.ts";
import type { Answered, Spare, WorkerState } from "./worker-state.ts";

/** The words of `describeEnding` for a rank that ended with exit code 0. */
const leftInATask = /\(ended[,)]/;
/** How long tasks with a time limit wait for a rank, when every rank is busy with a task that was given up. */
const seatMs = 5000;
const unwanted = "its result is not wanted any more";

/**
 * Rank 0: hands out the inputs of any number of runs and collects the results. With a task runner it also does tasks itself.
 *
 * ```text
 *   run ── take ──► chunk ──► state of a worker ──► its results, in the order of its tasks ──► run.settle
 *    ▲                            │ the worker is lost
 *    └──────── again ◄────────────┘
 * ```
 * Runs take turns (`queue.ts`). Workers without work come first, then those with one chunk, and so on.
 *
 * One file for the state that answers, time limits, losses and the end all change: the runs, the workers and the failure.
 */
export class Dispatcher implements WorkerCounts, Dispatching {
  readonly lost: number[] = [];
  /** How many ranks can be given work. */
  ranks: number;
  /** Rejects when the whole call has failed. */
  readonly broken: Promise<never>;
  /** Repeats some tasks under `--check`. */
  readonly repeats: RepeatCheck | undefined;
  /** How many async tasks a rank does at once. */
  readonly concurrency: number;
  readonly #group: TaskGroup;
  readonly #scheduler: Scheduler;
  /** What any rank may claim; undefined where rank 0 only hands out, or ranks do not share memory. */
  readonly #offers: Offers | undefined;
  readonly #workers: readonly WorkerState[];
  readonly #root: RootSeats | undefined;
  readonly #runs: Set<MapRun> = new Set();
  readonly #attentive: boolean;
  #scheduled = false;
  #broken: { error: unknown } | undefined;
  /** The last rank was lost. Every later run fails for that reason. */
  #deserted: { error: unknown } | undefined;
  #reject!: (error: unknown) => void;
  #wake: (() => void) | undefined;
  /** When to recall tasks, and when rank 0 begins its first task, if nothing happens before. */
  #recallTimer: NodeJS.Timeout | undefined;
  #rootTimer: NodeJS.Timeout | undefined;
  #seatTimer: NodeJS.Timeout | undefined;

  /**
   * @param runner does rank 0's own tasks; without it rank 0 only hands out
   * @param attentive listen for failures of idle workers too. Costs a round trip at the end. For pools: their driver may have
   *   nothing to do for a long time.
   * @param concurrency how many async tasks a rank does at once
   */
  constructor(group: TaskGroup, runner: TaskRunner | undefined, attentive: boolean, concurrency: number) {
    const { rank, size } = group.peers;
    this.repeats = group.checking === undefined ? undefined : new RepeatCheck(group, this);
    this.concurrency = concurrency;
    this.#group = seatedGroup(group, concurrency, (task) => {
      this.#scheduler.picker.isAsync(task);
      this.refill();
    });
    // A rank claims one task at a time.
    const memory = runner === undefined || size === 1 || concurrency > 1 ? undefined : group.claims();
    this.#offers = memory && new Offers(memory, rank);
    this.#scheduler = new Scheduler(rank, size, runner !== undefined, concurrency, this.#offers);
    this.#root = runner && new RootSeats(runner, this.#place(rank), this.#scheduler.picker, this, concurrency);
    this.#workers = this.#scheduler.workers;
    this.ranks = size - (runner === undefined ? 1 : 0);
    this.broken = new Promise((_, reject) => {
      this.#reject = reject;
    });
    this.broken.catch(() => {});
    this.#attentive = attentive;
    if (attentive) for (const worker of this.#workers) void this.#listen(worker);
  }

  /** Whether the whole call has failed. */
  get hasFailed(): boolean {
    return this.#broken !== undefined;
  }

  /** How many tasks can be at work at once: so many for each rank, if they are async. */
  get seats(): number {
    return this.ranks * this.concurrency;
  }

  /** The ranks that can be given work. */
  get members(): number[] {
    const ranks = this.#workers.filter((worker) => worker.isFirstSeat && !worker.lost).map((worker) => worker.rank);
    return this.#root === undefined ? ranks : [this.#group.peers.rank, ...ranks];
  }

  /** The ranks that can be given work and are not busy with a task that was given up. */
  get free(): number[] {
    const isStuck = ({ seats }: WorkerState): boolean => seats.some((seat) => seat.stuck);
    const stuck = new Set(this.#workers.filter(isStuck).map((worker) => worker.rank));
    return this.members.filter((rank) => !stuck.has(rank));
  }

  get busy(): number {
    const isBusy = ({ isFirstSeat, seats }: WorkerState): boolean => isFirstSeat && seats.some((seat) => seat.isBusy);
    return this.#workers.filter(isBusy).length + (this.#root?.isBusy === true ? 1 : 0);
  }

  get slowest(): RunningTask[] {
    const tasks = this.#workers.flatMap((worker) =>
      [...worker.atWork, ...this.#claimedBy(worker)].map((task) => ({ ...task, ...this.#place(worker.rank) })),
    );
    const own = this.#root?.atWork.map((task) => ({ ...task, ...this.#place(this.#group.peers.rank) })) ?? [];
    return slowest([...own, ...tasks], performance.now());
  }

  /** The task at work that this worker has claimed. */
  #claimedBy({ rank, since, lost }: WorkerState): AtWork[] {
    const task = lost ? undefined : this.#offers?.atWork(rank);
    return task === undefined ? [] : [{ ...task, since }];
  }

  add(run: MapRun): void {
    const over = this.#broken ?? this.#deserted;
    if (over !== undefined) {
      run.cancel(over.error);
      return;
    }
    this.#runs.add(run);
    this.#watchSeats();
    this.#scheduler.picker.queue.add(run);
    run.finished.then(
      () => this.#drop(run),
      () => this.#drop(run),
    );
    this.refill();
  }

  /** This run has something to hand out again. */
  returned(run: MapRun): void {
    if (!this.#runs.has(run)) return;
    this.#scheduler.picker.queue.add(run);
    this.refill();
  }

  /** There may be something to hand out: runs, inputs or room. Hands out once for all such changes of one microtask. */
  refill(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      this.#fill();
    });
  }

  /** Hands out nothing more. Tasks at work come to their end. */
  halt(error: unknown): void {
    for (const run of [...this.#runs]) {
      run.halt(error);
      run.putBack(this.#offers?.withdraw(run) ?? []);
    }
  }

  /** Ends all runs now. */
  fail(error: unknown): void {
    this.#broken ??= { error };
    this.#reject(error);
    this.#forgetTimers();
    for (const run of [...this.#runs]) run.cancel(error);
    this.#root?.cancel(error);
    this.#wake?.();
  }

  /** Waits until no task is at work, then tells the workers to end. Rejects when the whole call has failed. */
  async end(): Promise<void> {
    await this.#until(() => this.#repeated && this.#workers.every(isIdle));
    const there = this.#workers.filter((worker) => !worker.lost);
    const end = encode({ kind: "end", goodbye: this.#attentive } satisfies Message);
    await Promise.all(there.map((worker) => this.#send(worker, end)));
    const attentive = this.#attentive;
    await this.#until(() => !attentive || there.every((worker) => worker.lost || worker.stuck || worker.left));
  }

  /** Whether `--check` has repeated all its tasks. The user's own runs have ended before. */
  get #repeated(): boolean {
    return this.repeats === undefined || this.#runs.size === 0;
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
    const now = performance.now();
    this.#offer();
    this.#scheduler.handOut(now, this.seats, (worker, chunk) => this.#give(worker, chunk));
    this.#workAtRoot(now);
    this.#recall();
  }

  /** Offers tasks to all ranks, rank 0 too. */
  #offer(): void {
    const chunk = this.#scheduler.picker.nextOffer(this.ranks);
    if (this.#offers === undefined || chunk === undefined) return;
    const parcel = encodeWork(chunk, this.#offers.nextNumber);
    if (parcel === undefined) {
      this.refill();
      return;
    }
    const { number } = this.#offers.open(chunk);
    for (const worker of this.#workers) {
      if (worker.lost) continue;
      if (!worker.isBusy) worker.since = performance.now();
      worker.offers.add(number);
      void this.#listen(worker);
      void this.#send(worker, parcel);
    }
  }

  #workAtRoot(now: number): void {
    const seat = this.#scheduler.picker.hasWork ? this.#root?.free : undefined;
    if (seat === undefined) return;
    const waitMs = this.#scheduler.rootWaitsMs(now, this.seats);
    if (waitMs > 0) {
      clearTimeout(this.#rootTimer);
      this.#rootTimer = setTimeout(() => this.refill(), waitMs);
      return;
    }
    void seat.work().then(() => {
      this.#wake?.();
      this.#recall();
    });
  }

  #forgetTimers(): void {
    clearTimeout(this.#recallTimer);
    clearTimeout(this.#rootTimer);
    clearTimeout(this.#seatTimer);
  }

  #give(worker: WorkerState, chunk: Chunk): void {
    const before = performance.now();
    const parcel = encodeWork(chunk);
    if (parcel === undefined) {
      this.refill();
      return;
    }
    if (worker.held === 0) worker.since = performance.now();
    worker.give(chunk, (item, error) => this.#overdue(worker, item, error));
    void this.#listen(worker);
    void this.#send(worker, parcel);
    this.#scheduler.picker.gave(performance.now() - before, chunk.items.length);
  }

  /** If a rank is idle, asks workers that have more than the task at work to give the rest back. */
  #recall(): void {
    clearTimeout(this.#recallTimer);
    if (this.#broken !== undefined || this.#runs.size === 0) return;
    const { isIdle = false, hasRoom = false } = this.#root ?? {};
    const { workers, againMs } = this.#scheduler.recalls(performance.now(), isIdle, hasRoom);
    for (const worker of workers) {
      const { from } = worker.spare as Spare;
      worker.recalled = true;
      void this.#listen(worker);
      this.#tell(worker, { kind: "recall", from });
    }
    if (againMs !== undefined) this.#recallTimer = setTimeout(() => this.#recall(), againMs);
  }

  #send(worker: WorkerState, parcel: Parcel): Promise<void> {
    return this.#group.peers.send(worker.rank, parcel).catch((error: unknown) => this.#gone(worker, error));
  }

  #tell(worker: WorkerState, message: Message): void {
    void this.#send(worker, encode(message));
  }

  async #listen(worker: WorkerState): Promise<void> {
    if (worker.listened) return;
    worker.listened = true;
    try {
      while (this.#attentive ? !worker.left : worker.isBusy || worker.recalled) {
        this.#answered(worker, await this.#group.peers.recv(worker.rank));
        this.#wake?.();
      }
    } catch (error) {
      this.#gone(worker, error);
    }
    worker.listened = false;
  }

  #answered(worker: WorkerState, parcel: Parcel): void {
    const now = performance.now();
    const answer = openBatch(parcel);
    const { values, returned } = answer;
    worker.heard = true;
    const parts = this.#partsOf(worker, answer);
    this.#scheduler.answered(worker, answer, parts[0]?.run.task, values.length, now);
    for (const offer of answer.ended) worker.offers.delete(offer);
    if (values.length === 0 && returned === undefined && answer.ended.length === 0) {
      if (worker.begins()) this.#tell(worker, { kind: "go" });
      else worker.left = true;
      return;
    }
    this.#settle(parts, answer, this.#place(worker.rank));
    this.#scheduler.picker.tookIn(performance.now() - now, values.length);
    if (this.#seatTimer !== undefined && this.free.length > 0) clearTimeout(this.#seatTimer);
    if (returned !== undefined) {
      worker.recalled = false;
      for (const { run, items } of worker.returned(returned)) run.putBack(items);
    }
    this.refill();
  }

  /** The tasks that were answered. */
  #partsOf(worker: WorkerState, { values, claimed }: Answer): Answered[] {
    if (claimed === undefined) {
      const parts = worker.answered(values.length);
      if (parts !== undefined) return parts;
      throw new MpiError("protocol", `rank ${worker.rank} has answered more than it was asked`);
    }
    const part = this.#offers?.answered(claimed.offer, claimed.tasks);
    return part === undefined ? [] : [{ ...part, wanted: part.items.length === values.length }];
  }

  #settle(parts: readonly Answered[], { values, failures }: Answer, place: Place): void {
    let at = 0;
    for (const { run, items, wanted } of parts) {
      const some = values.slice(at, at + items.length);
      if (wanted && failures.size === 0) run.settleAll(items, 0, some, place);
      else if (wanted) {
        for (const [i, item] of items.entries()) {
          run.settle(item, failures.has(at + i) ? failed(some[i]) : { ok: true, value: some[i] }, place);
        }
      }
      at += items.length;
    }
  }

  #drop(run: MapRun): void {
    this.#runs.delete(run);
    if (this.#runs.size === 0) this.#forgetTimers();
    this.#scheduler.picker.queue.delete(run);
    for (const worker of this.#workers) {
      for (const { from, count } of worker.cancel(run)) {
        this.#tell(worker, { kind: "cancel", from, count, reason: unwanted });
      }
    }
    this.#offers?.withdraw(run);
    for (const { number } of this.#offers?.of(run) ?? []) {
      const message: Message = { kind: "withdraw", offer: number, reason: unwanted };
      for (const worker of this.#workers) if (!worker.lost) this.#tell(worker, message);
    }
    this.#root?.cancel(new MpiError("aborted", unwanted), run);
    this.#wake?.();
  }

  /** A task that never returns to the event loop is given up. Its rank gets no work before it answers again. */
  #overdue(worker: WorkerState, item: Item, error: MpiError): void {
    const place = this.#place(worker.rank);
    const { task = "a task" } = worker.current?.run ?? {};
    this.#group.reportUnresponsive(
      place.rank,
      `it did not return from input ${item.index} of ${task}, which was given up`,
    );
    for (const run of this.#runs) run.forget((worker.seats[0] as WorkerState).rank); // a block that waits for this rank would wait for ever
    // Which task of the rank blocks the others is not known. Those with a time limit have their own, and so end as it would end them.
    const unbounded = worker.seats.filter((seat) => seat.current?.run.timeoutMs === undefined);
    for (const { chunk, items } of [worker, ...unbounded].flatMap((seat) => seat.giveUp())) {
      for (const each of items) {
        if (each === item) chunk.run.settle(each, failed(error), place);
        else chunk.run.lost([each], false, error, place);
      }
    }
    this.#wake?.();
    this.refill();
    this.#watchSeats();
  }

  /** If every rank is busy with a task that was given up, runs with a time limit fail after a while. Else they would wait for ever. */
  #watchSeats(): void {
    clearTimeout(this.#seatTimer);
    if (this.#runs.size === 0 || this.#root !== undefined || this.free.length > 0) return;
    this.#seatTimer = setTimeout(() => {
      const busy = this.members.map((rank) => this.#place(rank)).map(({ rank, host }) => `rank ${rank} (${host})`);
      const why = `no rank is free: ${busy.join(", ")} did not return from a task that was given up`;
      for (const run of [...this.#runs]) if (run.timeoutMs !== undefined) run.cancel(new MpiError("aborted", why));
    }, seatMs);
  }

  /** Messages to or from this worker fail. If the worker itself is lost, other ranks do its tasks; else the whole call fails. */
  #gone(worker: WorkerState, error: unknown): void {
    if (worker.lost || this.#broken !== undefined) return;
    const itself =
      error instanceof MpiError && error.code === "rank-failed" && error.rank === this.#group.members[worker.rank];
    if (!itself || this.#group.signal.aborted) {
      this.fail(error);
      return;
    }
    const { seats } = worker;
    for (const seat of seats) seat.lost = true;
    this.ranks -= 1;
    this.lost.push(this.#group.members[worker.rank] as number);
    for (const run of this.#runs) run.forget((seats[0] as WorkerState).rank);
    const place = this.#place(worker.rank);
    const claimed = this.#offers?.lost(worker.rank) ?? [];
    if (leftInATask.test(error.message)) this.#nameLeaver(seats, claimed[0], place);
    for (const { run, items } of claimed) run.lost(items, true, error, place);
    for (const { chunk, items, begun } of seats.flatMap((seat) => seat.giveUp())) {
      chunk.run.lost(items, begun, error, place);
    }
    if (this.ranks === 0) this.#deserted = { error };
    if (this.ranks === 0 && this.#runs.size > 0) this.fail(error);
    this.#wake?.();
    this.refill();
  }

  /** `tsmpi run` names ranks that fail. A task that calls process.exit(0) looks like a good end to it. */
  #nameLeaver(seats: readonly WorkerState[], claimed: Chunk | undefined, { rank, host }: Place): void {
    const chunk = seats.find((seat) => seat.held > 0)?.current ?? claimed;
    if (chunk === undefined || !seats.some(({ heard }) => heard)) return;
    warn(`rank ${rank} on ${host} ended with exit code 0 in a task of ${chunk.run.task}; going on without it`);
  }

  #place(rank: number): Place {
    return { rank: this.#group.members[rank] ?? rank, host: this.#group.hosts[rank] ?? "?" };
  }
}

function isIdle({ lost, stuck, isBusy, recalled }: WorkerState): boolean {
  return lost || stuck || !(isBusy || recalled);
}
