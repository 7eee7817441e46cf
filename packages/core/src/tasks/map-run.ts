import { siteOf } from "../calls/call-site.ts";
import { invalid } from "../calls/check.ts";
import { MpiError, messageOf } from "../calls/errors.ts";
import { clearTimeout, setTimeout } from "../calls/event-loop.ts";
import { warn } from "../calls/warning.ts";
import { Backlog } from "./backlog.ts";
import { chunks } from "./chunks.ts";
import type { InputSource } from "./input-source.ts";
import type { Item, Observer, Place } from "./item.ts";
import type { MapSettings } from "./map-options.ts";
import type { Outcome } from "./outcome.ts";
import type { ProgressMeter } from "./progress-meter.ts";
import type { ResultStore } from "./result-store.ts";
import type { Sink } from "./results.ts";
import { chunkSize, depth, mostHeld, type Pace } from "./schedule.ts";
import { taskError } from "./task-error.ts";

/** Inputs that go to one rank together. */
export interface Chunk {
  readonly run: MapRun;
  readonly items: readonly Item[];
}

/** What a rank has been given and has not answered. */
export interface Held {
  readonly chunks: number;
  readonly tasks: number;
  /** Predicted time until it has done them. */
  readonly leftMs: number;
  /** Its rank has other tasks at work. */
  readonly shared?: boolean;
}

/** A task that was at work on this many ranks when they were lost is taken for the cause. */
const mostLosses = 3;

export interface MapRunParts {
  task: string;
  /** See `fingerprintOf`. */
  fingerprint?: number;
  spread: boolean;
  settings: MapSettings;
  source: InputSource;
  sink: Sink;
  meter: ProgressMeter;
  journal: ResultStore | undefined;
  /** Under `--check`. */
  observer?: Observer;
  /** Source position of the user's call. */
  site: string;
  /** Called when a run that had handed out everything has something to hand out again. */
  returned: (run: MapRun) => void;
}

/**
 * One list of inputs, from the first chunk handed out to the last result.
 *
 * One class, because each step counts the tasks at work and may end the run.
 */
export class MapRun {
  readonly task: string;
  readonly fingerprint: number | undefined;
  readonly spread: boolean;
  readonly timeoutMs: number | undefined;
  readonly settings: MapSettings;
  /** Resolves when every input has its result; rejects with the reason why some never will. */
  readonly finished: Promise<void>;
  readonly #parts: MapRunParts;
  readonly #backlog: Backlog;
  #underWay = 0;
  /** No task has ended. */
  #fresh = true;
  #small = true;
  /** Timers of tasks that wait to be tried again. */
  readonly #delayed: Set<NodeJS.Timeout> = new Set();
  #stop: { error: unknown } | undefined;
  #over = false;
  #finish!: () => void;
  #fail!: (error: unknown) => void;

