import { exitCodes } from "../errors/exit-codes.ts";
import type { Input } from "../io/input.ts";
import type { Job } from "./job.ts";
import { passSignalsOn, type SignalTarget } from "./signals.ts";

/** Why nothing is started any more, and the exit code if that is a new one. */
export interface RunOver {
  reason: string;
  code?: number;
}

/**
 * What comes from outside while a job is started once or several times: signals, `--timeout`, the end of the walltime. It
 * reaches the job that runs, or ends the pause between two of them.
 */
export class RunControl implements SignalTarget {
  readonly #timeoutMs: number | undefined;
  /** When `--timeout` is over, once the first job has begun. */
  #expiresAt: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #job: Job | undefined;
  #input: Input | undefined;
  #listens = false;
  #asked: { signal: NodeJS.Signals; code: number } | undefined;
  #endsSoon: string | undefined;
  #wake: () => void = () => {};

  constructor(timeoutMs: number | undefined) {
    this.#timeoutMs = timeoutMs;
  }

  /** From now on it is this job that signals and limits reach. */
  begin(job: Job, input: Input): void {
    this.#job = job;
    this.#input = input;
    if (!this.#listens) passSignalsOn(this);
    this.#listens = true;
    if (this.#timeoutMs !== undefined) {
      this.#expiresAt ??= performance.now() + this.#timeoutMs;
      this.#timer = setTimeout(() => job.end.expire(exitCodes.timeout, this.#expired), Math.max(0, this.#leftMs));
    }
    if (this.#endsSoon !== undefined) job.warn(this.#endsSoon);
    if (this.#asked !== undefined) job.end.interrupt(this.#asked.signal, this.#asked.code);
  }

  /** The job has ended. */
  end(): void {
    clearTimeout(this.#timer);
    this.#job = undefined;
    this.#input = undefined;
  }

  /** Undefined: the job may be started again. */
  get over(): RunOver | undefined {
    if (this.#asked !== undefined) return { reason: `interrupted by ${this.#asked.signal}`, code: this.#asked.code };
    if (this.#leftMs <= 0) return { reason: this.#expired, code: exitCodes.timeout };
    return this.#endsSoon === undefined ? undefined : { reason: this.#endsSoon };
  }

  /** Resolves after this time, or as soon as the run is over. */
  async pause(ms: number): Promise<void> {
    if (this.over !== undefined) return;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      timer = setTimeout(resolve, Math.min(ms, this.#leftMs + 1));
    });
    clearTimeout(timer);
  }

  /** The walltime is nearly over. */
  warn(reason: string): void {
    this.#endsSoon = reason;
    this.#job?.warn(reason);
    this.#wake();
  }

  interrupt(signal: NodeJS.Signals, code: number): void {
    this.#asked ??= { signal, code };
    this.#job?.end.interrupt(signal, code);
    this.#wake();
  }

  kill(): void {
    if (this.#job === undefined) process.exit(this.#asked?.code ?? exitCodes.terminated);
    this.#job.end.kill();
  }

  signal(signal: NodeJS.Signals): void {
    this.#job?.end.signal(signal);
    if (signal === "SIGCONT") this.#input?.continued();
  }

  get #leftMs(): number {
    return this.#expiresAt === undefined ? Number.POSITIVE_INFINITY : this.#expiresAt - performance.now();
  }

  get #expired(): string {
    return `time limit of ${(this.#timeoutMs ?? 0) / 1000} s reached`;
  }
}
