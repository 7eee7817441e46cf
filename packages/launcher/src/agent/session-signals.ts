import { type ChildProcess, spawn } from "node:child_process";

/** PBS signals the processes of a session one after the other; the first of them may be ours. */
const momentMs = 100;
/** The launcher asks the ranks where they are before it passes a signal on. */
const sameWishMs = 5000;

/**
 * Under PBS ranks stay in the session of the job, and `qdel` sends SIGTERM to every process of it: to the ranks, and to the
 * launcher, which passes its own on. A rank should get it once. No process is told who sent a signal, so one more process
 * is in the session, `cat` on a pipe: a signal that has ended it has reached the ranks too.
 */
export class SessionSignals {
  #sentinel: ChildProcess | undefined;
  #last: { signal: NodeJS.Signals; at: number } | undefined;
  #ended = false;

  constructor() {
    this.#spawn();
  }

  /** Whether this signal has come to the whole session, or comes within a moment. It counts once. */
  async came(signal: NodeJS.Signals): Promise<boolean> {
    if (this.#last === undefined) await new Promise((resolve) => setTimeout(resolve, momentMs));
    const came = this.#last?.signal === signal && performance.now() - this.#last.at < sameWishMs;
    this.#last = undefined;
    return came;
  }

  end(): void {
    this.#ended = true;
    this.#sentinel?.kill("SIGKILL");
  }

  #spawn(): void {
    // Without the job's mark: it is no rank's child. It ends with its pipe when this process is killed.
    const sentinel = spawn("cat", {
      stdio: ["pipe", "ignore", "ignore"],
      env: { PATH: process.env["PATH"] ?? "/bin" },
      cwd: "/",
    });
    this.#sentinel = sentinel;
    sentinel.on("error", () => {}); // then ranks are told twice
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
