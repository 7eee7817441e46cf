import { exitCodes } from "../errors/exit-codes.ts";
import type { Input } from "../io/input.ts";
import type { Output } from "../io/output.ts";
import type { ProgressDisplay } from "../io/progress-display.ts";
import type { Report } from "../link/messages.ts";
import type { RollCall } from "../reports/launch-stages.ts";
import { deferred } from "../system/deferred.ts";
import { DeadlockCheck } from "./deadlock-check.ts";
import { ExitCode } from "./exit-code.ts";
import { Inquiry } from "./inquiry.ts";
import { JobEnd } from "./job-end.ts";
import { LastSentences } from "./last-sentences.ts";
import { LeftBehind } from "./left-behind.ts";
import { Losses } from "./losses.ts";
import { RankStates } from "./rank-states.ts";
import { type Described, Recordings } from "./recordings.ts";
import { Room, type Slots } from "./room.ts";
import { SeatingMap } from "./seating-map.ts";
import { Spawning, type SpawningOptions } from "./spawning.ts";
import { Startup } from "./startup.ts";
import { type Station, Stations } from "./stations.ts";
import { StoppedRanks } from "./stopped-ranks.ts";
import { Undelivered } from "./undelivered.ts";
import { Warnings } from "./warnings.ts";

export interface JobOptions {
  stations: Station[];
  size: number;
  killAfterMs: number;
  /** How long a rank may be stopped (SIGSTOP) before it is killed; 0: for ever. */
  silentAfterMs: number;
  /** Whether the job goes on without a rank or a host that fails. */
  keepGoing: boolean;
  /** See `Losses`. */
  countsFailures: boolean;
  /** Whether the ranks look for mistakes (`--check`): what they warn of is counted and makes the exit code 1. */
  checks: boolean;
  output: Output;
  input: Input;
  progress: ProgressDisplay;
  roll: RollCall;
  /** What a recording says about the job; undefined: nothing is recorded. */
  recorded: Described | undefined;
  spawn: Pick<SpawningOptions, "prepare" | "limitMs"> & { slots: Slots };
  /** For `--verbose`. */
  log(text: string): void;
}

/**
 * A job from its start to its end: takes what the agents report to the part that decides what it means for the whole.
 *
 * ```text
 *                      ┌─ a rank or a host is gone: Losses ──┐
 * agents ─ reports ─ Job─ a message is lost: Undelivered ────┼─ JobEnd ─ orders ─► agents
 *                      ├─ every rank waits: DeadlockCheck ───┘    └─ ExitCode: the first reason counts
 *                      └─ all ended well: LeftBehind
 * ```
 */
export class Job {
  /** Ends the job before its ranks do. */
  readonly end: JobEnd;
  readonly #options: JobOptions;
  readonly #stations: Stations;
  readonly #ranks: RankStates;
  readonly #inquiry: Inquiry;
  readonly #exitCode: ExitCode;
  readonly #warnings: Warnings;
  readonly #sentences: LastSentences;
  readonly #deadlock: DeadlockCheck;
  readonly #startup: Startup;
  readonly #losses: Losses;
  readonly #spawning: Spawning;
  readonly #undelivered: Undelivered;
  readonly #leftBehind: LeftBehind;
  readonly #stopped: StoppedRanks;
  readonly #seating: SeatingMap;
  /** Present where the run is recorded. */
  readonly recordings: Recordings | undefined;
  readonly #ended = deferred<number>();
  /** The hosts that were lost. */
  readonly lostHosts: Set<string> = new Set();
  #isUnable = false;

