import type { ChildProcess } from "node:child_process";
import type { Socket } from "node:net";
import type { Readable, Writable } from "node:stream";
import { type AgentMessage, sendMessage } from "@tsmpi/core/bootstrap";
import type { Exit } from "../errors/exit-codes.ts";
import type { OutputStream } from "../link/messages.ts";
import { deferred } from "../system/deferred.ts";
import { processStat, processTable } from "../system/process-stat.ts";
import { sendSignal } from "./leftover-processes.ts";
import { LineAssembler } from "./line-assembler.ts";
import type { Apart } from "./process-group.ts";
import { groupSignals, signalTargets } from "./signal-targets.ts";
import { type RankStart, spawnRank } from "./spawn-rank.ts";

/** What a rank's process reports to its agent. */
export interface RankEvents {
  output(stream: OutputStream, bytes: Uint8Array): void;
  /** The process is gone, and every message that it sent has been delivered. */
  ended(exit: Exit): void;
  inputTaken(bytes: number): void;
  /** It could not be started; no other event follows. */
  unable(error: Error): void;
}

/** A child of a rank that cannot be found may keep the rank's pipes open for ever: silent pipes count as closed. */
const silenceAfterExitMs = 250;
/** After a good end, processes of the rank's group that have closed the streams may go on for this long. */
export const graceMs = 1000;
export const pollMs = 50;
const endSignals: ReadonlySet<string> = new Set(["SIGINT", "SIGTERM", "SIGHUP"]);
/** The kernel closes a rank's connection with the rank. Only below `tsmpi exec` another process may hold it. */
const lastMessagesMs = 2000;

