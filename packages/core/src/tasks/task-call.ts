import { MpiError, messageOf } from "../calls/errors.ts";
import { queueMicrotask } from "../calls/event-loop.ts";
import { Dispatcher } from "./dispatcher.ts";
import { serveSeats } from "./seats.ts";
import type { AnyTask, InitializerContext } from "./task.ts";
import type { TaskGroup } from "./task-group.ts";
import { TaskRunner } from "./task-runner.ts";

interface TaskCall {
  readonly tasks: ReadonlyMap<string, AnyTask>;
  /** Whether this rank does tasks. */
  readonly works: boolean;
  /** See {@link Dispatcher}. */
  readonly attentive: boolean;
  /** How many async tasks a rank does at once. */
  readonly concurrency: number;
  readonly initializer: ((context: InitializerContext) => unknown) | undefined;
}

/**
 * One rank's part in a map or a pool. Rank 0 runs `lead`, whose result is returned; the other ranks serve and return
 * undefined. `lead` gets the promise of rank 0's own initializer and must await it.
 */
export async function runTaskCall<R>(
  group: TaskGroup,
  { tasks, works, attentive, concurrency, initializer }: TaskCall,
  lead: (dispatcher: Dispatcher, prepared: Promise<void> | undefined) => Promise<R>,
): Promise<R | undefined> {
  const { rank } = group.peers;
  const runner = works ? new TaskRunner(rank, tasks) : undefined;
  group.isAtWork = () => runner?.atWork === true;
  const dispatcher = rank === 0 ? new Dispatcher(group, runner, attentive, concurrency) : undefined;
  const prepared = runner?.prepare(initializer, group.signal);
  if (dispatcher === undefined) {
    await prepared;
    await serveSeats(group, runner as TaskRunner, concurrency);
    return undefined;
  }
  const forget = haltWithTheJob(group, dispatcher);
  try {
    return await lead(dispatcher, prepared);
  } catch (error) {
    dispatcher.fail(error);
    throw error;
  } finally {
    forget();
  }
}

/** When the job is about to be stopped, no further task begins. Tasks at work may end. */
function haltWithTheJob(group: TaskGroup, dispatcher: Dispatcher): () => void {
  const { signal } = group;
  const halt = (): void => {
    const why = `nothing more is handed out: ${messageOf(signal.reason)}`;
    dispatcher.halt(new MpiError("aborted", why, { cause: signal.reason }));
  };
  if (signal.aborted) queueMicrotask(halt);
  else signal.addEventListener("abort", halt, { once: true });
  return () => signal.removeEventListener("abort", halt);
}
