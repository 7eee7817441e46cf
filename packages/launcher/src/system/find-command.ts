import { accessSync, constants } from "node:fs";
import { join } from "node:path";

/** The absolute path of a command: what the user's PATH offers, else the first of these directories that has it. */
export function findCommand(name: string, others: readonly string[] = []): string | undefined {
  return [...(process.env["PATH"] || "/usr/bin:/bin").split(":"), ...others]
    .filter((place) => place.startsWith("/"))
    .map((place) => join(place, name))
    .find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
