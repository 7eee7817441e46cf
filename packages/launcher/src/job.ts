import type { Ending, PeerAddress, RankMessage } from "@tsmpi/core/bootstrap";
import type { Channel, HostPlan, Order, Report } from "./control.ts";
import { describeExit, exitCodeOf, exitCodes } from "./exit-codes.ts";
import type { Input } from "./input.ts";
import type { Output } from "./output.ts";

/** One agent and what it has been given to do. */
export interface Station {
  channel: Channel<Order, Report>;
  plan: HostPlan;
}

export interface JobOptions {
  stations: Station[];
  size: number;
  killAfterMs: number;
  output: Output;
  input: Input;
  /** For `--verbose`. */
  log(text: string): void;
}

const lastWordsMs = 1000;

/**
 * A job from its start to its end: hears what the agents report and decides what it means for the whole.
 *
 * It is stopped for the first reason that comes up (a rank failed, somebody called abort(), time-out, Ctrl-C); that one
 * alone is told and sets the exit code. What ranks do after that are consequences.
 */
export class Job {
  /** The exit code, once no process of the job is left on any host. */
  readonly ended: Promise<number>;
  readonly #options: JobOptions;
  readonly #finish: (code: number) => void;
  readonly #addresses: PeerAddress[] = [];
  readonly #greeted = new Set<number>();
  readonly #endings = new Map<number, Ending>();
  readonly #drained = new Set<number>();
  /** Sentences that wait until what the rank itself had to say has been shown. */
  readonly #sentences = new Map<number, string>();
  #inWorld = false;
  #stopping = false;
  #code: number = exitCodes.success;
  #unfinished: number;

  constructor(options: JobOptions) {
    this.#options = options;
    this.#unfinished = options.stations.length;
    let finish!: (code: number) => void;
    this.ended = new Promise((resolve) => {
      finish = resolve;
    });
    this.#finish = finish;
    for (const station of options.stations) {
      station.channel.receive({
        message: (report) => this.#hear(report, station),
        lost: (reason) => this.#lost(station, reason),
      });
    }
  }

