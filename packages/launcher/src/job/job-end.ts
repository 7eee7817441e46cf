import type { Ending } from "@tsmpi/core/bootstrap";
import { limitHint } from "../agent/out-of-memory.ts";
import { exitCodes } from "../errors/exit-codes.ts";
import type { Output } from "../io/output.ts";
import { type Doing, describeDoings, meanwhile } from "../reports/rank-activity.ts";
import type { ExitCode } from "./exit-code.ts";
import type { Inquiry } from "./inquiry.ts";
import type { LastSentences } from "./last-sentences.ts";
import type { RankStates } from "./rank-states.ts";
import type { Station, Stations } from "./stations.ts";

/** From the killing of the ranks to dropping what is still to be written. */
const lastWordsMs = 1000;

export interface JobEndOptions {
  stations: Stations;
  ranks: RankStates;
  inquiry: Inquiry;
  exitCode: ExitCode;
  sentences: LastSentences;
  output: Output;
  killAfterMs: number;
  log(text: string): void;
}

/**
 * Ends the job before all ranks have done their work. Each way to end it first asks {@link ExitCode} whether its reason is
 * the first one; only that one is told to the user.
 */
export class JobEnd {
  readonly #options: JobEndOptions;
  /** Resolves when all that is to be told about the end has been. */
  #told: Promise<void> = Promise.resolve();
  #reason: string | undefined;
  #wasAsked = false;

  constructor(options: JobEndOptions) {
    this.#options = options;
  }

  get told(): Promise<void> {
    return this.#told;
  }

  /** Why the job was stopped, as the beginning of a sentence; undefined if it was not. */
  get reason(): string | undefined {
    return this.#reason;
  }

  /** A user, the batch system or a time limit has asked for the end, also if the job was being stopped already. */
  get wasAsked(): boolean {
    return this.#wasAsked;
  }

  /** Stops the job for a reason that is not a rank's. Without a sentence nothing is said. */
  stop(code: number, reason: string, sentence?: string, why?: "undelivered"): void {
    const { stations, killAfterMs } = this.#options;
    if (!this.#begin(code, reason, sentence)) return;
    stations.order({ kind: "stopping", reason, ...(why && { code: why }) });
    stations.order({ kind: "stop", killAfterMs });
  }

  /** Stops the job because its time is up: waits neither for ranks nor for the reader of the output. */
  expire(code: number, reason: string): void {
    const { exitCode, inquiry, killAfterMs } = this.#options;
    this.#wasAsked = true;
    if (exitCode.isDecided) return;
    this.stop(code, reason, `${reason}; stopping all ranks`);
    this.#told = inquiry.doings().then((doings) => this.#sayDoings(doings));
    setTimeout(() => this.kill(), killAfterMs).unref();
  }

  /** Passes a signal that asks for the end on to the ranks, which may take some time to tidy up. */
  interrupt(signal: NodeJS.Signals, code: number): void {
    const { stations, inquiry, killAfterMs, log } = this.#options;
    this.#wasAsked = true;
    if (!this.#begin(code, `interrupted by ${signal}`)) return;
    log(`${signal}: passed on to the ranks; whatever is left in ${killAfterMs / 1000} s is killed`);
    stations.order({ kind: "where" });
    this.#told = inquiry.doings().then((doings) => {
      this.#sayDoings(doings, `interrupted by ${signal}`);
      stations.order({ kind: "signal", signal });
    });
    const reason = `interrupted by ${signal}`;
    setTimeout(() => stations.order({ kind: "stopping", reason }), killAfterMs / 2).unref();
    setTimeout(() => this.kill(), killAfterMs).unref();
  }

  /** Passes on a signal that does not end the job. */
  signal(signal: NodeJS.Signals): void {
    this.#options.log(`${signal}: passed on to the ranks`);
    this.#options.stations.order({ kind: "signal", signal });
  }

  /** Kills all ranks now. Does not wait for the reader of the output either. */
  kill(): void {
    const { stations, output } = this.#options;
    this.#wasAsked = true;
    stations.order({ kind: "kill" });
    setTimeout(() => {
      stations.order({ kind: "abandon" });
      output.abandon();
    }, lastWordsMs).unref();
  }

  /** Stops the job because a rank has failed; `how` completes the sentence that begins with its name. */
  fail(ending: Ending, code: number, how: string): void {
    const { stations, inquiry, sentences, ranks, output, killAfterMs } = this.#options;
    if (!this.#begin(code, `${ranks.name(ending.rank, ending.host)} ${how}`)) return;
    const others = ranks.size > 1 ? "; stopping the other ranks" : "";
    stations.order({ kind: "failed", ending });
    stations.order({ kind: "stop", killAfterMs });
    this.#told = inquiry.doings().then((doings) => {
      const waiting = meanwhile(doings.filter(({ rank }) => rank !== ending.rank));
      sentences.say(ending.rank, () => {
        const hint = ending.hint === undefined ? limitHint(output.lastWords(ending.rank)) : undefined;
        const why = hint === undefined ? "" : ` (${hint})`;
        return `tsmpi: ${ranks.nameWithPid(ending)} ${how}${why}${others}${waiting}${sentences.linesOf(ending.rank)}`;
      });
    });
  }

  /** Stops the job because a host, its link or its agent is gone. */
  loseHost({ plan }: Station, hint: string): void {
    const { stations, inquiry, ranks, output, killAfterMs } = this.#options;
    const others = stations.all.length > 1 ? "; stopping the other ranks" : "";
    if (!this.#begin(exitCodes.launch, `host ${plan.host} was lost`, `${hint}${others}`)) return;
    const rank = plan.ranks.find((each) => !ranks.endings.has(each)) ?? plan.ranks[0]!;
    stations.order({ kind: "failed", ending: ranks.lostEnding(rank, plan.host, hint) });
    stations.order({ kind: "stop", killAfterMs });
    this.#told = inquiry.doings(plan.ranks).then((doings) => {
      const waiting = meanwhile(doings.filter((doing) => !plan.ranks.includes(doing.rank)));
      if (waiting !== "") output.say(`tsmpi: ${waiting.trim()}`);
    });
  }

  #begin(code: number, reason: string, sentence?: string): boolean {
    if (!this.#options.exitCode.decide(code)) return false;
    this.#reason = reason;
    if (sentence !== undefined) this.#options.output.say(`tsmpi: ${sentence}`);
    return true;
  }

  #sayDoings(doings: readonly Doing[], title?: string): void {
    const { ranks, output } = this.#options;
    const text = doings.length === 0 || ranks.size === 1 ? "" : describeDoings(doings, title);
    if (text !== "") output.say(`tsmpi: ${text}`);
  }
}
