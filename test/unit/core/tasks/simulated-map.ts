import { Claims, claimWords } from "../../../../packages/core/src/tasks/claims.ts";
import { sourceOf } from "../../../../packages/core/src/tasks/input-source.ts";
import { checkedMapOptions } from "../../../../packages/core/src/tasks/map-options.ts";
import { type Chunk, MapRun } from "../../../../packages/core/src/tasks/map-run.ts";
import type { Work } from "../../../../packages/core/src/tasks/messages.ts";
import { Offers } from "../../../../packages/core/src/tasks/offers.ts";
import { ProgressMeter } from "../../../../packages/core/src/tasks/progress-meter.ts";
import { ResultList } from "../../../../packages/core/src/tasks/results.ts";
import { Scheduler } from "../../../../packages/core/src/tasks/scheduler.ts";
import { WorkQueue } from "../../../../packages/core/src/tasks/work-queue.ts";
import type { WorkerState } from "../../../../packages/core/src/tasks/worker-state.ts";

export interface Settings {
  ranks: number;
  /** Whether rank 0 does tasks too, as in `map` and not in `pool`. */
  rootWorks: boolean;
  /** Whether a task keeps its rank from handling messages, as computing does. Else it is as one that awaits a timer. */
  blocking: boolean;
  /** The inputs come from a generator. */
  lazy?: boolean;
  /** Lengths of the tasks of a map before this one, of the same name. */
  before?: readonly number[];
  chunkSize?: number;
  /** Whether ranks share memory in which they claim tasks. */
  claims?: boolean;
}

/** Time for a message, with all that its ranks do for it. */
const latencyMs = 0.1;
/** What each task takes besides its length. */
const overheadMs = 0.002;
const turnMs = 1;
/** A rank that goes on at this time first handles the messages that are there by then. */
const afterMessages = 1e9;
const batchMs = 100;

/** Simulated time that a map takes, in milliseconds; the decisions are those of the product. */
export function makespan(lengths: readonly number[], settings: Settings): number {
  const simulation = new Simulation(settings);
  if (settings.before !== undefined) simulation.run(settings.before);
  return simulation.run(lengths);
}

/** What the greedy list schedule takes: the rank that is free first takes the next task. */
export function greedy(lengths: readonly number[], ranks: number): number {
  const free = new Array<number>(ranks).fill(0);
  for (const ms of lengths) {
    const first = free.indexOf(Math.min(...free));
    free[first] = (free[first] as number) + ms;
  }
  return Math.max(...free);
}

interface Offered {
  readonly number: number;
  readonly claims: Claims;
  readonly lengths: readonly number[];
}

interface Worker {
  readonly queue: WorkQueue;
  readonly state: WorkerState;
  readonly offers: Set<Offered>;
  working: boolean;
  /** Handles no messages before this time. */
  blockedUntil: number;
  results: number;
  ms: number;
  batchSince: number;
  turnSince: number;
}

class Simulation {
  readonly #settings: Settings;
  readonly #scheduler: Scheduler;
  readonly #memory: { words: Int32Array; next: number } = { words: new Int32Array(claimWords), next: 1 };
  readonly #offers: Offers | undefined;
  readonly #workers: Map<WorkerState, Worker> = new Map();
  /** What happens next: at a time, in the order in which it was decided. */
  readonly #events: { at: number; order: number; run: (now: number) => void }[] = [];
  #order = 0;
  #rootBlockedUntil = 0;
  #rootWorking = false;
  #now = 0;
  #run: MapRun | undefined;

  constructor(settings: Settings) {
    this.#settings = settings;
    this.#offers = settings.claims === true ? new Offers(this.#memory, 0) : undefined;
    this.#scheduler = new Scheduler(0, settings.ranks, settings.rootWorks, 1, this.#offers);
    for (const state of this.#scheduler.workers) {
      const worker = { queue: new WorkQueue(), state, offers: new Set<Offered>(), working: false, blockedUntil: 0 };
      this.#workers.set(state, { ...worker, results: 0, ms: 0, batchSince: 0, turnSince: 0 });
    }
  }

  /** Hands out one list and returns how long that takes. */
  run(lengths: readonly number[]): number {
    const started = this.#now;
    const { queue } = this.#scheduler.picker;
    const working = this.#working;
    const { lazy = false, chunkSize } = this.#settings;
    const counts = { busy: 0, ranks: working, slowest: [], lost: [] };
    const run = new MapRun({
      task: "task",
      spread: false,
      settings: checkedMapOptions({ chunkSize }, working, false),
      source: sourceOf(lazy ? each(lengths) : lengths, () => {}),
      sink: new ResultList(false),
      meter: new ProgressMeter("task", counts, undefined),
      journal: undefined,
      site: "",
      returned: (again) => queue.add(again),
    });
    this.#run = run;
    queue.add(run);
    this.#at(started, (now) => this.#atRoot(now));
    while (!run.over) {
      const event = this.#pop();
      if (event === undefined) throw new Error("nothing happens any more, but the map has not ended");
      this.#now = Math.max(this.#now, event.at);
      event.run(event.at);
    }
    return this.#now - started;
  }

