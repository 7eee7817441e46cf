import { MpiError, messageOf } from "../calls/errors.ts";
import { queueMicrotask } from "../calls/event-loop.ts";
import { Dispatcher } from "./dispatcher.ts";
import { checkBoolean } from "./map-options.ts";
import { serveSeats } from "./seats.ts";
import type { AnyTask, InitializerContext } from "./task.ts";
import type { TaskGroup } from "./task-group.ts";
import { TaskRunner } from "./task-runner.ts";

interface TaskCall {
  readonly tasks: ReadonlyMap<string, AnyTask>;
  /** Whether rank 0 does tasks too. In a world of one it always does. */
  readonly rootWorks: boolean;
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
  { tasks, rootWorks, attentive, concurrency, initializer }: TaskCall,
  lead: (dispatcher: Dispatcher, prepared: Promise<void> | undefined) => Promise<R>,
): Promise<R | undefined> {
  const { rank, size } = group.peers;
  checkBoolean("rootWorks", rootWorks);
  const runner = rank !== 0 || size === 1 || rootWorks ? new TaskRunner(rank, tasks) : undefined;
  group.isAtWork = () => runner?.atWork === true;
  const dispatcher = rank === 0 ? new Dispatcher(group, runner, attentive, concurrency) : undefined;
  const prepared = runner?.prepare(initializer, group.signal);
  if (dispatcher === undefined) {
    await prepared;
    await serveSeats(group, runner as TaskRunner, concurrency);
    return undefined;
  }
  const forget = haltWithTheJob(group, dispatcher);
  leading.add(group);
  try {
    return await lead(dispatcher, prepared);
  } catch (error) {
    dispatcher.fail(error);
    throw error;
  } finally {
    forget();
    leading.delete(group);
  }
}

/** The calls that this rank leads. */
const leading: Set<TaskGroup> = new Set();

/** Where rank 0 leaves with exit code 0 in a task, the results are lost, and the job must not look as if all were well. */
process.on("exit", (code) => {
  const group = [...leading].find((each) => each.isAtWork());
  if (code !== 0 || group === undefined) return;
  const { rank, size, host } = group.who;
  process.exitCode = 1;
  process.stderr.write(
    `tsmpi: rank ${rank} of ${size} on ${host} ended with exit code 0 in a task or its driver, so there are no results: ` +
      "process.exit() ends the rank, not the task; the exit code is 1\n",
  );
});

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
