import { type ChildProcess, spawn } from "node:child_process";
import { within } from "@tsmpi/core/bootstrap";
import type { CommandEnd, StartCommand } from "../hosts/starter.ts";

/** A command keeps this much of what it prints, for a message. */
const mostPrinted = 2000;

export interface RunningCommand {
  kill(signal: NodeJS.Signals): void;
  /** Resolves when it has ended and its output is complete; rejects when it cannot be started. */
  ended: Promise<CommandEnd>;
}

/** The commands of starters that run on this host. */
export class StartCommands {
  /** With the signal that ends each. */
  readonly #running = new Map<ChildProcess, NodeJS.Signals | undefined>();

  /** `prints` is called with all that the command has printed so far, each time when it prints more. */
  run(
    command: StartCommand,
    endSignal: NodeJS.Signals | undefined,
    prints: (printed: string) => void = () => {},
  ): RunningCommand {
    const { words, environment, input, holdsInput = false, ownGroup = false } = command;
    const child = spawn(words[0]!, words.slice(1), {
      stdio: [input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
      env: environment,
      detached: ownGroup,
    });
    this.#running.set(child, endSignal);
    child.stdin?.on("error", () => {}); // it does not read its input
    child.stdin?.[holdsInput ? "write" : "end"](input ?? "");
    let printed = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        if (printed.length >= mostPrinted) return;
        printed += text;
        prints(printed);
      });
    }
    const ended = new Promise<CommandEnd>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code, signal) => resolve({ code, signal, printed }));
    }).finally(() => this.#running.delete(child));
    return { ended, kill: (signal) => void child.kill(signal) };
  }

  /** Resolves when all have ended, or after this time. */
  async ended(limitMs: number): Promise<void> {
    const running = [...this.#running.keys()].map((child) => new Promise((resolve) => child.once("close", resolve)));
    await within(limitMs, Promise.all(running));
  }

  /** Ends all that still run. */
  end(): void {
    for (const [child, signal] of this.#running) {
      if (signal === undefined) child.stdin?.end();
      else child.kill(signal);
    }
  }
}
