import { accessSync, constants } from "node:fs";
import { join } from "node:path";

/** The first program of this name in the directories of PATH; undefined if there is none. */
export function inPath(name: string): string | undefined {
  const places = (process.env["PATH"] || "/usr/bin:/bin").split(":");
  return places.map((place) => join(place, name)).find(isExecutable);
}

export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
