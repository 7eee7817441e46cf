import { setImmediate } from "../calls/event-loop.ts";
import type { Engine } from "../engine/engine.ts";
import type { Ending } from "../wire/agent-protocol.ts";
import { type Ballot, Ballots, type Decided } from "../wire/ballots.ts";

/**
 * What launcher and agents do for the ranks of a job, for those of one process: brings news of ranks that have ended, and counts
 * ballots. With random numbers everything takes its time, each rank's in order.
 *
 * ```text
 *   ranks ── one line each ──► ballots ── one line each ──► ranks
 * ```
 */
export class LocalCouncil {
  readonly #engines: readonly Engine[];
  readonly #random: (() => number) | undefined;
  readonly #ballots = new Ballots();
  /** What is under way, by line: those to the council, then those from it. */
  readonly #lines: (() => void)[][];
  readonly #killed: Set<number> = new Set();
  #scheduled = false;

  constructor(engines: readonly Engine[], random: (() => number) | undefined) {
    this.#engines = engines;
    this.#random = random;
    this.#lines = Array.from({ length: 2 * engines.length }, () => []);
  }

  /** Whether nothing is under way. */
  get idle(): boolean {
    return this.#lines.every((line) => line.length === 0);
  }

  cast(rank: number, ballot: Ballot): void {
    if (!this.#killed.has(rank)) this.#later(rank, () => this.#tell(this.#ballots.cast(rank, ballot)));
  }

  revoke(by: number, context: number): void {
    if (this.#killed.has(by)) return;
    this.#later(by, () => this.#toAll((engine) => engine.survival.revoked(context, by)));
  }

  /** A rank will send nothing more. */
  killed(rank: number): void {
    this.#killed.add(rank);
  }

  /** @param sent how many packets it sent to each rank, if it left in good order */
  ended(ending: Ending, sent: Readonly<Record<string, number>> | undefined): void {
    const { rank } = ending;
    this.#later(rank, () => {
      this.#toAll((engine) => {
        if (engine.who.rank !== rank) engine.endings.ended(ending, sent && (sent[engine.who.rank] ?? 0));
      });
      this.#tell(this.#ballots.gone(rank));
    });
  }

  #tell(decided: readonly Decided[]): void {
    for (const { outcome, members } of decided) {
      this.#toAll((engine) => {
        if (members.has(engine.who.rank)) engine.survival.decided(outcome);
      });
    }
  }

  #toAll(tell: (engine: Engine) => void): void {
    const { length } = this.#engines;
    for (const [rank, engine] of this.#engines.entries()) {
      this.#later(length + rank, () => {
        if (!this.#killed.has(rank)) tell(engine);
      });
    }
  }

  #later(line: number, action: () => void): void {
    if (this.#random === undefined) {
      action();
      return;
    }
    this.#lines[line]?.push(action);
    this.#schedule(this.#random);
  }

  #schedule(random: () => number): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      const busy = this.#lines.filter((line) => line.length > 0);
      busy[Math.floor(random() * busy.length)]?.shift()?.();
      if (!this.idle) this.#schedule(random);
    });
  }
}