  start(): void {
    for (const { channel, plan } of this.#options.stations) channel.send({ kind: "start", plan });
  }

  /** Ends the job for a reason that is not a rank's. Without a sentence nothing is said. */
  stop(code: number, reason: string, sentence?: string): void {
    if (!this.#begin(code, sentence)) return;
    this.#order({ kind: "stopping", reason });
    this.#order({ kind: "stop", killAfterMs: this.#options.killAfterMs });
  }

  /** Ends the job because its time is up: nobody is waited for, the reader of the output neither. */
  expire(code: number, reason: string): void {
    if (this.#stopping) return;
    this.stop(code, reason, `${reason}; stopping all ranks`);
    setTimeout(() => this.kill(), this.#options.killAfterMs).unref();
  }

  /** Passes a signal that asks for the end on to the ranks, which may take some time to tidy up. */
  interrupt(signal: NodeJS.Signals, code: number): void {
    const { killAfterMs } = this.#options;
    if (!this.#begin(code)) return;
    this.#options.log(`${signal}: passed on to the ranks; whatever is left in ${killAfterMs / 1000} s is killed`);
    this.#order({ kind: "signal", signal });
    setTimeout(() => this.#order({ kind: "stopping", reason: `interrupted by ${signal}` }), killAfterMs / 2).unref();
    setTimeout(() => this.kill(), killAfterMs).unref();
  }

  signal(signal: NodeJS.Signals): void {
    this.#options.log(`${signal}: passed on to the ranks`);
    this.#order({ kind: "signal", signal });
  }

  /** At once; and whoever does not read the output is not waited for either. */
  kill(): void {
    this.#order({ kind: "kill" });
    setTimeout(() => {
      this.#order({ kind: "abandon" });
      this.#options.output.abandon();
    }, lastWordsMs).unref();
  }

  /** Gives rank 0 input; null at its end. */
  feed(bytes: Uint8Array | null): void {
    this.#options.stations.find(({ plan }) => plan.ranks.includes(0))?.channel.send({ kind: "input", bytes });
  }

  #hear(report: Report, station: Station): void {
    const { output, input, log } = this.#options;
    const { channel, plan } = station;
    switch (report.kind) {
      case "started":
        log(`rank ${report.rank} started on ${plan.host} (pid ${report.pid})`);
        if (report.rank === 0) input.start();
        break;
      case "said":
        this.#said(report.rank, report.message, plan.host);
        break;
      case "output":
        output.write(report.rank, report.stream, report.bytes, () =>
          channel.send({ kind: "taken", bytes: report.bytes.length }),
        );
        break;
      case "inputTaken":
        input.taken(report.bytes);
        break;
      case "ended":
        this.#rankEnded(report.ending, report.sent);
        break;
      case "drained":
        this.#drained.add(report.rank);
        this.#tell(report.rank);
        break;
      case "unable":
        this.stop(exitCodes.launch, "the job could not be launched", `cannot start ${report.reason}`);
        break;
      case "finished":
        log(`agent on ${plan.host} has finished`);
        this.#unfinished--;
        if (this.#unfinished === 0) this.#finish(this.#code);
        break;
    }
  }

  #said(rank: number, message: Exclude<RankMessage, { kind: "left" }>, host: string): void {
    switch (message.kind) {
      case "hello":
        this.#greeted.add(rank);
        for (const ending of this.#endings.values()) this.#checkWorldCanForm(ending);
        break;
      case "ready":
        this.#addresses[rank] = { rank, host, endpoints: message.endpoints };
        if (Object.keys(this.#addresses).length < this.#options.size) break;
        this.#options.log("every rank is ready");
        this.#inWorld = true;
        this.#order({ kind: "table", peers: this.#addresses });
        break;
      case "abort": {
        const code = message.code === 0 ? exitCodes.failure : message.code;
        const reason = message.reason === "" ? "" : `: ${message.reason}`;
        const call = `${this.#name(rank, host)} called abort(${message.code})${reason}`;
        this.stop(code, call, `${call}; stopping the other ranks`);
        break;
      }
    }
  }

  #rankEnded(ending: Ending, sent: Record<string, number> | undefined): void {
    const { rank } = ending;
    this.#options.log(`${this.#describe(ending)} ${describeExit(ending)}`);
    this.#endings.set(rank, ending);
    if (rank === 0) this.#options.input.stop();
    if (exitCodeOf(ending) !== 0) {
      const hint = ending.hint === undefined ? "" : ` (${ending.hint})`;
      this.#fail(ending, exitCodeOf(ending), `${describeExit(ending)}${hint}`);
    } else if (this.#inWorld) {
      this.#order({ kind: "ended", ending, ...(sent === undefined ? {} : { sent }) });
    } else {
      this.#checkWorldCanForm(ending);
    }
  }

  /** A rank which ends before the world has formed leaves those that wait for it in init() waiting for ever. */
  #checkWorldCanForm(ending: Ending): void {
    if (this.#inWorld || this.#greeted.size === 0 || exitCodeOf(ending) !== 0) return;
    if (this.#endings.size === this.#options.size) return;
    const hint = this.#greeted.has(ending.rank) ? "ended before init() had finished" : "ended before calling init()";
    this.#fail({ ...ending, hint }, exitCodes.failure, `${hint}, while other ranks wait for it there`);
  }

  #fail(ending: Ending, code: number, how: string): void {
    if (!this.#begin(code)) return;
    const others = this.#options.size > 1 ? "; stopping the other ranks" : "";
    this.#sentences.set(ending.rank, `tsmpi: ${this.#describe(ending)} ${how}${others}`);
    this.#tell(ending.rank);
    this.#order({ kind: "failed", ending });
    this.#order({ kind: "stop", killAfterMs: this.#options.killAfterMs });
  }

  #lost({ plan }: Station, reason: string): void {
    this.stop(exitCodes.launch, `host ${plan.host} was lost`, `host ${plan.host} was lost: ${reason}`);
  }

  /** True for the first reason to stop; false for all that follow. */
  #begin(code: number, sentence?: string): boolean {
    if (this.#stopping) return false;
    this.#stopping = true;
    this.#code = code;
    if (sentence !== undefined) this.#options.output.say(`tsmpi: ${sentence}`);
    return true;
  }

  #tell(rank: number): void {
    const sentence = this.#sentences.get(rank);
    if (sentence === undefined || !this.#drained.has(rank)) return;
    this.#sentences.delete(rank);
    this.#options.output.say(sentence);
  }

  #order(order: Order): void {
    for (const { channel } of this.#options.stations) channel.send(order);
  }

  #name(rank: number, host: string): string {
    return `rank ${rank} of ${this.#options.size} on ${host}`;
  }

  #describe({ rank, host, pid }: Ending): string {
    return `${this.#name(rank, host)} (pid ${pid})`;
  }
}
