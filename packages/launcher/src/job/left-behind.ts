import { describeUnjoined, type Joined, type Mail } from "@tsmpi/core/bootstrap";
import type { Output } from "../io/output.ts";
import type { Report } from "../link/messages.ts";
import { listed } from "../reports/rank-activity.ts";
import { describeUnreceived } from "../reports/unreceived.ts";
import type { ExitCode } from "./exit-code.ts";
import type { RankStates } from "./rank-states.ts";
import type { Warnings } from "./warnings.ts";

interface LeftBehindOptions {
  keepGoing: boolean;
  checks: boolean;
  output: Output;
}

/** What ranks that ended well have left: processes, messages, collectives that others never joined, mistakes. */
export class LeftBehind {
  readonly #options: LeftBehindOptions;
  readonly #ranks: RankStates;
  readonly #exitCode: ExitCode;
  readonly #warnings: Warnings;
  /** What each rank knew of messages when it left. */
  readonly mails: Map<number, Mail> = new Map();
  /** Which collectives each rank had called when it left. */
  readonly joined: Map<number, Joined[]> = new Map();
  /** How many messages came to ranks that no rank of this job had sent. */
  strangers = 0;

  constructor(options: LeftBehindOptions, ranks: RankStates, exitCode: ExitCode, warnings: Warnings) {
    this.#options = options;
    this.#ranks = ranks;
    this.#exitCode = exitCode;
    this.#warnings = warnings;
  }

  /** A good end is none when something had to be ended that the rank has started. */
  lingering({ rank, processes, leftMs }: Extract<Report, { kind: "lingering" }>, host: string): void {
    if (this.#exitCode.isDecided) return;
    const holders = processes.map(({ pid, command }) => `${command} (pid ${pid})`).join(", ") || "a process";
    const what = `${this.#ranks.name(rank, host)} has ended, but ${holders}, which it started, holds its output open`;
    const then = leftMs > 0 ? `waiting for ${leftMs / 1000} s more` : "it is being ended, and the exit code is 1";
    this.#options.output.say(`tsmpi: ${what}; ${then} (--wait-for-children)`);
    if (leftMs === 0) this.#exitCode.spoil();
  }

  /** Tells the user at the end of the job. A job that was stopped has left much undone: then only strangers are news. */
  say(): void {
    const { keepGoing, checks, output } = this.#options;
    if (!this.#exitCode.isDecided && !keepGoing) this.#sayCalls();
    const mistakes = checks && !this.#exitCode.isDecided ? this.#warnings.summary : undefined;
    if (mistakes !== undefined) {
      output.say(`tsmpi: ${mistakes}`);
      this.#exitCode.spoil();
    }
    if (this.strangers > 0) {
      const what = `${this.strangers} messages that no rank of this job had sent`;
      output.say(`tsmpi: warning: ${what} came over the network, and were dropped`);
    }
  }

  #sayCalls(): void {
    const unreceived = describeUnreceived(this.mails);
    if (unreceived !== undefined) this.#warnings.warn(unreceived);
    const unjoined = describeUnjoined(this.joined, this.#ranks.worldSize, listed);
    if (unjoined === undefined) return;
    this.#warnings.complain(unjoined);
    this.#exitCode.spoil();
  }
}
