import { type ChildProcess, spawn } from "node:child_process";

/** A scheduler signals the processes of a job one after the other, and this one may be the first. On a busy host that takes long. */
const momentMs = 500;
/** Two signals within this time are one request. The launcher asks ranks where they are before it passes a signal on. */
const sameRequestMs = 5000;

/**
 * A scheduler may end a job by a SIGTERM to each process of its sessions (PBS), or to each process below its daemon (Slurm
 * without cgroups): to the ranks, and to the launcher, which passes its own on. A rank should get it once. The sender of a
 * signal is not known, so one more process is there, `cat` on a pipe: a signal that ended it has reached the ranks.
 */
export class SchedulerSignals {
  #sentinel: ChildProcess | undefined;
  #last: { signal: NodeJS.Signals; at: number } | undefined;
  #ended = false;
  readonly #ownSession: boolean;

  /** `ownSession`: as the ranks have them. A Ctrl-C, which reaches the agent's session alone, must not end the process. */
  constructor(ownSession: boolean) {
    this.#ownSession = ownSession;
    this.#spawn();
  }

  /** Whether this signal has reached all processes, or does so within a moment. Each counts once. */
  async came(signal: NodeJS.Signals): Promise<boolean> {
    if (this.#last === undefined) await new Promise((resolve) => setTimeout(resolve, momentMs));
    const came = this.#last?.signal === signal && performance.now() - this.#last.at < sameRequestMs;
    this.#last = undefined;
    return came;
  }

  end(): void {
    this.#ended = true;
    this.#sentinel?.kill("SIGKILL");
  }

  #spawn(): void {
    // Without the job's mark, because it is no rank's child. It ends with its pipe when this process is killed.
    const sentinel = spawn("cat", {
      stdio: ["pipe", "ignore", "ignore"],
      env: { PATH: process.env["PATH"] ?? "/bin" },
      cwd: "/",
      detached: this.#ownSession,
    });
    this.#sentinel = sentinel;
    sentinel.on("error", () => {}); // then ranks get a signal twice
    sentinel.stdin?.on("error", () => {}); // undefined where no more files may be opened
    sentinel.once("exit", (_, signal) => {
      if (signal === null || this.#ended) return;
      this.#last = { signal, at: performance.now() };
      this.#spawn();
    });
    sentinel.unref();
    (sentinel.stdin as { unref?(): void } | undefined)?.unref?.();
  }
}