  constructor(parts: MapRunParts) {
    this.task = parts.task;
    this.fingerprint = parts.fingerprint;
    this.spread = parts.spread;
    this.settings = parts.settings;
    this.timeoutMs = parts.settings.timeoutMs;
    this.#parts = parts;
    this.#backlog = new Backlog(parts.source, parts.journal, {
      known: (index, value) => {
        parts.meter.count("known");
        parts.sink.put(index, value);
      },
      failed: (error) => this.#end({ error }),
      room: (pulled) => this.#room(pulled),
    });
    this.finished = new Promise((resolve, reject) => {
      this.#finish = resolve;
      this.#fail = reject;
    });
    this.finished.catch(() => {}); // each caller that awaits it gets the error all the same
    parts.meter.left = () => this.#left;
  }

  get over(): boolean {
    return this.#over;
  }

  /** Whether no further task of it begins. */
  get halted(): boolean {
    return this.#over || this.#stop !== undefined;
  }

  /** Inputs left to hand out, where their number is known. */
  get remaining(): number | undefined {
    return this.#backlog.remaining;
  }

  /** Whether it hands out nothing more, unless an input comes back. */
  get spent(): boolean {
    return this.halted || this.#backlog.isEmpty;
  }

  /** Whether inputs may move from one rank to another before their tasks begin. */
  get movable(): boolean {
    return this.settings.schedule === "dynamic";
  }

  /** Whether ranks may claim its tasks. Then rank 0 does not know when one begins. */
  get mayBeOffered(): boolean {
    const { observer, settings } = this.#parts;
    return (
      this.movable && this.#small && observer === undefined && (settings.timeoutMs ?? settings.chunkSize) === undefined
    );
  }

  /** Its inputs are too large to be sent to all ranks. */
  isTooLargeToOffer(): void {
    this.#small = false;
  }

  /** Gives each of these ranks a block of its own. */
  divide(ranks: readonly number[]): void {
    const items = this.#backlog.pull(this.#parts.source.remaining ?? 0);
    const parts = chunks(items, ranks.length);
    this.assign(new Map(ranks.map((rank, i) => [rank, parts[i] as Item[]])));
  }

  /** Gives each rank these items, and nothing else. */
  assign(blocks: Map<number, Item[]>): void {
    this.#backlog.blocks = blocks;
    this.settleIfDone();
  }

  /**
   * Takes the next items for a rank that holds so much. Empty: this run has nothing for it now. Undefined: the rank has enough
   * work, so other runs of the same task need not be asked.
   */
  take(rank: number, held: Held, known: Omit<Pace, "remaining" | "lookAhead">): Item[] | undefined {
    if (this.halted) return [];
    const block = this.#backlog.takeBlock(rank);
    if (block !== undefined) return this.#begin(block, rank);
    // A suspect goes to an idle rank: if that rank is lost too, nothing else is lost with it.
    const suspect = held.chunks === 0 && held.shared !== true ? this.#backlog.takeSuspect() : undefined;
    if (suspect !== undefined) return this.#begin(suspect, rank);
    if (known.offered === true) return this.#backlog.hasAgain && held.chunks === 0 ? this.#next(1, rank) : [];
    const size = this.#size(held, known);
    return size > 0 ? this.#next(size, rank) : undefined;
  }

  /** Takes up to so many new inputs, to be offered to all ranks. Those of a lazy source come as they are made. */
  takeNew(most: number, rank: number): Item[] {
    return this.halted || !this.mayBeOffered ? [] : this.#begin(this.#backlog.takeNew(most), rank);
  }

  /** How many inputs to give to a rank that holds so much; 0 if it has enough. */
  #size(held: Held, known: Omit<Pace, "remaining" | "lookAhead">): number {
    const { chunkSize: fixed, lookAhead } = this.settings;
    const paced = (): { pace: Pace; size: number } => {
      const ahead = this.#isBounded ? lookAhead : Number.POSITIVE_INFINITY;
      const pace: Pace = { ...known, remaining: this.#backlog.remaining, lookAhead: ahead, fresh: this.#fresh };
      return { pace, size: fixed ?? chunkSize(pace) };
    };
    let { pace, size } = paced();
    if (pace.remaining === undefined) {
      this.#backlog.peek(2 * known.ranks * size);
      ({ pace, size } = paced());
    }
    if (held.chunks >= depth(size, held.leftMs, pace)) return 0;
    return fixed === undefined && held.tasks > 0 ? Math.min(size, mostHeld(pace) - held.tasks) : size;
  }

  /**
   * Like {@link take}, for rank 0 itself: at most `most` inputs. It needs no messages. It leaves suspect tasks to other ranks
   * while there are any, because the loss of rank 0 would end the whole call.
   */
  takeOwn(rank: number, most: number, alone: boolean): Item[] {
    if (this.halted) return [];
    const block = this.#backlog.takeBlock(rank);
    return block === undefined ? this.#next(most, rank, alone) : this.#begin(block, rank);
  }

  /** A task has ended with this outcome. */
  settle(item: Item, outcome: Outcome, place: Place | undefined): void {
    if (this.#over) return;
    this.#underWay -= 1;
    this.#fresh = false;
    if (outcome.ok) {
      this.#parts.observer?.done(item, outcome.value, place);
      this.#put(item, outcome.value);
    } else if (place !== undefined && this.#mayRetry(item, outcome.error)) {
      this.#retry(item);
    } else if (!this.#over) {
      this.#refuse(item, outcome.error, place);
    }
    this.settleIfDone();
  }

  /** Tasks of `items`, from number `from` on, have given these values. */
  settleAll(items: readonly Item[], from: number, values: readonly unknown[], place: Place): void {
    if (this.#over || values.length === 0) return;
    const { observer, journal, meter, sink } = this.#parts;
    if (observer !== undefined || journal !== undefined) {
      for (const [i, value] of values.entries()) this.settle(items[from + i] as Item, { ok: true, value }, place);
      return;
    }
    this.#underWay -= values.length;
    this.#fresh = false;
    meter.count("done", values.length);
    for (let i = 0; i < values.length; i++) sink.put((items[from + i] as Item).index, values[i]);
    this.settleIfDone();
  }

  /** A rank was lost with these items. `begun`: their tasks may be why it was lost. */
  lost(items: readonly Item[], begun: boolean, error: MpiError, place: Place): void {
    if (this.#over) return;
    if (!begun) {
      this.putBack(items);
      return;
    }
    for (const item of items) {
      this.#underWay -= 1;
      item.losses += 1;
      if (item.losses >= mostLosses) this.#refuse(item, deadly(error), place);
      else this.#backlog.tryAgain(item);
    }
    if (!this.#over) this.#parts.returned(this);
    this.settleIfDone();
  }

  /** Takes back items that were not begun. */
  putBack(items: readonly Item[]): void {
    this.#underWay -= items.length;
    for (const item of items) item.attempts -= 1;
    this.#takeBack(items);
    this.settleIfDone();
  }

  /** A rank was lost. If it had not taken its block, others do that. */
  forget(rank: number): void {
    const block = this.#backlog.takeBlock(rank);
    if (block !== undefined) this.#takeBack(block);
  }

  /** Hands out no more. When the tasks at work have ended, the run fails with this error. */
  halt(error: unknown): void {
    this.#stop ??= { error };
    this.settleIfDone();
  }

  /** Ends the run now. Results of tasks at work are dropped. */
  cancel(error: unknown): void {
    this.#end({ error });
  }

  /** Ends the run when no task is at work and no further one will be. */
  settleIfDone(): void {
    if (this.#over || this.#underWay > 0) return;
    const { source } = this.#parts;
    if (this.#stop !== undefined) this.#end(this.#stop);
    else if (this.spent && this.#delayed.size === 0) this.#end(source.broken);
  }

  /** Ends the run when the user's `only` throws. */
  #mayRetry({ attempts, losses }: Item, error: unknown): boolean {
    const { times, only } = this.settings.retries;
    try {
      if (attempts > times + losses) return false;
      const again: unknown = only === undefined || only(error);
      if (!(again instanceof Promise)) return Boolean(again);
      again.catch(() => {});
      throw invalid("retries.only gave a promise, but it says at once whether to try again");
    } catch (thrown) {
      this.#end({ error: thrown });
      return false;
    }
  }

  #retry(item: Item): void {
    const again = (): void => {
      this.#backlog.tryAgain(item);
      this.#parts.returned(this);
    };
    const { delayMs } = this.settings.retries;
    if (delayMs === 0) {
      again();
      return;
    }
    const timer = setTimeout(() => {
      this.#delayed.delete(timer);
      again();
    }, delayMs);
    this.#delayed.add(timer);
  }

  #takeBack(items: readonly Item[]): void {
    this.#backlog.putBack(items);
    this.#parts.returned(this);
  }

  #next(most: number, rank: number, suspects = false): Item[] {
    const items = this.#begin(this.#backlog.take(most, suspects), rank);
    this.settleIfDone();
    return items;
  }

  #begin(items: Item[], rank: number): Item[] {
    const { observer } = this.#parts;
    this.#underWay += items.length;
    for (const item of items) item.attempts += 1;
    if (observer !== undefined) for (const item of items) observer.begins(item, rank);
    return items;
  }

  /** Inputs without a result, where their number is known. */
  get #left(): number | undefined {
    const remaining = this.#backlog.remaining;
    return remaining === undefined ? undefined : remaining + this.#underWay + this.#delayed.size;
  }

  get #isBounded(): boolean {
    return this.#parts.source.lazy || this.#parts.sink.bounded;
  }

  /** How many further inputs may be pulled: only so far ahead of results if inputs are made, or results wait to be taken. */
  #room(pulled: number): number {
    const { sink, settings } = this.#parts;
    return this.#isBounded ? Math.max(0, settings.lookAhead - (pulled - sink.consumed)) : Number.POSITIVE_INFINITY;
  }

  #put({ index, digest }: Item, value: unknown): void {
    try {
      if (digest !== undefined) this.#parts.journal?.add(index, digest, value);
    } catch (error) {
      this.#end({ error });
      return;
    }
    this.#parts.meter.count("done");
    this.#parts.sink.put(index, value);
  }

  #refuse(item: Item, thrown: unknown, place: Place | undefined): void {
    const { index, attempts } = item;
    const { task, meter, sink, site, observer } = this.#parts;
    observer?.failed(item, thrown, place);
    const error = taskError(thrown, { task, index, rank: place?.rank, host: place?.host, attempts }, site);
    meter.count("failed");
    if (!sink.refuse(index, error)) this.#end({ error });
  }

  /** Ends the run, with an error when there is a reason. In a box, because a program may throw `undefined`. */
  #end(reason?: { error: unknown }): void {
    if (this.#over) return;
    this.#over = true;
    const { journal, meter, sink, site } = this.#parts;
    const left = this.#left;
    meter.left = () => left; // a source that is closed has no inputs left
    let why = reason;
    const failed = (error: unknown): void => {
      if (why === undefined) why = { error };
      else
        warn(`${siteOf(site) ?? this.task}: the clean-up of this call's inputs or journal failed: ${messageOf(error)}`);
    };
    this.#backlog.close(failed);
    for (const timer of this.#delayed) clearTimeout(timer);
    try {
      journal?.close();
    } catch (error) {
      failed(error);
    }
    meter.finish();
    sink.end(why);
    if (why === undefined) this.#finish();
    else this.#fail(why.error);
  }
}

function deadly({ message }: MpiError): MpiError {
  return new MpiError("rank-failed", `it was at work on ${mostLosses} ranks when they were lost; the last: ${message}`);
}
