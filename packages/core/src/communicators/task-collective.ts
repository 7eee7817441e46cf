import { invalid } from "../calls/check.ts";
import { MpiError } from "../calls/errors.ts";
import type { CallOptions } from "../calls/options.ts";
import type { ArrayOrBlock } from "../calls/regions/block.ts";
import { claimWords } from "../tasks/claims.ts";
import { imap, TaskStream } from "../tasks/imap.ts";
import { map } from "../tasks/map.ts";
import type { ClaimMemory } from "../tasks/offers.ts";
import { pool } from "../tasks/pool.ts";
import type { PoolTasks, PoolWorkers } from "../tasks/pool-workers.ts";
import type { MapOptions, RootMapInputs, TaskFunction, WorldImapOptions } from "../tasks/task.ts";
import { callSite } from "../tasks/task-error.ts";
import type { TaskGroup } from "../tasks/task-group.ts";
import type { Peers } from "../wire/peers.ts";
import { type Progress, ProgressLines } from "../wire/progress.ts";
import type { PoolOptions, TaskCalls } from "./api/tasks.ts";
import { Collective } from "./collective.ts";

/** The calls that hand out work. */
type Handing = "map" | "imap" | "imapUnordered" | "pool";

/** Work that rank 0 hands out to the ranks of a communicator. The docs of the calls are at the interface. */
export abstract class TaskCollective extends Collective implements TaskCalls {
  /** The call that hands out work at present. */
  #handingOut: { operation: Handing; group: TaskGroup } | undefined;
  /** See {@link TaskGroup.claims}; null before it is needed. */
  #claims: ClaimMemory | undefined | null = null;
  /** Resolves when the last of these calls has ended. The next one waits for it. */
  #last: Promise<void> | undefined;

  map(
    fn: TaskFunction<never, unknown, never>,
    inputs?: RootMapInputs<unknown>,
    options: MapOptions<unknown> & { into?: ArrayOrBlock | undefined } = {},
  ): Promise<never> {
    const site = callSite(this.map);
    return this.#handOut("map", options, (group) => map(group, fn, inputs, options, site)) as Promise<never>;
  }

  imap(
    fn: TaskFunction<never, unknown, never>,
    inputs?: RootMapInputs<unknown>,
    options: WorldImapOptions<unknown> = {},
  ): AsyncGenerator<never, void> {
    return this.#stream("imap", fn, inputs, options, callSite(this.imap));
  }

  imapUnordered(
    fn: TaskFunction<never, unknown, never>,
    inputs?: RootMapInputs<unknown>,
    options: WorldImapOptions<unknown> = {},
  ): AsyncGenerator<never, void> {
    return this.#stream("imapUnordered", fn, inputs, options, callSite(this.imapUnordered));
  }

  pool(
    tasks: PoolTasks,
    driver: (workers: PoolWorkers<never>) => unknown,
    options: PoolOptions<unknown> = {},
  ): Promise<never> {
    const drive = driver as (workers: PoolWorkers<PoolTasks>) => unknown;
    return this.#handOut("pool", options, (group) => pool(group, tasks, drive, options)) as Promise<never>;
  }

  async *#stream(
    operation: "imap" | "imapUnordered",
    fn: TaskFunction<never, unknown, never>,
    inputs: RootMapInputs<unknown> | undefined,
    options: WorldImapOptions<unknown>,
    site: string,
  ): AsyncGenerator<never, void> {
    const stream = new TaskStream(operation === "imap", options?.settled === true);
    const call = this.#handOut(operation, options, (group) => imap(group, fn, inputs, options, site, stream));
    call.then(
      () => stream.results.end(undefined),
      (error: unknown) => stream.results.end({ error }),
    );
    try {
      for (let next = await stream.results.next(); next !== undefined; next = await stream.results.next()) {
        yield next.value as never;
      }
    } catch (error) {
      stream.fail(error);
    } finally {
      stream.stop();
      await call; // throws what the consumer got: the call has failed for that reason
    }
  }

  /** This rank's part in work that rank 0 hands out. What `body` throws, the caller on this rank gets. */
  async #handOut<R>(operation: Handing, options: CallOptions, body: (group: TaskGroup) => Promise<R>): Promise<R> {
    // Within a task this call would wait for rank 0, while rank 0 waits for the task.
    const { group: running, operation: other } = this.#handingOut ?? {};
    if (running?.isAtWork() === true) {
      throw invalid(
        `${operation}() within ${other}() on the same communicator: tasks and drivers need one of their own. To hand out two ` +
          "lists at once, begin both calls before you await one of them",
      );
    }
    const before = this.#last;
    let ended = (): void => {};
    this.#last = new Promise((resolve) => {
      ended = resolve;
    });
    let own: { error: unknown } | undefined;
    try {
      return await this.collective(operation, options, async (peers) => {
        await before;
        const group = this.#groupOf(peers);
        this.#handingOut = { operation, group };
        try {
          return await body(group);
        } catch (error) {
          own = { error };
          throw error;
        } finally {
          this.#handingOut = undefined;
        }
      });
    } catch (error) {
      throw own === undefined || own.error instanceof MpiError ? error : own.error;
    } finally {
      ended();
    }
  }

  #claimMemory(): ClaimMemory | undefined {
    if (this.#claims === null) {
      const words = this.world.engine.sharedWords(this.context, this.partners, claimWords);
      this.#claims = words && { words, next: 1 };
    }
    return this.#claims;
  }

  #groupOf(peers: Peers): TaskGroup {
    const { who, engine, signal, showProgress, reportUnresponsive = () => {} } = this.world;
    let lines: ProgressLines | undefined;
    const write = (progress: Progress): void => {
      lines ??= new ProgressLines(process.stderr);
      lines.show(progress);
    };
    return {
      peers,
      who,
      members: this.partners,
      hosts: this.hosts,
      signal,
      checking: engine.checking,
      showsProgress: process.env["TSMPI_PROGRESS"] === "1",
      isAtWork: () => false,
      claims: () => this.#claimMemory(),
      show: showProgress ?? write,
      reportUnresponsive,
    };
  }
}
