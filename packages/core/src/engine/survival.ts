import { type Call, failure, type Identity } from "../calls/call.ts";
import { located } from "../calls/call-site.ts";
import type { MpiError } from "../calls/errors.ts";
import { type Ballot, Ballots, type Outcome, type RankRuns } from "../wire/ballots.ts";
import type { Accesses, Waiter } from "./accesses.ts";
import { any } from "./match-queue.ts";

/** The way to where ballots are counted, which outlives every rank. */
export interface SurvivalLink {
  cast(ballot: Ballot): void;
  /** Nothing of this communicator is to be waited for any more, on any of these ranks. */
  revoke(context: number, members: RankRuns): void;
}

/** What the ranks that are left decide together, and which communicators they have given up. */
export class Survival {
  /** Set where the world has other ranks. */
  link: SurvivalLink;
  readonly #who: Identity;
  readonly #accesses: Accesses;
  /** Decisions that this rank waits for. */
  readonly #asked: Map<string, Waiter> = new Map();
  /** Which communicators were revoked, and by which rank of the world. */
  readonly #revoked: Map<number, number> = new Map();
  /** What ends the calls of a communicator when it is revoked. */
  readonly #open: Map<number, () => void> = new Map();

  constructor(who: Identity, accesses: Accesses) {
    this.#who = who;
    this.#accesses = accesses;
    this.link = this.#alone();
  }

  /** Resolves with what all ranks that are left get, too. */
  async ask(call: Call, ballot: Ballot): Promise<Outcome> {
    const waiter = this.#accesses.wait(call, any);
    this.#asked.set(`${ballot.context}.${ballot.number}`, waiter);
    this.link.cast(ballot);
    return (await waiter.promise) as Outcome;
  }

  decided(outcome: Outcome): void {
    const key = `${outcome.context}.${outcome.number}`;
    const waiter = this.#asked.get(key);
    if (waiter === undefined) return;
    this.#asked.delete(key);
    this.#accesses.settle(waiter, outcome);
  }

  isRevoked(context: number): boolean {
    return this.#revoked.has(context);
  }

  /** `end` is called when the communicator is revoked. */
  opened(context: number, end: () => void): void {
    this.#open.set(context, end);
  }

  closed(context: number): void {
    this.#open.delete(context);
  }

  /** Rank `by` of the world has given up this communicator. */
  revoked(context: number, by: number): void {
    if (this.#revoked.has(context)) return;
    this.#revoked.set(context, by);
    this.#open.get(context)?.();
    this.#open.delete(context);
    this.#accesses.step();
  }

  /** The error of every call of a communicator that was revoked. */
  refusal(call: Call, context: number): MpiError {
    const by = this.#revoked.get(context) as number;
    const who = by === this.#who.rank ? "this rank" : `rank ${by}`;
    const why = `${who} has revoked this communicator; shrink() gives one of the ranks that are left`;
    return failure(this.#who, located(call), "revoked", why, { rank: by });
  }

  /** A world of one decides by itself. */
  #alone(): SurvivalLink {
    const ballots = new Ballots();
    return {
      cast: (ballot) => {
        for (const { outcome } of ballots.cast(this.#who.rank, ballot)) this.decided(outcome);
      },
      revoke: () => {},
    };
  }
}
