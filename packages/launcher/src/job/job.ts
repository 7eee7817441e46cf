import { isDeepStrictEqual } from "node:util";
import {
  describeUnjoined,
  type Ending,
  type Joined,
  type Mail,
  type PeerAddress,
  type RankMessage,
  reachAdvice,
  type Stuck,
  within,
} from "@tsmpi/core/bootstrap";
import { limitHint } from "../agent/out-of-memory.ts";
import { describeExit, exitCodeOf, exitCodes } from "../errors/exit-codes.ts";
import type { Input } from "../io/input.ts";
import type { Output } from "../io/output.ts";
import type { ProgressDisplay } from "../io/progress-display.ts";
import type { Channel } from "../link/channel.ts";
import type { HostPlan, Order, Report } from "../link/messages.ts";
import { DeadlockWatch, type Underway, underway } from "../reports/deadlock.ts";
import type { RollCall } from "../reports/launch-stages.ts";
import { type Doing, describeDoings, listed, meanwhile } from "../reports/rank-activity.ts";
import { count } from "../reports/table.ts";
import { describeUnreceived } from "../reports/unreceived.ts";

/** One agent and what it has been given to do. */
export interface Station {
  channel: Channel<Order, Report>;
  plan: HostPlan;
  /** Called when its agent is lost: ends what may be left of it. */
  lost(): void;
}

export interface JobOptions {
  stations: Station[];
  size: number;
  killAfterMs: number;
  /** How long a rank may be stopped (SIGSTOP) before it is killed; 0: for ever. */
  silentAfterMs: number;
  /** Whether the job goes on without a rank or a host that fails, as long as rank 0 is there. */
  keepGoing: boolean;
  /** Whether the ranks look for mistakes (`--check`): what they warn of is counted and makes the exit code 1. */
  checks: boolean;
  output: Output;
  input: Input;
  progress: ProgressDisplay;
  roll: RollCall;
  /** For `--verbose`. */
  log(text: string): void;
}

const lastWordsMs = 1000;
/** Ranks that compute do not say where they are. The others do within milliseconds, unless the host is overloaded. */
const answerMs = 1000;
/** Those who waited for a rank that has ended have been told, and have told that they go on. */
const settledMs = 2000;
/** Further ones would hide what the program itself writes. */
const mostWarnings = 100;

/**
 * A job from its start to its end: hears what the agents report and decides what it means for the whole.
 *
 * It is stopped for the first reason that comes up (a rank failed, somebody called abort(), time-out, Ctrl-C); that one
 * alone is told and sets the exit code. What ranks do after that are consequences.
 */
export class Job {
  /** The exit code, once no process of the job is left on any host. */
  readonly ended: Promise<number>;
  /** Resolves when every rank has been started. */
  readonly started: Promise<void>;
  readonly #options: JobOptions;
  readonly #pids = new Map<number, number>();
  readonly #open: Set<Station>;
  #allStarted!: () => void;
  readonly #finish: (code: number) => void;
  readonly #addresses: PeerAddress[] = [];
  /** Why ranks that are ready cannot share memory, by host. */
  readonly #unshared = new Map<string, string>();
  readonly #greeted = new Set<number>();
  readonly #endings = new Map<number, Ending>();
  readonly #drained = new Set<number>();
  readonly #deadlock = new DeadlockWatch();
  /** Ranks of which nothing runs, and what ends them. */
  readonly #silent = new Map<number, NodeJS.Timeout | undefined>();
  /** Sentences that wait until what the rank itself had to say has been shown. */
  readonly #sentences = new Map<number, () => string>();
  /** What ranks have said when they were asked where they are. */
  readonly #here = new Map<number, Stuck>();
  /** What ranks that have left knew of messages. */
  readonly #mails = new Map<number, Mail>();
  /** Which collectives ranks that have left had called. */
  readonly #joined = new Map<number, Joined[]>();
  /** Warnings that were shown. */
  readonly #warnings = new Set<string>();
  #allAnswered: () => void = () => {};
  #checkingLoss = false;
  /** Hears what agents have in their connections. */
  #queues: (station: Station, bytes: number) => void = () => {};
  /** Resolves when all that is to be told about the job's end has been. */
  #told: Promise<void> = Promise.resolve();
  /** Messages to ranks that nobody of this job had sent. */
  #strangers = 0;
  #inWorld = false;
  #stopping = false;
  #code: number = exitCodes.success;