  get #working(): number {
    return this.#settings.ranks - (this.#settings.rootWorks ? 0 : 1);
  }

  #at(at: number, run: (now: number) => void, when = 0): void {
    const event = { at, order: when + this.#order++, run };
    let i = this.#events.length;
    while (i > 0 && isLater(this.#events[i - 1] as typeof event, event)) i--;
    this.#events.splice(i, 0, event);
  }

  #pop(): { at: number; run: (now: number) => void } | undefined {
    return this.#events.shift();
  }

  /** Rank 0 hands out, works itself, and recalls. */
  #atRoot(now: number): void {
    if (now < this.#rootBlockedUntil) {
      this.#at(this.#rootBlockedUntil, (then) => this.#atRoot(then), afterMessages);
      return;
    }
    if (this.#run?.over !== false) return;
    this.#offer(now);
    this.#scheduler.handOut(now, this.#working, (worker, chunk) => this.#give(worker, chunk, now));
    if (this.#settings.rootWorks && !this.#rootWorking) {
      const waitMs = this.#scheduler.rootWaitsMs(now, this.#working);
      if (waitMs > 0) this.#at(now + waitMs, (then) => this.#atRoot(then));
      else this.#work(now);
    }
    if (now < this.#rootBlockedUntil || this.#run.over) return;
    const { workers, againMs } = this.#scheduler.recalls(now, this.#settings.rootWorks && !this.#rootWorking);
    for (const state of workers) {
      const from = state.spare?.from ?? 0;
      state.recalled = true;
      this.#at(now + latencyMs, (then) => this.#recalled(state, from, then));
    }
    if (againMs !== undefined) this.#at(now + againMs, (then) => this.#atRoot(then));
  }

  #offer(now: number): void {
    const chunk = this.#scheduler.picker.nextOffer(this.#working);
    if (this.#offers === undefined || chunk === undefined) return;
    const { number, items } = this.#offers.open(chunk);
    const lengths = items.map((item) => item.input as number);
    for (const state of this.#workers.keys()) {
      const claims = new Claims(this.#memory.words, number, lengths.length);
      state.offers.add(number);
      this.#at(now + latencyMs, (then) => this.#offered(state, { number, claims, lengths }, then));
    }
  }

  #offered(state: WorkerState, offered: Offered, now: number): void {
    const worker = this.#workers.get(state) as Worker;
    worker.offers.add(offered);
    if (worker.working) return;
    worker.working = true;
    this.#workOn(worker, now);
  }

  /** Claims a task and does it. False if there is none. */
  #claim(worker: Worker, now: number): boolean {
    for (const offered of worker.offers) {
      const task = offered.claims.claim(worker.state.rank);
      if (task !== undefined) {
        const ms = overheadMs + (offered.lengths[task] as number);
        if (this.#settings.blocking) worker.blockedUntil = now + ms;
        this.#at(now + ms, (then) => {
          this.#at(then + latencyMs, (later) => this.#claimed(worker.state, offered.number, task, ms, later));
          this.#workOn(worker, then);
        });
        return true;
      }
      worker.offers.delete(offered);
      this.#at(now + latencyMs, (then) => this.#ended(worker.state, offered.number, then));
    }
    return false;
  }

  #claimed(state: WorkerState, offer: number, task: number, ms: number, now: number): void {
    if (now < this.#rootBlockedUntil) {
      this.#at(this.#rootBlockedUntil, (then) => this.#claimed(state, offer, task, ms, then));
      return;
    }
    const part = this.#offers?.answered(offer, [task]);
    this.#scheduler.answered(state, { ms, awaitedMs: this.#settings.blocking ? 0 : ms }, part?.run.task, 1, now);
    for (const item of part?.items ?? []) part?.run.settle(item, { ok: true, value: 0 }, undefined);
    this.#at(now, (then) => this.#atRoot(then), afterMessages);
  }

  #ended(state: WorkerState, offer: number, now: number): void {
    state.offers.delete(offer);
    this.#at(now, (then) => this.#atRoot(then), afterMessages);
  }

  #give(state: WorkerState, chunk: Chunk, now: number): void {
    if (state.held === 0) state.since = now;
    state.give(chunk, () => {});
    const inputs = chunk.items.map((item) => item.input);
    this.#at(now + latencyMs, (then) => this.#arrived(state, inputs, then));
  }

  #arrived(state: WorkerState, inputs: unknown[], now: number): void {
    const worker = this.#workers.get(state) as Worker;
    if (now < worker.blockedUntil) {
      this.#at(worker.blockedUntil, (then) => this.#arrived(state, inputs, then));
      return;
    }
    worker.queue.push({ inputs } as Work);
    if (worker.working) return;
    worker.working = true;
    worker.batchSince = now;
    worker.turnSince = now;
    this.#workOn(worker, now);
  }

  #recalled(state: WorkerState, from: number, now: number): void {
    const worker = this.#workers.get(state) as Worker;
    if (now < worker.blockedUntil) this.#at(worker.blockedUntil, (then) => this.#recalled(state, from, then));
    else this.#send(worker, worker.queue.giveBack(from), now);
  }

  /** A worker does tasks until it handles messages again: after a turn, or while a task is awaited. */
  #workOn(worker: Worker, start: number): void {
    let now = start;
    for (let chunk = worker.queue.first; chunk !== undefined; chunk = worker.queue.first) {
      const ms = overheadMs + (chunk.work.inputs[worker.queue.next - chunk.from] as number);
      const before = chunk;
      const done = (end: number): void => {
        worker.queue.done(1);
        worker.results += 1;
        worker.ms += ms;
        const last = worker.queue.first !== before;
        if (end - worker.batchSince > (last ? turnMs : batchMs)) this.#send(worker, undefined, end);
      };
      now += ms;
      if (!this.#settings.blocking) {
        this.#at(now, (then) => {
          done(then);
          this.#workOn(worker, then);
        });
        return;
      }
      done(now);
      if (now - worker.turnSince < turnMs) continue;
      worker.blockedUntil = now;
      this.#at(now, (then) => this.#nextTurn(worker, then), afterMessages);
      return;
    }
    worker.blockedUntil = now;
    this.#send(worker, undefined, now);
    worker.working = this.#claim(worker, now);
  }

  #nextTurn(worker: Worker, now: number): void {
    worker.turnSince = now;
    this.#workOn(worker, now);
  }

  #send(worker: Worker, returned: number | undefined, now: number): void {
    const { results, ms, state } = worker;
    if (results === 0 && returned === undefined) return;
    worker.results = 0;
    worker.ms = 0;
    worker.batchSince = now;
    this.#at(now + latencyMs, (then) => this.#answered(state, results, ms, returned, then));
  }

  #answered(state: WorkerState, results: number, ms: number, returned: number | undefined, now: number): void {
    if (now < this.#rootBlockedUntil) {
      this.#at(this.#rootBlockedUntil, (then) => this.#answered(state, results, ms, returned, then));
      return;
    }
    const awaitedMs = this.#settings.blocking ? 0 : ms;
    const parts = state.answered(results) ?? [];
    this.#scheduler.answered(state, { ms, awaitedMs }, parts[0]?.run.task, results, now);
    for (const { run, items } of parts) {
      for (const item of items) run.settle(item, { ok: true, value: 0 }, undefined);
    }
    if (returned !== undefined) {
      state.recalled = false;
      for (const { run, items } of state.returned(returned)) run.putBack(items);
    }
    this.#at(now, (then) => this.#atRoot(then), afterMessages);
  }

  /** Rank 0's own tasks: until the turn is over, or one is awaited. */
  #work(start: number): void {
    const { picker } = this.#scheduler;
    let now = start;
    for (
      let chunk = picker.nextOfRoot(this.#working, false);
      chunk !== undefined;
      chunk = picker.nextOfRoot(this.#working, false)
    ) {
      const { run, items } = chunk;
      for (const [i, item] of items.entries()) {
        const ms = overheadMs + (item.input as number);
        now += ms;
        if (!this.#settings.blocking) {
          this.#await(chunk, i, ms, now);
          return;
        }
        run.settle(item, { ok: true, value: 0 }, undefined);
        picker.rootTook(run.task, ms, 1);
        if (now - start < turnMs && !run.over) continue;
        if (!run.over) run.putBack(items.slice(i + 1));
        this.#rootBlockedUntil = now;
        this.#now = Math.max(this.#now, now);
        this.#at(now, (then) => this.#atRoot(then), afterMessages);
        return;
      }
    }
    this.#rootBlockedUntil = now;
    if (now > start) this.#at(now, (then) => this.#atRoot(then), afterMessages);
  }

  /** A task of rank 0 has returned a promise. */
  #await({ run, items }: Chunk, i: number, ms: number, end: number): void {
    const { picker } = this.#scheduler;
    this.#rootWorking = true;
    run.putBack(items.slice(i + 1));
    picker.isAsync(run.task);
    picker.awaits(run.task);
    picker.rootWaits = 1;
    this.#at(end, (now) => {
      picker.rootWaits = 0;
      this.#rootWorking = false;
      const item = items[i];
      if (item !== undefined) run.settle(item, { ok: true, value: 0 }, undefined);
      picker.rootTook(run.task, ms, 1);
      this.#atRoot(now);
    });
  }
}

function isLater(a: { at: number; order: number }, b: { at: number; order: number }): boolean {
  return a.at > b.at || (a.at === b.at && a.order > b.order);
}

function* each(lengths: readonly number[]): Generator<number> {
  yield* lengths;
}
