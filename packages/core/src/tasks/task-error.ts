import { MpiError, messageOf, stackText } from "../calls/errors.ts";

/** Properties of the error of a failed task. */
export interface TaskErrorDetails {
  /** Name of the task. */
  task: string;
  /** Position of its input. */
  index: number;
  /** Where the task ran: rank in the world, and host. Undefined if it never ran. */
  rank: number | undefined;
  host: string | undefined;
  /** How often the task was tried. */
  attempts: number;
}

/**
 * The task's own error, as the map throws it: its class and message, with the stack of the map's call. Its cause has the stack
 * of the rank that did the task.
 */
export function taskError(thrown: unknown, details: TaskErrorDetails, site: string): Error {
  const { task, index, rank, host, attempts } = details;
  if (thrown instanceof MpiError && thrown.rank === undefined) {
    // An error of tsmpi, not of the task: its stack is of no use.
    const { code, message, cause } = thrown;
    const error = new MpiError(code, `input ${index} of ${task}: ${message}`, {
      rank,
      host,
      ...(cause !== undefined && { cause }),
    });
    define(error, "stack", `${error.name}: ${error.message}\n${site}`, false);
    return Object.assign(error, { task, index, attempts });
  }
  const error = thrown instanceof Error ? thrown : new Error(messageOf(thrown));
  const where = rank === undefined ? "" : ` on rank ${rank} (${host})`;
  const tries = attempts > 1 ? `, tried ${attempts} times` : "";
  const cause = error.cause ?? (thrown instanceof Error ? undefined : thrown);
  const remote = new Error(
    `task ${task} failed for input ${index}${where}${tries}`,
    cause === undefined ? {} : { cause },
  );
  remote.name = "TaskError";
  remote.stack = `${remote.name}: ${remote.message}\n${frames(stackText(error))}`;
  define(error, "cause", remote, false);
  define(error, "stack", `${error.name}: ${error.message}\n${site}`, false);
  for (const [name, value] of Object.entries(details)) {
    if (!(name in error)) define(error, name, value, true);
  }
  return error;
}

/** The stack of the caller of `above`, for errors that come later. */
export function callSite(above: (...args: never[]) => unknown): string {
  const here: { stack?: string } = {};
  Error.captureStackTrace(here, above);
  return frames(stackText(here));
}

/** The stack's frames, without the message before them. */
function frames(stack: string): string {
  return stack
    .split("\n")
    .filter((line) => /^\s+at /.test(line))
    .join("\n");
}

function define(error: Error, name: string, value: unknown, enumerable: boolean): void {
  Object.defineProperty(error, name, { value, enumerable, writable: true, configurable: true });
}
