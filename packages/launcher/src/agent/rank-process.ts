import { type ChildProcess, spawn } from "node:child_process";
import { closeSync } from "node:fs";
import type { Socket } from "node:net";
import type { Readable, Writable } from "node:stream";
import { type AgentMessage, sendMessage } from "@tsmpi/core/bootstrap";
import type { Exit } from "../errors/exit-codes.ts";
import type { OutputStream } from "../link/messages.ts";
import { processStat, processTable } from "../system/process-stat.ts";
import { onTerminal, type Terminal } from "../system/pty.ts";
import { sendSignal } from "./leftovers.ts";
import { LineAssembler } from "./line-assembler.ts";
import { type Apart, leadingGroup } from "./process-group.ts";
import { type Ends, openOutput, type RankPipes } from "./rank-pipes.ts";
import { groupSignals, signalTargets } from "./signal-targets.ts";

/** What the agent wants to know of a rank. */
export interface RankEvents {
  output(stream: OutputStream, bytes: Uint8Array): void;
  /** The process is gone, and every message that it sent has been delivered. */
  ended(exit: Exit): void;
  inputTaken(bytes: number): void;
  /** It could not be started; no other event follows. */
  unable(error: Error): void;
}

export interface RankStart {
  file: string;
  args: string[];
  environment: Record<string, string>;
  directory: string;
  apart: Apart;
  /** Undefined: it has pipes alone. */
  terminal: Terminal | undefined;
  /** Whether its standard input comes from the launcher; else it is empty. */
  withInput: boolean;
  /** Its pipes; undefined where the system has none with names. */
  pipes: RankPipes | undefined;
  /** The pipe of its standard input, where it can have one. */
  input: Ends | undefined;
  showPartialLines: Record<OutputStream, boolean>;
  promptsAtOnce: boolean;
  /** After a good end, what it has started may go on until it has closed the streams. */
  waitsForChildren: boolean;
}

