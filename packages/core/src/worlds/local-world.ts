import { invalid, show } from "../calls/check.ts";
import { checkOptions, knownOptions } from "../calls/check-options.ts";
import { MpiError, messageOf } from "../calls/errors.ts";
import { breathe, nextTick, setImmediate } from "../calls/event-loop.ts";
import { randomFrom } from "../calls/random.ts";
import type { Communicator } from "../communicators/api/communicator.ts";
import { worldCommunicator } from "../communicators/communicator.ts";
import type { World } from "../communicators/world.ts";
import { Checking } from "../diagnosis/checking/checking.ts";
import { watchForDeadlock } from "../diagnosis/local-deadlock.ts";
import { Engine } from "../engine/engine.ts";
import { countMessages } from "../engine/traffic.ts";
import { MemoryNetwork } from "../transports/memory.ts";
import type { Ending } from "../wire/agent-protocol.ts";
import { describeUnjoined } from "../wire/unjoined.ts";

/** Options of `local`. */
export interface LocalOptions {
  /**
   * Deliver messages in a random order made from this number, one that MPI allows: between two ranks as sent. The same
   * seed gives the same order. A test that runs with many seeds finds races, and the seed repeats them.
   */
  seed?: number | undefined;
  /** Kills this rank, like a process, instead of sending its `message`-th message, counted from 1. */
  failAt?: { readonly rank: number; readonly message: number } | undefined;
  /** Number of ranks that share a host, as seen in `world.hosts` and by collectives; default: all. */
  ranksPerHost?: number | undefined;
  /** Look for mistakes, as `tsmpi run --check` does. A program with mistakes rejects, even if it ends well. */
  check?: boolean | undefined;
}

/** A world within this process: its network, its ranks, and the launcher's part. */
export class LocalWorld<R> {
  readonly #network: MemoryNetwork;
  readonly #engines: readonly Engine[];
  readonly #hosts: readonly string[];
  readonly #stopping = new AbortController();
  /** Ranks whose program has not ended. */
  readonly #running: Set<Engine>;
  /** The rank that `failAt` has killed. */
  #killed: Engine | undefined;
  readonly #dies: { readonly rank: number; readonly death: Promise<never> } | undefined;
  /** Findings of `check`, without repetitions. */
  readonly #findings: Set<string> = new Set();
  #first: { readonly error: unknown } | undefined;

