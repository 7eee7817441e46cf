import { MpiError } from "../calls/errors.ts";
import { checkedTask, given, start } from "./map.ts";
import { checkedConcurrency, checkedMapOptions } from "./map-options.ts";
import { ResultStream } from "./results.ts";
import type { AnyTask, RootMapInputs, WorldImapOptions } from "./task.ts";
import { runTaskCall } from "./task-call.ts";
import type { TaskGroup } from "./task-group.ts";

/** What rank 0's generator and the collective behind it know of each other. On other ranks no result comes. */
export class TaskStream {
  readonly results: ResultStream;
  /** Called when a result was taken: another input may be pulled. */
  taken: () => void = () => {};
  /** Resolves when the consumer takes no more; rejects with an error that the consumer got. */
  readonly ended: Promise<void>;
  /** The consumer takes no more. */
  stop!: () => void;
  /** The consumer got this error in place of a result. */
  fail!: (error: unknown) => void;

  constructor(ordered: boolean, settled: boolean) {
    this.results = new ResultStream(ordered, settled, () => this.taken());
    this.ended = new Promise((resolve, reject) => {
      this.stop = resolve;
      this.fail = reject;
    });
    this.ended.catch(() => {}); // the collective may have failed before
  }
}

/**
 * One rank's part in `world.imap(fn, inputs, options)`. Ends on all ranks when rank 0's consumer has ended, so that it depends on no
 * timing whether another rank sees an error.
 */
export async function imap(
  group: TaskGroup,
  work: AnyTask,
  inputs: RootMapInputs<unknown> | undefined,
  options: WorldImapOptions<unknown>,
  site: string,
  stream: TaskStream,
): Promise<void> {
  const task = checkedTask(work, "imap");
  const { initializer, rootWorks = false } = options;
  const concurrency = checkedConcurrency(options.concurrency);
  checkedMapOptions(options, group.peers.size, group.showsProgress, concurrency);
  const call = { tasks: new Map([[task, work]]), rootWorks, attentive: true, concurrency, initializer };
  await runTaskCall(group, call, async (dispatcher, prepared) => {
    const [all] = await Promise.race([Promise.all([given(inputs), prepared]), dispatcher.broken]);
    group.isAtWork = () => true; // the loop that takes the results
    stream.taken = () => dispatcher.refill();
    const order = { task, work, spread: false, inputs: all, options, sink: stream.results, site };
    const run = await start(group, dispatcher, order);
    await Promise.race([stream.ended, dispatcher.broken]);
    run.cancel(new MpiError("aborted", "nobody takes the results any more"));
    await dispatcher.end();
  });
}
