import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { LaunchError, reasonOf } from "../errors/launch-error.ts";
import { findCommand } from "../system/find-command.ts";
import { readNamed } from "../system/named-file.ts";

/** Where a command of a scheduler may be besides PATH, and words for the message that it is nowhere. */
interface ToolPlaces {
  places: readonly string[];
  /** As in messages: "PBS". */
  scheduler: string;
  /** "it starts the agents". */
  purpose: string;
}

/**
 * The absolute path of a scheduler's command: what the user's PATH offers, else where it usually is.
 *
 * @throws LaunchError when there is none.
 */
export function findTool(name: string, { places, scheduler, purpose }: ToolPlaces): string {
  const found = findCommand(name, places);
  if (found !== undefined) return found;
  throw new LaunchError(
    `${name} was not found, neither in PATH nor where ${scheduler} is usually installed; ${purpose}`,
  );
}

/**
 * What a scheduler's command prints.
 *
 * @throws LaunchError when it does not answer in time, or not at all, with the reason.
 */
export async function answerOf(command: string, args: readonly string[], limitMs: number): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(command, args, { timeout: limitMs });
    return stdout;
  } catch (error) {
    const { stderr = "", killed } = error as { stderr?: string; killed?: boolean };
    const reason = killed ? `no answer within ${limitMs / 1000} s` : stderr.trim().split("\n")[0] || reasonOf(error);
    throw new LaunchError(`${command}: ${reason}`);
  }
}

/** What a file of the scheduler says, with the variable that names it. */
export function readList(variable: string, path: string): string {
  const is = `${variable} is ${path || "empty"}`;
  return readNamed(path, (reason) => new LaunchError(`${is}, which cannot be read: ${reason}`));
}
