import { onAbort } from "../calls/abort.ts";
import { siteOf } from "../calls/call-site.ts";
import { MpiError, messageOf } from "../calls/errors.ts";
import { randomFrom } from "../calls/random.ts";
import { copy } from "../wire/codec/codec.ts";
import { sourceOf } from "./input-source.ts";
import type { Item, Observer, Place } from "./item.ts";
import { MapRun, type MapRunParts } from "./map-run.ts";
import { ProgressMeter, type WorkerCounts } from "./progress-meter.ts";
import { sameResult } from "./same-result.ts";
import type { TaskGroup } from "./task-group.ts";

/** Most tasks of a call that are repeated, as a number and as a share, besides the first task of each rank. */
const most = 10;
const mostOfAll = 0.1;

/** The first result of a task, and where it was computed. */
interface First {
  readonly result: unknown;
  readonly place: Place;
}

/** Samples the tasks to repeat. Calls of one source line share a sample, so that a loop of a thousand `run()` is not done twice. */
class Sample {
  /** A fixed seed: each run of a program repeats the same tasks, as far as ranks get the same ones. */
  readonly #random = randomFrom(1);
  readonly #ranks: Set<number> = new Set();
  #begun = 0;
  #picked = 0;

  /** Whether to repeat the next task of this rank. `total`: how many tasks there will be, where that is known. */
  picks(rank: number, total: number | undefined): boolean {
    this.#begun++;
    if (!this.#ranks.has(rank)) {
      this.#ranks.add(rank);
      return true;
    }
    if (this.#picked >= Math.min(most, mostOfAll * this.#begun)) return false;
    const share = total === undefined ? mostOfAll : Math.min(mostOfAll, most / Math.max(total, 1));
    if (this.#random() >= share) return false;
    this.#picked++;
    return true;
  }
}

/** What this check needs of the dispatcher. */
interface Dispatching extends WorkerCounts {
  /** Ranks that can be given work now. */
  readonly free: readonly number[];
  add(run: MapRun): void;
}

/**
 * Under `--check`: repeats some tasks of each call on another rank and compares the results. Results differ if a variable
 * outside of the task differs from rank to rank.
 *
 * ```text
 *   the call's run ── succeeded ──► a run of its sampled tasks, each on another rank ──► compared
 * ```
 * The call returns its first results. Inputs and results are kept as copies, because the program may change its own. Costs at
 * most one further task for each rank, plus ten.
 */
export class RepeatCheck {
  readonly #group: TaskGroup;
  readonly #dispatcher: Dispatching;
  readonly #samples: Map<string, Sample> = new Map();
  #repeated = 0;

  constructor(group: TaskGroup, dispatcher: Dispatching) {
    this.#group = group;
    this.#dispatcher = dispatcher;
  }

  /** Makes a run of these parts that is watched. When it has succeeded, some of its tasks are repeated. */
  watched(parts: MapRunParts): MapRun {
    const site = siteOf(parts.site) ?? parts.task;
    const total = parts.source.remaining;
    const sample = this.#sample(`${site} ${parts.task}`);
    const inputs = new Map<number, unknown>();
    const firsts = new Map<number, First>();
    const observer: Observer = {
      begins: ({ index, input }, rank) => {
        if (!inputs.has(index) && sample.picks(rank, total)) keep(inputs, index, input, (own) => own);
      },
      done: ({ index }, result, place) => {
        if (place !== undefined && inputs.has(index)) keep(firsts, index, result, (own) => ({ result: own, place }));
      },
      failed: () => {},
    };
    const run = new MapRun({ ...parts, observer });
    run.finished.then(
      () => this.#repeat(parts, site, inputs, firsts),
      () => {},
    );
    return run;
  }

  #sample(line: string): Sample {
    const sample = this.#samples.get(line) ?? new Sample();
    this.#samples.set(line, sample);
    return sample;
  }

  #repeat(
    parts: MapRunParts,
    site: string,
    inputs: ReadonlyMap<number, unknown>,
    firsts: ReadonlyMap<number, First>,
  ): void {
    const { signal, checking } = this.#group;
    const ranks = this.#dispatcher.free;
    if (checking === undefined || checking.toldOf.has(site) || firsts.size === 0 || ranks.length < 2 || signal.aborted)
      return;
    const blocks = new Map<number, Item[]>(ranks.map((rank) => [rank, []]));
    for (const [index, { place }] of firsts) {
      const item = { index, input: inputs.get(index), at: index, digest: undefined, attempts: 0, losses: 0 };
      blocks.get(this.#another(ranks, place))?.push(item);
    }
    const tell = (what: string, index: number): void => {
      if (checking.toldOf.has(site)) return;
      checking.toldOf.add(site);
      checking.report(`${site}: task ${parts.task} ${what} for input ${index}: ${guess}`);
    };
    const observer: Observer = {
      begins: () => {},
      done: ({ index }, result, place) => {
        const first = firsts.get(index);
        if (first === undefined || place === undefined || sameResult(first.result, result)) return;
        tell(`gave another result on rank ${place.rank} than on rank ${first.place.rank}`, index);
      },
      failed: ({ index }, error, place) => {
        const first = firsts.get(index);
        if (first === undefined || place === undefined || isOfTsmpi(error)) return;
        tell(`failed on rank ${place.rank} and not on rank ${first.place.rank} (${messageOf(error)})`, index);
      },
    };
    const run = new MapRun({
      ...parts,
      settings: { ...parts.settings, schedule: "static" }, // each block belongs to one rank
      source: sourceOf([], () => {}),
      sink: unused,
      meter: new ProgressMeter(parts.task, this.#dispatcher, undefined),
      journal: undefined,
      observer,
    });
    run.assign(blocks);
    const forget = onAbort(parts.settings.signal, () => run.cancel(new MpiError("aborted", "cancelled")));
    run.finished.then(forget, forget);
    this.#dispatcher.add(run);
  }

  /** A rank other than this one, a different one each time, because two ranks may have the same wrong value. */
  #another(ranks: readonly number[], { rank }: Place): number {
    const others = ranks.filter((each) => this.#group.members[each] !== rank);
    const next = Math.max(
      0,
      ranks.findIndex((each) => this.#group.members[each] === rank),
    );
    return others[(next + this.#repeated++) % others.length] as number;
  }
}

const guess = "a captured variable that differs from rank to rank? (or it is random, or has effects)";

/** Keeps a copy of a value. A value that cannot travel is skipped, because its task fails. */
function keep<T>(kept: Map<number, T>, index: number, value: unknown, as: (own: unknown) => T): void {
  try {
    kept.set(index, as(copy(value)));
  } catch {}
}

/** Whether this error is a time limit, a cancellation or a lost rank. These do not depend on the task's variables. */
function isOfTsmpi(error: unknown): boolean {
  return error instanceof MpiError && (error.code === "aborted" || error.code === "rank-failed");
}

const unused = { consumed: 0, bounded: false, put: () => {}, refuse: () => true, end: () => {} };
