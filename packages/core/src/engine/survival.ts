import { type Call, failure, type Identity } from "../calls/call.ts";
import { type Divert, located } from "../calls/call-site.ts";
import type { MpiError } from "../calls/errors.ts";
import { type Ballot, Ballots, type Outcome, type RankRuns, ranksIn } from "../wire/ballots.ts";
import type { Accesses, Waiter } from "./accesses.ts";
import { any } from "./match-queue.ts";
import type { PendingCall } from "./pending-call.ts";

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
  readonly #asked: Map<string, { waiter: Waiter; members: RankRuns }> = new Map();
  /** Which communicators were revoked, and by which rank of the world. */
  readonly #revoked: Map<number, number> = new Map();
  /** What ends the calls of each communicator, window and file when it is revoked. */
  readonly #open: Map<number, (() => void)[]> = new Map();
  /** What was made from each of them. An intercommunicator has members that do not know what it was made from. */
  readonly #derived: Map<number, Map<number, RankRuns | undefined>> = new Map();

  constructor(who: Identity, accesses: Accesses) {
    this.#who = who;
    this.#accesses = accesses;
    this.link = this.#alone();
  }

  /** Resolves with what all ranks that are left get, too. */
  async ask(call: Call, ballot: Ballot): Promise<Outcome> {
    const waiter = this.#accesses.wait(call, any);
    this.#asked.set(`${ballot.context}.${ballot.number}`, { waiter, members: ballot.members });
    this.link.cast(ballot);
    return (await waiter.promise) as Outcome;
  }

  decided(outcome: Outcome): void {
    const key = `${outcome.context}.${outcome.number}`;
    const asked = this.#asked.get(key);
    if (asked === undefined) return;
    this.#asked.delete(key);
    this.#accesses.settle(asked.waiter, outcome);
  }

  /** Who has voted is not known here: it waits for all the others. */
  *pending(): Generator<PendingCall, void> {
    for (const { waiter, members } of this.#asked.values()) {
      if (waiter.over) continue;
      const divert: Divert = (detour) => waiter.divert(detour);
      for (const rank of ranksIn(members)) if (rank !== this.#who.rank) yield { call: waiter.call, rank, divert };
    }
  }

  /** `end` is called when this is revoked, at once if it has been: another rank may have made it before this one. */
  opened(context: number, end: () => void): void {
    if (this.#revoked.has(context)) end();
    else this.#open.set(context, [...(this.#open.get(context) ?? []), end]);
  }

  /** One was made from another, and is revoked with it. `members`: all of them, if some are not in the other one. */
  derived(parent: number, context: number, members?: RankRuns): void {
    const children = this.#derived.get(parent) ?? new Map<number, RankRuns | undefined>();
    this.#derived.set(parent, children.set(context, members));
  }

  closed(context: number): void {
    this.#open.delete(context);
    for (const children of this.#derived.values()) children.delete(context);
  }

  /** Rank `by` of the world has given up this communicator. */
  revoked(context: number, by: number): void {
    if (this.#revoked.has(context)) return;
    this.#revoked.set(context, by);
    for (const end of this.#open.get(context) ?? []) end();
    this.#open.delete(context);
    for (const [child, members] of this.#derived.get(context) ?? []) {
      if (members !== undefined && !this.#revoked.has(child)) this.link.revoke(child, members);
      this.revoked(child, by);
    }
    this.#derived.delete(context);
    this.#accesses.step();
  }

  /** The error of every call of what was revoked. */
  refusal(call: Call, context: number): MpiError {
    const by = this.#revoked.get(context);
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