  constructor(size: number, options: LocalOptions) {
    checkOptions(knownOptions.local, options);
    const { seed, failAt, ranksPerHost = size, check = false } = options;
    if (!Number.isInteger(size) || size < 1)
      throw invalid(`local(${show(size)}): a world has a whole number of ranks from 1`);
    if (!Number.isInteger(ranksPerHost) || ranksPerHost < 1) {
      throw invalid(`ranksPerHost is ${show(ranksPerHost)}, but it is a whole number from 1`);
    }
    if (typeof check !== "boolean") throw invalid(`check is ${show(check)}, but it is true or false`);
    this.#network = new MemoryNetwork(size, seed === undefined ? undefined : randomFrom(seed), ranksPerHost);
    this.#hosts = Array.from({ length: size }, (_, rank) =>
      ranksPerHost >= size ? "local" : `local-${Math.floor(rank / ranksPerHost)}`,
    );
    this.#engines = this.#hosts.map((host, rank) => {
      const checking = check ? new Checking((text) => this.#findings.add(text)) : undefined;
      return new Engine({ rank, size, host }, this.#network.end(rank), checking);
    });
    this.#running = new Set(this.#engines);
    if (failAt !== undefined) this.#dies = { rank: failAt.rank, death: this.#failAt(failAt.rank, failAt.message) };
  }

  async run(program: (world: Communicator) => R | Promise<R>): Promise<R[]> {
    const stopWatching = watchForDeadlock(
      () => [...this.#running],
      () => this.#network.idle,
      (report) => this.#stop(new MpiError("deadlock", report), "deadlock", report),
    );
    const results = await Promise.allSettled(
      this.#engines.map((engine) => {
        const result = this.#runRank(engine, program);
        return this.#dies?.rank === engine.who.rank ? Promise.race([result, this.#dies.death]) : result;
      }),
    );
    stopWatching();
    if (this.#first === undefined) await this.#findUnreceived();
    // The program of a killed rank stays suspended: closing would reject its calls.
    await Promise.all(this.#engines.map((engine) => (engine === this.#killed ? undefined : engine.close())));
    if (this.#first !== undefined) throw this.#first.error;
    if (this.#findings.size > 0) throw mistakes([...this.#findings]);
    this.#checkJoined();
    return results.map((result) => (result as PromiseFulfilledResult<R>).value);
  }

  /** After all ranks have ended well: checks that each collective was called by all of its ranks. */
  #checkJoined(): void {
    const joined = new Map(this.#engines.map((engine) => [engine.who.rank, engine.joined]));
    const unjoined = describeUnjoined(joined, this.#engines.length);
    if (unjoined !== undefined) throw new MpiError("mismatch", unjoined);
  }

  /** After all programs have ended: finds messages that were never received. */
  async #findUnreceived(): Promise<void> {
    const checked = this.#engines.filter(({ checking }) => checking !== undefined);
    while (checked.length > 0 && !this.#network.idle) await breathe();
    for (const engine of checked) {
      for (const { source, tag, count } of countMessages(engine.traffic.unreceived())) {
        const what = `${count} message${count === 1 ? "" : "s"} from rank ${source} to rank ${engine.who.rank} with tag ${tag}`;
        this.#findings.add(`never received: ${what}`);
      }
    }
  }

  async #runRank(engine: Engine, program: (world: Communicator) => R | Promise<R>): Promise<R> {
    const { rank } = engine.who;
    const world = worldCommunicator(this.#world(engine));
    try {
      const result = await program(world);
      await world.close();
      this.#ended(engine);
      return result;
    } catch (error) {
      this.#failed(rank, error);
      throw error;
    }
  }

  #world(engine: Engine): World {
    const { rank } = engine.who;
    return {
      who: engine.who,
      engine,
      hosts: this.#hosts,
      program: 0,
      signal: this.#stopping.signal,
      nextContext: 1,
      abort: async (code, reason) => {
        const error = new MpiError("aborted", `rank ${rank} called abort(${code}): ${reason}`, { rank });
        this.#failed(rank, error);
        throw error;
      },
      // No time limit: sends that are never received are a deadlock, which is detected.
      close: async () => {
        await engine.flush(Number.POSITIVE_INFINITY);
        if (engine.verdicts.size > 0) await Promise.all(engine.verdicts);
        engine.checking?.leftOver();
        if (engine.untold !== undefined) throw engine.untold;
      },
    };
  }

  #ended(engine: Engine): void {
    if (engine === this.#killed) return;
    this.#running.delete(engine);
    const { rank, host } = engine.who;
    const ending: Ending = { rank, host, pid: process.pid, code: 0, signal: null };
    const { sent } = engine.traffic;
    for (const other of this.#engines) {
      if (other !== engine) other.endings.ended(ending, sent[other.who.rank] ?? 0);
    }
  }

  #failed(rank: number, error: unknown): void {
    this.#running.delete(this.#engines[rank] as Engine);
    const why = this.#killed?.who.rank === rank ? messageOf(error) : `rank ${rank} is gone (${messageOf(error)})`;
    this.#stop(error, "rank-failed", why, rank);
  }

  /** The first failure ends the world. Pending calls of the other ranks reject, so that their programs can clean up. */
  #stop(error: unknown, code: "rank-failed" | "deadlock", why: string, rank?: number): void {
    if (this.#first !== undefined) return;
    this.#first = { error };
    const host = rank === undefined ? undefined : this.#hosts[rank];
    this.#stopping.abort(new MpiError(code, why, { rank, host }));
    for (const engine of this.#engines) {
      if (engine === this.#killed) continue;
      // A call that is not awaited must not end the process: local() reports the error anyway. After this turn's microtasks,
      // because V8 finds the `await` of a promise, and so the user's line, only while it has one handler.
      const calls = [...engine.pending()].map(({ call }) => call);
      nextTick(() => {
        for (const { result } of calls) result?.catch(() => {});
      });
      engine.stop(code, why, { rank, host, cause: error });
    }
  }

  /** Ends a rank as a killed process ends: its calls never return and it sends nothing more. */
  #failAt(rank: number, message: number): Promise<never> {
    const end = this.#network.end(rank);
    let sent = 0;
    return new Promise((_, reject) => {
      end.onSend = () => {
        if (++sent !== message) return;
        const engine = this.#engines[rank] as Engine;
        const why = `rank ${rank} is gone (killed at its message ${message}, as failAt says)`;
        const error = new MpiError("rank-failed", why, engine.who);
        this.#killed = engine;
        void end.close();
        // Its earlier messages are in flight and arrive before the report of its failure.
        const tell = (): void => {
          if (this.#network.carries(rank)) {
            setImmediate(tell);
            return;
          }
          this.#failed(rank, error);
          reject(error);
        };
        tell();
      };
    });
  }
}

function mistakes(findings: readonly string[]): MpiError {
  const many = findings.length === 1 ? "a mistake" : `${findings.length} mistakes`;
  return new MpiError("mismatch", [`check found ${many}:`, ...findings].join("\n  "));
}
