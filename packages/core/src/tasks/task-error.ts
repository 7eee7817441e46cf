import { MpiError, messageOf, stackText } from "../calls/errors.ts";

/** What is known about a task that failed, on the error itself. */
export interface TaskErrorDetails {
  /** Name of the task. */
  task: string;
  /** Position of its input. */
  index: number;
  /** Where it ran: the rank in the world, and its host. Undefined when it ran nowhere. */
  rank: number | undefined;
  host: string | undefined;
  /** How often it was tried. */
  attempts: number;
}

/**
 * The task's own error, as it is thrown where the map was called: its class and message, the stack of that place, and as its
 * cause what happened elsewhere, with the stack from there.
 */
export function taskError(thrown: unknown, details: TaskErrorDetails, site: string): Error {
  const { task, index, rank, host, attempts } = details;
  if (thrown instanceof MpiError && thrown.rank === undefined) {
    // Ours, not the task's: it has no stack that anybody needs.
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

/** Where the caller of a function stands, for errors that come later. */
export function callSite(above: (...args: never[]) => unknown): string {
  const here: { stack?: string } = {};
  Error.captureStackTrace(here, above);
  return frames(stackText(here));
}

/** A stack without the message before it. */
function frames(stack: string): string {
  return stack
    .split("\n")
    .filter((line) => /^\s+at /.test(line))
    .join("\n");
}

function define(error: Error, name: string, value: unknown, enumerable: boolean): void {
  Object.defineProperty(error, name, { value, enumerable, writable: true, configurable: true });
}