  constructor(options: JobOptions) {
    const { output, killAfterMs, log } = options;
    const stations = new Stations(options.stations);
    const ranks = new RankStates(options.size, stations);
    const inquiry = new Inquiry(ranks, stations);
    const exitCode = new ExitCode();
    const sentences = new LastSentences(output);
    const warnings = new Warnings(output);
    const end = new JobEnd({ stations, ranks, inquiry, exitCode, sentences, output, killAfterMs, log });
    const undelivered = new Undelivered(ranks, end, (hosts) => this.#losses.linkLost(hosts));
    const deadlock = new DeadlockCheck(ranks, inquiry, () => exitCode.isDecided, {
      deadlock: (report, doings) => {
        this.recordings?.stuck(doings);
        end.stop(exitCodes.deadlock, "deadlock", report);
      },
      lost: (packets) => undelivered.lost(packets, "the connection broke"),
    });
    this.#options = options;
    this.end = end;
    this.#stations = stations;
    this.#ranks = ranks;
    this.#inquiry = inquiry;
    this.#exitCode = exitCode;
    this.#sentences = sentences;
    this.#warnings = warnings;
    this.#undelivered = undelivered;
    this.#deadlock = deadlock;
    this.#seating = new SeatingMap(output, stations);
    this.recordings = options.recorded && new Recordings(stations, options.recorded);
    this.#stopped = new StoppedRanks(ranks, output, options.silentAfterMs);
    this.#startup = new Startup(options, ranks, stations);
    const spawning = spawningFor(options, stations, ranks, exitCode);
    this.#spawning = spawning;
    this.#losses = new Losses({ ...options, stations, ranks, inquiry, exitCode, sentences, deadlock, end, spawning });
    this.#leftBehind = new LeftBehind(options, ranks, exitCode, warnings);
    for (const station of options.stations) {
      station.channel.receive({
        message: (report) => this.#hear(report, station),
        lost: (reason) => this.#lost(station, reason),
      });
    }
  }

  /** Resolves with the exit code, once no process of the job is left on any host. */
  get ended(): Promise<number> {
    return this.#ended.promise;
  }

  hostOf(rank: number): string {
    return this.#ranks.hostOf(rank);
  }

  /** Resolves when every rank has been started. */
  get started(): Promise<void> {
    return this.#startup.started;
  }

  /**
   * Why the job has failed, as the beginning of a sentence. Undefined if it did not fail, or if to start it again makes no sense:
   * its end was asked for, its program cannot be started, or all ranks have done their work.
   */
  get failure(): string | undefined {
    const { code, isDecided } = this.#exitCode;
    if (!isDecided || code === exitCodes.success || this.end.wasAsked || this.#isUnable) return undefined;
    const isResult = this.#options.countsFailures && this.#ranks.endings.get(0)?.code === code;
    return this.end.reason ?? (isResult ? undefined : `the job ended with exit code ${code}`);
  }

  start(): void {
    void this.#stations.start();
  }

  /** Tells the ranks that the job's time is nearly up. */
  warn(reason: string): void {
    this.#options.log(reason);
    this.#stations.order({ kind: "endsSoon", reason });
  }

  /** Shows a warning about the program, from a rank or from the source analysis; each text once. */
  remark(text: string): void {
    this.#warnings.remark(text);
  }

  /** Gives the ranks that read it the standard input; null at its end. */
  feed(bytes: Uint8Array | null): void {
    for (const station of this.#stations.all)
      if (station.plan.inputRanks.length > 0) this.#stations.tell(station, { kind: "input", bytes });
  }

  // biome-ignore lint/complexity/noExcessiveLinesPerFunction: one case for each report, a table
  #hear(report: Report, station: Station): void {
    const { output, input, log } = this.#options;
    const { channel, plan } = station;
    switch (report.kind) {
      case "started":
        if (report.rank < this.#ranks.worldSize) this.#startup.rankStarted(report.rank, report.pid, station);
        else this.#spawning.started(report.rank, report.pid, station);
        break;
      case "unspawned":
        this.#spawning.unable(report.rank, report.reason);
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
        input.taken(report.rank, report.bytes);
        break;
      case "ended":
        this.#leftBehind.strangers += report.strangers ?? 0;
        this.#losses.rankEnded(report.ending, report.sent);
        break;
      case "drained":
        this.#sentences.drained(report.rank);
        break;
      case "stopped":
        this.#stopped.changed(report.rank, report.stopped, station, this.#exitCode.isDecided);
        break;
      case "stalled":
        this.#undelivered.stalled(report, plan.host);
        break;
      case "terminated":
        this.end.interrupt("SIGTERM", exitCodes.terminated);
        break;
      case "queued":
        this.#inquiry.queued(station, report.bytes);
        break;
      case "unable": {
        this.#isUnable = true;
        const where = plan.nodes > 1 ? ` (on ${plan.host})` : "";
        this.end.stop(exitCodes.launch, "the job could not be launched", `cannot start ${report.reason}${where}`);
        break;
      }
      case "seated":
        this.#seating.seated(report, station);
        break;
      case "lingering":
        this.#leftBehind.lingering(report, plan.host);
        break;
      case "clock":
      case "recorded":
        this.recordings?.hear(report, station);
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

  // biome-ignore lint/complexity/noExcessiveLinesPerFunction: one case for each message, a table
  #said(rank: number, message: Extract<Report, { kind: "said" }>["message"], host: string): void {
    switch (message.kind) {
      case "stuck":
        this.#deadlock.stuck(rank, host, message);
        break;
      case "moving":
        this.#deadlock.moving(rank);
        break;
      case "joined":
        this.#leftBehind.joined.set(rank, message.communicators);
        break;
      case "mail":
        this.#leftBehind.mails.set(rank, message);
        break;
      case "here":
        this.#inquiry.answered(rank, message);
        break;
      case "hello":
        this.#losses.rankGreeted(rank);
        break;
      case "progress":
        this.#options.progress.show(message.progress);
        break;
      case "warning":
        this.remark(message.text);
        break;
      case "ready":
        if (this.#spawning.isStarting(rank)) this.#spawning.ready(rank, host, message.endpoints);
        else this.#startup.ready(rank, host, message.endpoints, message.unshared);
        break;
      case "undelivered":
        this.#undelivered.report(this.#ranks.name(rank, host), host, message.dest, message.attempts);
        break;
      case "missing":
        this.#undelivered.lost({ ...message, dest: rank }, "it has ended");
        break;
      case "unresponsive":
        this.#losses.rankUnresponsive(message.rank, message.reason);
        break;
      case "ballot":
      case "revoke":
        this.#losses.council.hear(rank, message);
        break;
      case "spawn":
        void this.#spawning.ask(rank, message.id, message.wish);
        break;
      case "abort":
        this.#aborted(this.#ranks.name(rank, host), message);
        break;
    }
  }

  #aborted(name: string, { code, reason }: { code: number; reason: string }): void {
    const call = `${name} called abort(${code})${reason === "" ? "" : `: ${reason}`}`;
    this.end.stop(code === 0 ? exitCodes.failure : code, call, `${call}; stopping the other ranks`);
  }

  #lost(station: Station, reason: string): void {
    if (!this.#stations.open.has(station)) return;
    this.lostHosts.add(station.plan.host);
    this.#losses.hostLost(station, reason);
    this.#close(station);
  }

  /** An agent has nothing left to do. After the last one, the job has ended. */
  #close(station: Station): void {
    this.#stations.open.delete(station);
    if (this.#stations.open.size > 0) return;
    this.#inquiry.end();
    this.#spawning.end();
    this.recordings?.end();
    this.#losses.conclude();
    this.#leftBehind.say();
    void this.end.told.then(() => this.#ended.resolve(this.#exitCode.code));
  }
}

function spawningFor(
  { spawn, output, recorded, log }: JobOptions,
  stations: Stations,
  ranks: RankStates,
  exitCode: ExitCode,
): Spawning {
  const room = new Room(stations, ranks, spawn.slots);
  const say = (text: string): void => output.say(text);
  return new Spawning({ ...spawn, stations, ranks, exitCode, room, isRecorded: recorded !== undefined, say, log });
}