  constructor(options: JobOptions) {
    this.#options = options;
    this.#open = new Set(options.stations);
    this.started = new Promise((resolve) => {
      this.#allStarted = resolve;
    });
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

  /** Tells the ranks that the job's time is nearly up. */
  warn(reason: string): void {
    this.#options.log(reason);
    this.#order({ kind: "endsSoon", reason });
  }

  /** Shows a warning about the program, from a rank or from the source analysis; each text once. */
  remark(text: string): void {
    if (this.#warnings.size < mostWarnings) this.#warn(text);
  }

  /** Ends the job for a reason that is not a rank's. Without a sentence nothing is said. */
  stop(code: number, reason: string, sentence?: string, why?: "undelivered"): void {
    if (!this.#begin(code, sentence)) return;
    this.#order({ kind: "stopping", reason, ...(why && { code: why }) });
    this.#order({ kind: "stop", killAfterMs: this.#options.killAfterMs });
  }

  /** Ends the job because its time is up: nobody is waited for, the reader of the output neither. */
  expire(code: number, reason: string): void {
    if (this.#stopping) return;
    this.stop(code, reason, `${reason}; stopping all ranks`);
    this.#told = this.#answers().then((doings) => this.#sayDoings(doings));
    setTimeout(() => this.kill(), this.#options.killAfterMs).unref();
  }

  /** Passes a signal that asks for the end on to the ranks, which may take some time to tidy up. */
  interrupt(signal: NodeJS.Signals, code: number): void {
    const { killAfterMs } = this.#options;
    if (!this.#begin(code)) return;
    this.#options.log(`${signal}: passed on to the ranks; whatever is left in ${killAfterMs / 1000} s is killed`);
    this.#order({ kind: "where" });
    this.#told = this.#answers().then((doings) => {
      this.#sayDoings(doings, `interrupted by ${signal}`);
      this.#order({ kind: "signal", signal });
    });
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
        this.#pids.set(report.rank, report.pid);
        if (plan.ranks.every((rank) => this.#pids.has(rank))) this.#options.roll.reach(plan.node, "ranks started");
        if (this.#pids.size === this.#options.size) this.#allStarted();
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
        this.#strangers += report.strangers ?? 0;
        this.#rankEnded(report.ending, report.sent);
        break;
      case "drained":
        this.#drained.add(report.rank);
        this.#tell(report.rank);
        break;
      case "stopped":
        this.#rankStopped(report.rank, report.stopped, station);
        break;
      case "stalled": {
        const { dest, from, to, seconds } = report;
        const sender = report.rank === undefined ? `host ${plan.host}` : this.#name(report.rank, plan.host);
        const outcome = `no answer for ${seconds} s to what was sent; the connection had worked before`;
        this.#undelivered(sender, dest, `  ${plan.host} ${from} -> ${this.#hostOf(dest)} ${to}  ${outcome}`);
        break;
      }
      case "queued":
        this.#queues(station, report.bytes);
        break;
      case "unable":
        this.stop(
          exitCodes.launch,
          "the job could not be launched",
          `cannot start ${report.reason}${plan.nodes > 1 ? ` (on ${plan.host})` : ""}`,
        );
        break;
      case "lingering":
        this.#lingering(report, plan.host);
        break;
      case "noted":
        log(`${plan.host}: ${report.text}`);
        break;
      case "finished":
        log(`agent on ${plan.host} has finished`);
        this.#close(station);
        break;
    }
  }

  #said(rank: number, message: Exclude<RankMessage, { kind: "left" }>, host: string): void {
    switch (message.kind) {
      case "stuck":
        this.#deadlock.stuck(rank, host, message);
        this.#checkDeadlock();
        break;
      case "moving":
        this.#deadlock.moving(rank);
        break;
      case "joined":
        this.#joined.set(rank, message.communicators);
        break;
      case "mail":
        this.#mails.set(rank, message);
        break;
      case "here":
        this.#here.set(rank, message);
        this.#checkAnswers();
        break;
      case "hello":
        this.#greeted.add(rank);
        for (const ending of this.#endings.values()) this.#checkWorldCanForm(ending);
        break;
      case "progress":
        this.#options.progress.show(message.progress);
        break;
      case "warning":
        this.remark(message.text);
        break;
      case "ready":
        this.#addresses[rank] = { rank, host, endpoints: message.endpoints };
        if (message.unshared !== undefined) this.#unshared.set(host, message.unshared);
        if (Object.keys(this.#addresses).length < this.#options.size) break;
        this.#options.log("every rank is ready");
        this.#logTransports();
        this.#inWorld = true;
        this.#order({ kind: "table", peers: this.#addresses });
        break;
      case "undelivered":
        this.#undelivered(this.#name(rank, host), message.dest, message.attempts);
        break;
      case "missing":
        this.#lostPackets({ ...message, dest: rank }, "it has ended");
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

  /** A good end is none when something had to be ended that the rank has started. */
  #lingering({ rank, processes, leftMs }: Extract<Report, { kind: "lingering" }>, host: string): void {
    if (this.#stopping) return;
    const who = processes.map(({ pid, command }) => `${command} (pid ${pid})`).join(", ") || "a process";
    const what = `${this.#name(rank, host)} has ended, but ${who}, which it started, holds its output open`;
    const then = leftMs > 0 ? `waiting for ${leftMs / 1000} s more` : "it is being ended, and the exit code is 1";
    this.#options.output.say(`tsmpi: ${what}; ${then} (--wait-for-children)`);
    if (leftMs > 0) return;
    this.#code = exitCodes.failure;
  }

  #logTransports(): void {
    for (const [host, obstacle] of this.#unshared) {
      if (this.#addresses.filter((peer) => peer.host === host).length === 1) continue;
      this.#options.log(`ranks on ${host} talk over ZeroMQ, not shared memory: ${obstacle}`);
    }
  }

  #rankEnded(ending: Ending, sent: Record<string, number> | undefined): void {
    const { rank } = ending;
    this.#options.log(`${this.#describe(ending)} ${describeExit(ending)}`);
    this.#endings.set(rank, ending);
    this.#checkAnswers();
    if (rank === 0) this.#options.input.stop();
    if (exitCodeOf(ending) !== 0) {
      const hint = ending.hint === undefined ? "" : ` (${ending.hint})`;
      const how = `${describeExit(ending)}${hint}`;
      if (this.#canSpare([rank])) this.#goOnWithout(ending, how);
      else this.#fail(ending, exitCodeOf(ending), how);
    } else if (this.#inWorld) {
      setTimeout(() => this.#checkDeadlock(), settledMs).unref();
      this.#order({ kind: "ended", ending, ...(sent === undefined ? {} : { sent }) });
    } else {
      this.#checkWorldCanForm(ending);
    }
  }

  /** Somebody has stopped a rank, or let it go on. It is not a failure yet: he may want to look at it. */
  #rankStopped(rank: number, stopped: boolean, { channel, plan }: Station): void {
    clearTimeout(this.#silent.get(rank));
    this.#silent.delete(rank);
    if (this.#stopping) return;
    const { silentAfterMs, output } = this.#options;
    const who = `${this.#name(rank, plan.host)} (pid ${this.#pids.get(rank)})`;
    if (!stopped) {
      output.say(`tsmpi: ${who} goes on`);
      return;
    }
    const seconds = silentAfterMs / 1000;
    const then = silentAfterMs === 0 ? "" : `; it is killed in ${seconds} s unless it goes on (--silent-after)`;
    output.say(`tsmpi: ${who} is silent: it was stopped (SIGSTOP), nothing of it runs${then}`);
    const reason = `it had been stopped for ${seconds} s, --silent-after`;
    const kill = (): void => channel.send({ kind: "killStopped", rank, reason });
    this.#silent.set(rank, silentAfterMs === 0 ? undefined : setTimeout(kill, silentAfterMs).unref());
  }

  #checkDeadlock(): void {
    if (this.#stopping) return;
    const report = this.#deadlock.report(this.#options.size, this.#endings);
    if (report !== undefined) this.stop(exitCodes.deadlock, "deadlock", report);
    else if (this.#deadlock.underway(this.#options.size, this.#endings) !== undefined) void this.#checkLoss();
  }

  /**
   * Every rank waits, and packets are on their way. They are while a large message crosses a slow network. When the ranks say
   * the same twice, and nothing was in any connection, the one that the packets were in has broken.
   */
  async #checkLoss(): Promise<void> {
    if (this.#checkingLoss) return;
    this.#checkingLoss = true;
    const before = await this.#underway();
    const queued = await this.#queued();
    await new Promise<void>((resolve) => setTimeout(resolve, settledMs).unref());
    const after = await this.#underway();
    this.#checkingLoss = false;
    if (before !== undefined && queued === 0 && isDeepStrictEqual(before, after))
      this.#lostPackets(before, "the connection broke");
    else this.#checkDeadlock();
  }

  /** What is on its way, by what all ranks say now; undefined when nothing is, or some rank has something else to do. */
  async #underway(): Promise<Underway | undefined> {
    if (this.#stopping) return undefined;
    this.#order({ kind: "where" });
    await this.#hearAll();
    const alive = this.#all.filter((rank) => !this.#endings.has(rank));
    return alive.every((rank) => this.#here.has(rank)) ? underway(this.#here) : undefined;
  }

  /** How many bytes are in connections between hosts; a host that does not answer may have some. */
  async #queued(): Promise<number> {
    const waiting = new Set(this.#open);
    let bytes = 0;
    const all = new Promise<void>((resolve) => {
      this.#queues = (station, more) => {
        bytes += more;
        waiting.delete(station);
        if (waiting.size === 0) resolve();
      };
    });
    this.#order({ kind: "queues" });
    await within(answerMs, all);
    return waiting.size > 0 ? Number.POSITIVE_INFINITY : bytes;
  }

  /** Packets that no one will send again. */
  #lostPackets({ source, dest, packets }: Underway, why: string): void {
    const [from, to] = [source, dest].map((rank) => this.#name(rank));
    const what = `${count(packets, "packet")} that ${from} sent never arrived at ${to}`;
    const at = (this.#addresses[dest]?.endpoints ?? []).filter((endpoint) => endpoint.startsWith("tcp:")).join(" ");
    const sentence = `${what} (${at}): ${why}; ${reachAdvice}; stopping all ranks`;
    this.stop(exitCodes.launch, what, sentence, "undelivered");
  }

  /** Whether the job can go on without these ranks. */
  #canSpare(ranks: readonly number[]): boolean {
    return this.#options.keepGoing && this.#inWorld && !this.#stopping && !ranks.includes(0);
  }

  /** Calls that depend on this rank reject; maps and pools give its tasks to the others. */
  #goOnWithout(ending: Ending, how: string): void {
    this.#sentences.set(ending.rank, () => `tsmpi: ${this.#describe(ending)} ${how}; going on without it`);
    this.#tell(ending.rank);
    setTimeout(() => this.#checkDeadlock(), settledMs).unref();
    this.#order({ kind: "ended", ending });
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
    this.#order({ kind: "failed", ending });
    this.#order({ kind: "stop", killAfterMs: this.#options.killAfterMs });
    this.#told = this.#answers().then((doings) => {
      const waiting = meanwhile(doings.filter(({ rank }) => rank !== ending.rank));
      this.#sentences.set(ending.rank, () => {
        const hint = ending.hint === undefined ? limitHint(this.#options.output.lastWords(ending.rank)) : undefined;
        const why = hint === undefined ? "" : ` (${hint})`;
        return `tsmpi: ${this.#describe(ending)} ${how}${why}${others}${waiting}${this.#lastWords(ending.rank)}`;
      });
      this.#tell(ending.rank);
    });
  }

  /** A host, its link or its agent is gone, and with it all that we know of its ranks. */
  #lost(station: Station, reason: string): void {
    const { host, ranks } = station.plan;
    if (!this.#open.has(station)) return;
    const hint = `host ${host} was lost: ${reason}`;
    const rank = ranks.find((each) => !this.#endings.has(each)) ?? ranks[0]!;
    station.lost();
    if (this.#canSpare(ranks)) {
      this.#options.output.say(`tsmpi: ${hint}; going on without its ranks`);
      for (const each of ranks.filter((one) => !this.#endings.has(one))) {
        const ending = { rank: each, host, pid: this.#pids.get(each) ?? 0, code: null, signal: null, hint };
        this.#endings.set(each, ending);
        this.#order({ kind: "ended", ending });
      }
      this.#close(station);
      return;
    }
    const others = this.#options.stations.length > 1 ? "; stopping the other ranks" : "";
    if (this.#begin(exitCodes.launch, `${hint}${others}`)) {
      const ending = { rank, host, pid: this.#pids.get(rank) ?? 0, code: null, signal: null, hint };
      this.#order({ kind: "failed", ending });
      this.#order({ kind: "stop", killAfterMs: this.#options.killAfterMs });
      this.#told = this.#answers(ranks).then((doings) => {
        const waiting = meanwhile(doings.filter((doing) => !ranks.includes(doing.rank)));
        if (waiting !== "") this.#options.output.say(`tsmpi: ${waiting.trim()}`);
      });
    }
    for (const each of ranks) {
      this.#drained.add(each);
      this.#tell(each);
    }
    this.#close(station);
  }

  #close(station: Station): void {
    this.#open.delete(station);
    if (this.#open.size > 0) return;
    this.#allAnswered();
    if (!this.#stopping && !this.#options.keepGoing) this.#sayLeftOver();
    if (!this.#stopping && this.#options.checks) this.#sayMistakes();
    if (this.#strangers > 0) {
      const what = `${this.#strangers} messages that no rank of this job had sent`;
      this.#options.output.say(`tsmpi: warning: ${what} came over the network, and were dropped`);
    }
    void this.#told.then(() => this.#finish(this.#code));
  }

  /** All ranks have ended well: what they have left undone all the same. */
  #sayLeftOver(): void {
    const unreceived = describeUnreceived(this.#mails);
    if (unreceived !== undefined) this.#warn(unreceived);
    const unjoined = describeUnjoined(this.#joined, this.#options.size, listed);
    if (unjoined === undefined) return;
    this.#warnings.add(unjoined);
    this.#options.output.say(`tsmpi: ${unjoined}`);
    this.#code = exitCodes.failure;
  }

  /** Shows a warning, unless it has been shown before. */
  #warn(text: string): void {
    if (this.#warnings.has(text)) return;
    this.#warnings.add(text);
    this.#options.output.say(`tsmpi: warning: ${text}`);
  }

  /** A check that found something has failed, although the program ended well. */
  #sayMistakes(): void {
    const found = this.#warnings.size;
    if (found === 0) return;
    const most = found >= mostWarnings ? "at least " : "";
    this.#options.output.say(`tsmpi: --check found ${most}${count(found, "mistake")}`);
    if (this.#code === exitCodes.success) this.#code = exitCodes.failure;
  }

  /** What every rank is doing, once all that can say it have: they were told just now that the job is to end. */
  async #answers(lost: readonly number[] = []): Promise<Doing[]> {
    const asked = this.#all.filter((rank) => this.#inWorld && !this.#endings.has(rank) && !lost.includes(rank));
    await this.#hearAll();
    return this.#greeted.size === 0 ? [] : this.#all.flatMap((rank) => this.#doing(rank, asked.includes(rank)));
  }

  /** Resolves when all that can say where they are have, or have had the time to. */
  async #hearAll(): Promise<void> {
    this.#here.clear();
    const all = new Promise<void>((resolve) => {
      this.#allAnswered = resolve;
    });
    this.#checkAnswers();
    await within(answerMs, all);
  }

  #checkAnswers(): void {
    const missing = this.#all.some((rank) => !this.#here.has(rank) && !this.#endings.has(rank));
    if (!missing || !this.#inWorld) this.#allAnswered();
  }

  #doing(rank: number, asked: boolean): Doing[] {
    const host = this.#hostOf(rank);
    const where = this.#here.get(rank);
    if (where !== undefined) return [{ rank, host, where }];
    if (this.#silent.has(rank)) return [{ rank, host, where: "is stopped (SIGSTOP)" }];
    if (asked) return [{ rank, host, where: "computes (it did not answer)" }];
    if (this.#endings.has(rank)) return [];
    return [{ rank, host, where: this.#greeted.has(rank) ? "waits in init()" : "has not called init()" }];
  }

  #hostOf(rank: number): string {
    return this.#options.stations.find(({ plan }) => plan.ranks.includes(rank))?.plan.host ?? "?";
  }

  #sayDoings(doings: readonly Doing[], title?: string): void {
    const text = doings.length === 0 || this.#options.size === 1 ? "" : describeDoings(doings, title);
    if (text !== "") this.#options.output.say(`tsmpi: ${text}`);
  }

  get #all(): number[] {
    return Array.from({ length: this.#options.size }, (_, rank) => rank);
  }

  /** A message cannot reach its rank: nobody is to wait for it, and nobody to believe that it has arrived. */
  #undelivered(sender: string, dest: number, attempts: string): void {
    const what = `${sender} cannot reach ${this.#name(dest)}`;
    const sentence = `${what}: what it has sent there is not delivered; ${reachAdvice}\n${attempts}\n  stopping all ranks`;
    this.stop(exitCodes.launch, what, sentence, "undelivered");
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
    this.#options.output.say(sentence());
  }

  /** The last lines of a rank, where they are not on the screen anyway. */
  #lastWords(rank: number): string {
    const words = this.#options.output.unseenWords(rank);
    if (words === undefined) return "";
    const file = words.file === undefined ? "" : ` (${words.file})`;
    return [`\n  its last lines${file}:`, ...words.lines].join("\n  | ");
  }

  #order(order: Order): void {
    for (const { channel } of this.#options.stations) channel.send(order);
  }

  #name(rank: number, host: string = this.#hostOf(rank)): string {
    return `rank ${rank} of ${this.#options.size} on ${host}`;
  }

  #describe({ rank, host, pid }: Ending): string {
    return `${this.#name(rank, host)} (pid ${pid})`;
  }
}