/** One rank as its agent sees it: a child process with three pipes, and a connection once it has called init(). */
export class RankProcess {
  readonly #child: ChildProcess;
  readonly #input: Writable | undefined;
  readonly #events: RankEvents;
  readonly #apart: Apart;
  readonly #hasTerminal: boolean;
  readonly #streams: Readable[];
  readonly #lines: LineAssembler[];
  readonly #drain = deferred();
  readonly #sweepDone = deferred();
  /** Resolves when all its output has been delivered, or what is left of it is held back by some other process. */
  readonly drained: Promise<void> = this.#drain.promise;
  /** Resolves when, besides, nothing is left in its process group. */
  readonly settled: Promise<unknown> = Promise.all([this.drained, this.#sweepDone.promise]);
  #swept = false;
  #waits: boolean;
  #askedToEnd = false;
  #openStreams = 2;
  #exited = false;
  #paused = false;
  #lastOutputAt = 0;
  #connection: Socket | undefined;

  /** @throws Error when its pipes cannot be opened. */
  constructor(start: RankStart, events: RankEvents) {
    this.#events = events;
    this.#waits = start.waitsForChildren;
    this.#apart = start.apart;
    this.#hasTerminal = start.terminal !== undefined;
    const { child, input, streams } = spawnRank(start);
    this.#child = child;
    this.#input = input;
    this.#streams = streams;
    this.#lines = (["stdout", "stderr"] as const).map(
      (stream) =>
        new LineAssembler({ partial: start.showPartialLines[stream], promptsAtOnce: start.promptsAtOnce }, (block) =>
          events.output(stream, block),
        ),
    );
    child.once("error", (error) => {
      if (child.pid === undefined) events.unable(error);
    });
    if (child.pid === undefined) return;
    child.once("exit", (code, signal) => this.#exit({ code, signal }));
    input?.on("error", () => {}); // it does not read, or is gone
    for (const [index, stream] of streams.entries()) this.#read(stream, this.#lines[index]!);
  }

  #read(stream: Readable, lines: LineAssembler): void {
    stream.on("data", (chunk: Uint8Array) => {
      this.#lastOutputAt = performance.now();
      lines.push(chunk);
    });
    stream.on("error", () => {});
    stream.once("close", () => {
      lines.end();
      this.#openStreams--;
      if (this.#openStreams === 0) this.#drain.resolve();
    });
  }

  /** Undefined when it could not be started. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  get alive(): boolean {
    return !this.#exited;
  }

  /** A process holds its streams. */
  get isOpen(): boolean {
    return this.#openStreams > 0;
  }

  /** It has called init(), and so listens to the agent. */
  get greeted(): boolean {
    return this.#connection !== undefined;
  }

  /** It has called init(), on this connection. */
  connect(socket: Socket): void {
    this.#connection = socket;
  }

  /** What `kill` takes to reach this rank and its children. */
  get killTarget(): number {
    return this.#apart === "none" ? this.pid! : -this.pid!;
  }

  tell(message: AgentMessage): void {
    if (this.#connection !== undefined) sendMessage(this.#connection, message);
  }

  /** Whether a signal has asked its processes to end. They may tidy up, also when the rank itself has ended. */
  get askedToEnd(): boolean {
    return this.#askedToEnd;
  }

  /** The signal has reached its processes, or is about to. */
  noteSignal(signal: NodeJS.Signals): void {
    if (endSignals.has(signal)) this.#askedToEnd = true;
  }

  /** Sends a signal to the processes that it is meant for; see `signalTargets`. */
  signal(signal: NodeJS.Signals): void {
    this.noteSignal(signal);
    if (this.#exited) {
      if (signal === "SIGKILL") this.sweep();
      else if (groupSignals.has(signal) && this.#hasGroup()) sendSignal(this.killTarget, signal);
      return;
    }
    for (const target of signalTargets(this.program, signal, this.#apart)) {
      if (!sendSignal(target, signal)) sendSignal(this.pid!, signal); // it is not yet the leader of its group
    }
  }

  /** The process that signals are meant for: with a terminal, the child of the process that keeps the terminal. */
  get program(): number {
    if (!this.#hasTerminal) return this.pid!;
    const [program] = [...processTable()].find(([, stat]) => stat.parent === this.pid) ?? [];
    return program ?? this.pid!;
  }

  /** The job is being stopped: its children are waited for no more, unless they are tidying up. */
  hurry(): void {
    this.#waits = false;
    if (this.#exited && !this.#askedToEnd) this.sweep();
  }

  /** Kills what is left in its process group, once it has ended. */
  sweep(): void {
    if (this.#swept) return;
    this.#swept = true;
    if (this.#apart !== "none") sendSignal(this.killTarget, "SIGKILL");
    this.#lastOutputAt = performance.now();
    this.#watchSilence();
    this.#sweepDone.resolve();
  }

  write(bytes: Uint8Array | null): void {
    const input = this.#input;
    if (bytes === null) input?.end();
    else if (input?.writable) input.write(bytes, () => this.#events.inputTaken(bytes.length));
    else this.#events.inputTaken(bytes.length);
  }

  pause(paused: boolean): void {
    this.#paused = paused;
    for (const lines of this.#lines) lines.paused = paused;
    for (const stream of this.#streams) {
      if (paused) stream.pause();
      else stream.resume();
    }
  }

  /** Reads no more output, even if processes still hold the pipes. */
  abandon(): void {
    for (const stream of this.#streams) stream.destroy();
  }

  #exit(exit: Exit): void {
    this.#exited = true;
    this.#input?.destroy();
    const report = once(() => this.#events.ended(exit));
    if (this.#connection === undefined || this.#connection.destroyed) {
      report();
    } else {
      this.#connection.once("close", report);
      setTimeout(report, lastMessagesMs);
    }
    if (this.#askedToEnd || (this.#waits && exit.code === 0)) void this.#linger();
    else this.sweep();
  }

  /** Waits, as a shell does for a pipeline, until all processes have closed the streams. */
  async #linger(): Promise<void> {
    await this.drained;
    const endOfGrace = performance.now() + graceMs;
    while (!this.#swept && this.#hasGroup() && (this.#askedToEnd || performance.now() < endOfGrace))
      await new Promise((resolve) => setTimeout(resolve, pollMs));
    this.sweep();
  }

  /** Whether a process is left in its group. Another session's group of that number is a new one. */
  #hasGroup(): boolean {
    if (this.#apart === "none" || !sendSignal(this.killTarget, 0)) return false;
    const session = this.#apart === "session" ? this.pid : processStat("self")?.session;
    return [...processTable().values()].some((each) => each.group === this.pid && each.session === session);
  }

  #watchSilence(): void {
    if (this.#openStreams === 0) return;
    const silentMs = performance.now() - this.#lastOutputAt;
    if (silentMs >= silenceAfterExitMs && !this.#paused) {
      for (const lines of this.#lines) lines.end();
      this.#drain.resolve();
    } else {
      setTimeout(() => this.#watchSilence(), silenceAfterExitMs);
    }
  }
}

function once(action: () => void): () => void {
  let done = false;
  return () => {
    if (done) return;
    done = true;
    action();
  };
}
