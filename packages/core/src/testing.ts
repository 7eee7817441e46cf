import type { Ending } from "./bootstrap.ts";
import { Communicator } from "./communicator.ts";
import { Engine } from "./engine.ts";
import { MpiError, messageOf } from "./errors.ts";
import { MemoryNetwork } from "./transports/memory.ts";

/**
 * Runs `program` as `size` ranks within this process and gives their results in the order of ranks: for unit tests, in
 * any test runner.
 *
 * A rank that ends or throws is gone for the others, as a process would be: whoever waits for it rejects with
 * `rank-failed`, and nothing hangs.
 *
 * ```ts
 * import { local } from "tsmpi/testing";
 * expect(await local(4, (world) => world.allreduce(world.rank, sum))).toEqual([6, 6, 6, 6]);
 * ```
 * @throws whatever the first rank to fail threw.
 */
export async function local<R>(size: number, program: (world: Communicator) => R | Promise<R>): Promise<R[]> {
  if (!Number.isInteger(size) || size < 1) {
    throw new MpiError("invalid-argument", `local(${size}, program): a world has a whole number of ranks from 1`);
  }
  const network = new MemoryNetwork(size);
  const ranks = Array.from({ length: size }, (_, rank) => rank);
  const host = "local";
  const engines = ranks.map((rank) => new Engine({ rank, size, host }, network.end(rank)));
  const stopping = new AbortController();
  let first: { error: unknown } | undefined;

  const failed = (rank: number, error: unknown): void => {
    if (first !== undefined) return;
    first = { error };
    const why = `rank ${rank} is gone (${messageOf(error)})`;
    stopping.abort(new MpiError("rank-failed", why, { rank, host }));
    for (const engine of engines) engine.stop("rank-failed", why, { rank, host, cause: error });
  };
  const ended = (rank: number): void => {
    const ending: Ending = { rank, host, pid: process.pid, code: 0, signal: null };
    const sent = engines[rank]?.sent ?? {};
    for (const engine of engines) if (engine.who.rank !== rank) engine.peerEnded(ending, sent[engine.who.rank] ?? 0);
  };
  const run = async (rank: number): Promise<R> => {
    const engine = engines[rank] as Engine;
    const abort = async (code: number, reason: string): Promise<never> => {
      const error = new MpiError("aborted", `rank ${rank} called abort(${code}): ${reason}`, { rank, host });
      failed(rank, error);
      throw error;
    };
    const close = (): Promise<void> => engine.flush(leaveTimeoutMs);
    const hosts = ranks.map(() => host);
    const world = new Communicator(
      { who: engine.who, engine, hosts, signal: stopping.signal, nextContext: 1, abort, close },
      0,
      ranks,
    );
    try {
      const result = await program(world);
      await world.close();
      ended(rank);
      return result;
    } catch (error) {
      failed(rank, error);
      throw error;
    }
  };

  const results = await Promise.allSettled(ranks.map(run));
  await Promise.all(engines.map((engine) => engine.close()));
  if (first !== undefined) throw first.error;
  return results.map((result) => (result as PromiseFulfilledResult<R>).value);
}

const leaveTimeoutMs = 30_000;
