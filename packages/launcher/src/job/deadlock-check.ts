import { setTimeout as sleep } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import type { Stuck } from "@tsmpi/core/bootstrap";
import { DeadlockWatch, type Underway } from "../reports/deadlock.ts";
import type { Doing } from "../reports/rank-activity.ts";
import type { Inquiry } from "./inquiry.ts";
import type { RankStates } from "./rank-states.ts";

/** Ranks that waited for a rank that has ended have been told by then, and have said that they go on. */
const settledMs = 2000;

interface DeadlockFindings {
  /** Every rank waits for another one; the report is for the user. */
  deadlock(report: string, doings: readonly Doing[]): void;
  /** Every rank waits, for packets that were lost with a connection. */
  lost(packets: Underway): void;
}

/** Decides whether the job can still go on, when ranks say that nothing has happened to them for a while. */
export class DeadlockCheck {
  readonly #ranks: RankStates;
  readonly #inquiry: Inquiry;
  readonly #isOver: () => boolean;
  readonly #found: DeadlockFindings;
  readonly #watch = new DeadlockWatch();
  #isChecking = false;

  /** `isOver` tells that the job is being stopped: then nothing is found any more. */
  constructor(ranks: RankStates, inquiry: Inquiry, isOver: () => boolean, found: DeadlockFindings) {
    this.#ranks = ranks;
    this.#inquiry = inquiry;
    this.#isOver = isOver;
    this.#found = found;
  }

  stuck(rank: number, host: string, stuck: Stuck): void {
    this.#watch.stuck(rank, host, stuck);
    this.#check();
  }

  moving(rank: number): void {
    this.#watch.moving(rank);
  }

  /** A rank has ended: those that are left may all be stuck. */
  later(): void {
    setTimeout(() => this.#check(), settledMs).unref();
  }

  #check(): void {
    if (this.#isOver()) return;
    const { size, endings } = this.#ranks;
    const report = this.#watch.report(size, endings);
    if (report !== undefined) this.#found.deadlock(report, this.#watch.doings(size, endings));
    else if (this.#watch.underway(size, endings) !== undefined) void this.#checkLoss();
  }

  /**
   * Every rank waits, and packets are on their way, as when a large message crosses a slow network. When the ranks say the
   * same twice, and nothing was in any connection, the connection that the packets were in has broken.
   */
  async #checkLoss(): Promise<void> {
    if (this.#isChecking) return;
    this.#isChecking = true;
    const before = await this.#underway();
    const queued = await this.#inquiry.queuedBytes();
    await sleep(settledMs, undefined, { ref: false });
    const after = await this.#underway();
    this.#isChecking = false;
    if (before !== undefined && queued === 0 && isDeepStrictEqual(before, after)) this.#found.lost(before);
    else this.#check();
  }

  async #underway(): Promise<Underway | undefined> {
    return this.#isOver() ? undefined : this.#inquiry.underway();
  }
}
