import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LaunchError, reasonOf } from "./launch-error.ts";

// The address of an ipc socket has room for about 100 bytes, and the names within the directory need some.
const longestPathBytes = 70;

/** Makes the job's private directory on this host: only its owner may look into it (0700). */
export function makeJobDirectory(): string {
  const candidates = [tmpdir(), "/tmp"].filter((directory) => Buffer.byteLength(directory) + 14 <= longestPathBytes);
  let reason: unknown;
  for (const candidate of candidates) {
    try {
      return mkdtempSync(join(candidate, "tsmpi-"));
    } catch (error) {
      reason = error;
    }
  }
  throw new LaunchError(`cannot make a private directory in ${candidates.join(" or ")}: ${reasonOf(reason)}`);
}

export function removeJobDirectory(directory: string): void {
  try {
    rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
  } catch {}
}