/** What a rank left behind, and what cannot be found to be killed, may keep its pipes open for ever. */
const silenceAfterExitMs = 250;
/** After a good end, what is left in the rank's process group may go on for so long when it has closed the streams. */
export const graceMs = 1000;
export const pollMs = 50;
const ends: ReadonlySet<string> = new Set(["SIGINT", "SIGTERM", "SIGHUP"]);
// The kernel closes a rank's connection with the rank. Only below `tsmpi exec` another process may hold it.
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
  /** Resolves when all its output has been delivered, or what is left of it is held back by some other process. */
  readonly drained: Promise<void>;
  #drain!: () => void;
  /** Resolves when, besides, nothing is left in its process group. */
  readonly settled: Promise<unknown>;
  #sweep!: () => void;
  #swept = false;
  #waits: boolean;
  #told = false;
  #openStreams = 2;
  #exited = false;
  #paused = false;
  #lastOutputAt = 0;
  #connection: Socket | undefined;

  constructor(start: RankStart, events: RankEvents) {
    this.#events = events;
    this.drained = new Promise((resolve) => {
      this.#drain = resolve;
    });
    const swept = new Promise<void>((resolve) => {
      this.#sweep = resolve;
    });
    this.settled = Promise.all([this.drained, swept]);
    this.#waits = start.waitsForChildren;
    this.#apart = start.apart;
    this.#hasTerminal = start.terminal !== undefined;
    const given = { file: start.file, args: start.args, environment: start.environment };
    const program =
      start.terminal === undefined ? given : onTerminal(given.file, given.args, given.environment, start.terminal);
    const { file, args, environment } =
      start.apart === "group" ? leadingGroup(program.file, program.args, program.environment) : program;
    const { input, pipes } = start;
    const [stdout, stderr] = pipes === undefined ? [] : [openOutput(pipes.stdout), openOutput(pipes.stderr)];
    this.#child = spawn(file, args, {
      stdio: [
        input?.theirs ?? (start.withInput ? "pipe" : "ignore"),
        stdout?.theirs ?? "pipe",
        stderr?.theirs ?? "pipe",
      ],
      cwd: start.directory,
      env: environment,
      detached: start.apart === "session",
    });
    for (const ends of [input, stdout, stderr]) if (ends !== undefined) closeSync(ends.theirs);
    this.#input = input?.ours ?? this.#child.stdin ?? undefined;
    this.#streams = [stdout?.ours ?? this.#child.stdout!, stderr?.ours ?? this.#child.stderr!];
    this.#lines = (["stdout", "stderr"] as const).map(
      (stream) =>
        new LineAssembler({ partial: start.showPartialLines[stream], promptsAtOnce: start.promptsAtOnce }, (block) =>
          events.output(stream, block),
        ),
    );
    this.#child.once("error", (error) => {
      if (this.#child.pid === undefined) events.unable(error);
    });
    if (this.#child.pid === undefined) return;
    this.#child.once("exit", (code, signal) => this.#exit({ code, signal }));
    this.#input?.on("error", () => {}); // it does not read, or is gone
    for (const [index, stream] of this.#streams.entries()) {
      stream.on("data", (chunk: Uint8Array) => {
        this.#lastOutputAt = performance.now();
        this.#lines[index]!.push(chunk);
      });
      stream.on("error", () => {});
      stream.once("close", () => {
        this.#lines[index]!.end();
        this.#openStreams--;
        if (this.#openStreams === 0) this.#drain();
      });
    }
  }

  /** Undefined when it could not be started. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  get alive(): boolean {
    return !this.#exited;
  }

  /** Somebody holds its streams. */
  get isOpen(): boolean {
    return this.#openStreams > 0;
  }

  /** It has called init(): it listens to what the agent has to say. */
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

  /** Whether its processes were asked to end by a signal: they may tidy up, also when the rank itself is gone. */
  get told(): boolean {
    return this.#told;
  }

  /** The signal has come, or comes, to its processes. */
  hear(signal: NodeJS.Signals): void {
    if (ends.has(signal)) this.#told = true;
  }

  /** To whom it may concern: `signalTargets`. */
  signal(signal: NodeJS.Signals): void {
    this.hear(signal);
    if (this.#exited) {
      if (signal === "SIGKILL") this.sweep();
      else if (groupSignals.has(signal) && this.#hasGroup()) sendSignal(this.killTarget, signal);
      return;
    }
    for (const target of signalTargets(this.program, signal, this.#apart)) {
      if (!sendSignal(target, signal)) sendSignal(this.pid!, signal); // its group takes a moment to be made
    }
  }

  /** The process that signals are for: behind the one that keeps its terminal. */
  get program(): number {
    if (!this.#hasTerminal) return this.pid!;
    const [program] = [...processTable()].find(([, stat]) => stat.parent === this.pid) ?? [];
    return program ?? this.pid!;
  }

  /** The job is being stopped: what is left of it is waited for no more, unless it is tidying up. */
  hurry(): void {
    this.#waits = false;
    if (this.#exited && !this.#told) this.sweep();
  }

  /** Kills what is left in its process group, once it has ended. */
  sweep(): void {
    if (this.#swept) return;
    this.#swept = true;
    if (this.#apart !== "none") sendSignal(this.killTarget, "SIGKILL");
    this.#lastOutputAt = performance.now();
    this.#watchSilence();
    this.#sweep();
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

  /** Takes no more output, whoever may still hold the pipes. */
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
    if (this.#told || (this.#waits && exit.code === 0)) void this.#linger();
    else this.sweep();
  }

  /** Waits as a shell does for a pipeline: until everybody has closed the streams. */
  async #linger(): Promise<void> {
    await this.drained;
    const endOfGrace = performance.now() + graceMs;
    while (!this.#swept && this.#hasGroup() && (this.#told || performance.now() < endOfGrace))
      await new Promise((resolve) => setTimeout(resolve, pollMs));
    this.sweep();
  }

  /** Whether a process is left in its group: not in another group, which may have got the number since. */
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
      this.#drain();
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
