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
import { LocalCouncil } from "./local-council.ts";

/** A rank that is to die, and before which of its messages. */
export interface FailAt {
  /** The rank that dies. */
  readonly rank: number;
  /** Counted from 1. */
  readonly message: number;
}

/** Options of `local`. */
export interface LocalOptions {
  /**
   * Deliver messages in a random order made from this number, one that MPI allows: between two ranks as sent. The same
   * seed gives the same order. A test that runs with many seeds finds races, and the seed repeats them.
   */
  seed?: number | undefined;
  /**
   * Kills this rank, like a process, instead of sending its `message`-th message, counted from 1. `agree`, `shrink` and `revoke` send
   * one each. A list: several ranks.
   */
  failAt?: FailAt | readonly FailAt[] | undefined;
  /** The others go on without a rank that is killed or fails, as `tsmpi run --keep-going` does. The result of a killed rank is undefined. */
  keepGoing?: boolean | undefined;
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
  readonly #council: LocalCouncil;
  readonly #keepGoing: boolean;
  /** The ranks that `failAt` has killed. */
  readonly #killed: Set<Engine> = new Set();
  /** By rank: rejects when `failAt` kills it. */
  readonly #deaths: ReadonlyMap<number, Promise<never>>;
  /** Findings of `check`, without repetitions. */
  readonly #findings: Set<string> = new Set();
  #first: { readonly error: unknown } | undefined;

  constructor(size: number, options: LocalOptions) {
    checkOptions(knownOptions.local, options);
    const { seed, failAt = [], ranksPerHost = size, check = false, keepGoing = false } = options;
    if (!Number.isInteger(size) || size < 1)
      throw invalid(`local(${show(size)}): a world has a whole number of ranks from 1`);
    if (!Number.isInteger(ranksPerHost) || ranksPerHost < 1) {
      throw invalid(`ranksPerHost is ${show(ranksPerHost)}, but it is a whole number from 1`);
    }
    if (typeof check !== "boolean") throw invalid(`check is ${show(check)}, but it is true or false`);
    if (typeof keepGoing !== "boolean") throw invalid(`keepGoing is ${show(keepGoing)}, but it is true or false`);
    this.#keepGoing = keepGoing;
    const random = seed === undefined ? undefined : randomFrom(seed);
    this.#network = new MemoryNetwork(size, random, ranksPerHost);
    this.#hosts = Array.from({ length: size }, (_, rank) =>
      ranksPerHost >= size ? "local" : `local-${Math.floor(rank / ranksPerHost)}`,
    );
    this.#engines = this.#hosts.map((host, rank) => {
      const checking = check ? new Checking((text) => this.#findings.add(text)) : undefined;
      return new Engine({ rank, size, host }, this.#network.end(rank), checking);
    });
    this.#running = new Set(this.#engines);
    this.#council = new LocalCouncil(this.#engines, random);
    const deaths = [failAt].flat().map(({ rank, message }) => [rank, this.#failAt(rank, message)] as const);
    this.#deaths = new Map(deaths);
  }

  async run(program: (world: Communicator) => R | Promise<R>): Promise<R[]> {
    const stopWatching = watchForDeadlock(
      () => [...this.#running],
      () => this.#network.idle && this.#council.idle,
      (report) => this.#stop(new MpiError("deadlock", report), "deadlock", report),
    );
    const results = await Promise.allSettled(
      this.#engines.map((engine) => {
        const result = this.#runRank(engine, program);
        const death = this.#deaths.get(engine.who.rank);
        return death === undefined ? result : Promise.race([result, death]);
      }),
    );
    stopWatching();
    if (this.#first === undefined) await this.#findUnreceived();
    // The program of a killed rank stays suspended: closing would reject its calls.
    await Promise.all(this.#engines.map((engine) => (this.#killed.has(engine) ? undefined : engine.close())));
    if (this.#first !== undefined) throw this.#first.error;
    if (this.#findings.size > 0) throw mistakes([...this.#findings]);
    if (this.#killed.size === 0) this.#checkJoined();
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
    const end = this.#network.end(rank);
    engine.survival.link = {
      cast: (ballot) => {
        end.onSend?.();
        this.#council.cast(rank, ballot);
      },
      revoke: (context) => {
        end.onSend?.();
        this.#council.revoke(rank, context);
      },
    };
    return {
      who: engine.who,
      engine,
      hosts: this.#hosts,
      program: 0,
      signal: this.#stopping.signal,
      nextContext: 1,
      context: 0,
      members: this.#hosts.map((_, each) => each),
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
    if (this.#killed.has(engine)) return;
    this.#running.delete(engine);
    this.#council.ended({ ...this.#endingOf(engine.who.rank), code: 0 }, engine.traffic.sent);
  }

  #endingOf(rank: number): Ending {
    return { rank, host: this.#hosts[rank] ?? "?", pid: process.pid, code: null, signal: null };
  }

  #failed(rank: number, error: unknown): void {
    this.#running.delete(this.#engines[rank] as Engine);
    if (this.#keepGoing) {
      this.#first ??= { error };
      this.#council.ended({ ...this.#endingOf(rank), code: 1 }, undefined);
      return;
    }
    const why = this.#killed.has(this.#engines[rank] as Engine)
      ? messageOf(error)
      : `rank ${rank} is gone (${messageOf(error)})`;
    this.#stop(error, "rank-failed", why, rank);
  }

  /** The first failure ends the world. Pending calls of the other ranks reject, so that their programs can clean up. */
  #stop(error: unknown, code: "rank-failed" | "deadlock", why: string, rank?: number): void {
    if (this.#first !== undefined) return;
    this.#first = { error };
    const host = rank === undefined ? undefined : this.#hosts[rank];
    this.#stopping.abort(new MpiError(code, why, { rank, host }));
    for (const engine of this.#engines) {
      if (this.#killed.has(engine)) continue;
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
        this.#killed.add(engine);
        this.#council.killed(rank);
        void end.close();
        // Its earlier messages are in flight and arrive before the report of its failure.
        const tell = (): void => {
          if (this.#network.carries(rank)) {
            setImmediate(tell);
            return;
          }
          if (this.#keepGoing) {
            this.#running.delete(engine);
            this.#council.ended({ ...this.#endingOf(rank), signal: "SIGKILL" }, undefined);
          } else this.#failed(rank, error);
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
