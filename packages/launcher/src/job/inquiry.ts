import { type Stuck, within } from "@tsmpi/core/bootstrap";
import { type Underway, underway } from "../reports/deadlock.ts";
import type { Doing } from "../reports/rank-activity.ts";
import { deferred } from "../system/deferred.ts";
import type { RankStates } from "./rank-states.ts";
import type { Station, Stations } from "./stations.ts";

/** Ranks that compute do not answer. The others do within milliseconds, unless the host is overloaded. */
const answerMs = 1000;

/** Asks the ranks where they are in the program, and the agents what is in their connections. */
export class Inquiry {
  readonly #ranks: RankStates;
  readonly #stations: Stations;
  /** Where ranks are, by their own words, since they were last asked. */
  readonly #here = new Map<number, Stuck>();
  /** Ends the wait for answers; undefined while none is awaited. */
  #allAnswered: (() => void) | undefined;
  #queued: (station: Station, bytes: number) => void = () => {};

  constructor(ranks: RankStates, stations: Stations) {
    this.#ranks = ranks;
    this.#stations = stations;
  }

  /** A rank has said where it is. */
  answered(rank: number, where: Stuck): void {
    this.#here.set(rank, where);
    this.recheck();
  }

  /** An agent has said how many bytes wait in its connections. */
  queued(station: Station, bytes: number): void {
    this.#queued(station, bytes);
  }

  /** A rank has ended, which need not answer any more. */
  recheck(): void {
    if (this.#allAnswered === undefined) return;
    const missing = this.#ranks.all.some((rank) => !this.#here.has(rank) && !this.#ranks.endings.has(rank));
    if (!missing || !this.#ranks.inWorld) this.#allAnswered();
  }

  /** All agents have finished: no more answers will come. */
  end(): void {
    this.#allAnswered?.();
  }

  /**
   * What every rank is doing, once all that can say it have. Sends no question: ranks say it too when they are told that
   * the job is being stopped. `lost` are ranks that cannot answer.
   */
  async doings(lost: readonly number[] = []): Promise<Doing[]> {
    const { all, endings, greeted, inWorld } = this.#ranks;
    const asked = all.filter((rank) => inWorld && !endings.has(rank) && !lost.includes(rank));
    await this.#answers();
    return greeted.size === 0 ? [] : all.flatMap((rank) => this.#doing(rank, asked.includes(rank)));
  }

  /** Asks what is on its way, by what all ranks say; undefined when nothing is, or some rank has something else to do. */
  async underway(): Promise<Underway | undefined> {
    this.#stations.order({ kind: "where" });
    await this.#answers();
    const alive = this.#ranks.all.filter((rank) => !this.#ranks.endings.has(rank));
    return alive.every((rank) => this.#here.has(rank)) ? underway(this.#here) : undefined;
  }

  /** Asks how many bytes are in connections between hosts; infinitely many when a host does not answer. */
  async queuedBytes(): Promise<number> {
    const waiting = new Set(this.#stations.open);
    let bytes = 0;
    const all = deferred();
    this.#queued = (station, more) => {
      bytes += more;
      waiting.delete(station);
      if (waiting.size === 0) all.resolve();
    };
    this.#stations.order({ kind: "queues" });
    await within(answerMs, all.promise);
    return waiting.size > 0 ? Number.POSITIVE_INFINITY : bytes;
  }

  /** Resolves when all that can say where they are have, or have had the time to. */
  async #answers(): Promise<void> {
    this.#here.clear();
    const all = deferred();
    this.#allAnswered = all.resolve;
    this.recheck();
    await within(answerMs, all.promise);
    if (this.#allAnswered === all.resolve) this.#allAnswered = undefined; // else another question has been asked
  }

  #doing(rank: number, asked: boolean): Doing[] {
    const { stopped, endings, greeted } = this.#ranks;
    const host = this.#ranks.hostOf(rank);
    const where = this.#here.get(rank);
    if (where !== undefined) return [{ rank, host, where }];
    if (stopped.has(rank)) return [{ rank, host, where: "is stopped (SIGSTOP)" }];
    if (asked) return [{ rank, host, where: "computes (it did not answer)" }];
    if (endings.has(rank)) return [];
    return [{ rank, host, where: greeted.has(rank) ? "waits in init()" : "has not called init()" }];
  }
}
