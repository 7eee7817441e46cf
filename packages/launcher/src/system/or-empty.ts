import { readdirSync, readFileSync } from "node:fs";

/** The text of a file of the kernel; empty where there is none. */
export function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, "latin1");
  } catch {
    return "";
  }
}

/** The names in a directory; none where it cannot be read. */
export function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
