import { type ChildProcess, spawn } from "node:child_process";
import type { Socket } from "node:net";
import type { Readable } from "node:stream";
import { type AgentMessage, sendMessage } from "@tsmpi/core/bootstrap";
import { type Apart, leadingGroup } from "./apart.ts";
import type { OutputStream } from "./control.ts";
import type { Exit } from "./exit-codes.ts";
import { LineAssembler } from "./lines.ts";

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
  /** Whether its standard input comes from the launcher; else it is empty. */
  withInput: boolean;
  showPartialLines: Record<OutputStream, boolean>;
}

// A process that a rank left behind may keep its pipes open for ever.
const silenceAfterExitMs = 250;
// The kernel closes a rank's connection with the rank. Only below `tsmpi exec` another process may hold it.
const lastMessagesMs = 2000;

/** One rank as its agent sees it: a child process with three pipes, and a connection once it has called init(). */
export class RankProcess {
  readonly #child: ChildProcess;
  readonly #events: RankEvents;
  readonly #apart: Apart;
  readonly #streams: Readable[];
  readonly #lines: LineAssembler[];
  /** Resolves when all its output has been delivered, or what is left of it is held back by some other process. */
  readonly drained: Promise<void>;
  #drain!: () => void;
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
    this.#apart = start.apart;
    const { file, args, environment } =
      start.apart === "group" ? leadingGroup(start.file, start.args, start.environment) : start;
    this.#child = spawn(file, args, {
      stdio: [start.withInput ? "pipe" : "ignore", "pipe", "pipe"],
      cwd: start.directory,
      env: environment,
      detached: start.apart === "session",
    });
    this.#streams = [this.#child.stdout!, this.#child.stderr!];
    this.#lines = (["stdout", "stderr"] as const).map(
      (stream) => new LineAssembler(start.showPartialLines[stream], (block) => events.output(stream, block)),
    );
    this.#child.once("error", (error) => {
      if (this.#child.pid === undefined) events.unable(error);
    });
    if (this.#child.pid === undefined) return;
    this.#child.once("exit", (code, signal) => this.#exit({ code, signal }));
    this.#child.stdin?.on("error", () => {}); // it does not read, or is gone
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

  /** To the rank alone; SIGINT and SIGKILL, and stop and continue, to its children too, as a terminal does. */
  signal(signal: NodeJS.Signals): void {
    if (this.#exited) return;
    const wholeGroup = ["SIGINT", "SIGKILL", "SIGSTOP", "SIGCONT"].includes(signal);
    if (!wholeGroup || !send(this.killTarget, signal)) send(this.pid!, signal); // its group takes a moment to be made
  }

  write(bytes: Uint8Array | null): void {
    const input = this.#child.stdin;
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
    if (this.#apart !== "none") send(this.killTarget, "SIGKILL"); // what it left behind in its group
    const report = once(() => this.#events.ended(exit));
    if (this.#connection === undefined || this.#connection.destroyed) {
      report();
    } else {
      this.#connection.once("close", report);
      setTimeout(report, lastMessagesMs);
    }
    this.#lastOutputAt = performance.now();
    this.#watchSilence();
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

function send(target: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(target, signal);
  } catch {
    return false; // gone already
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
