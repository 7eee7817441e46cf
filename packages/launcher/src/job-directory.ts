import { mkdtempSync, rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LaunchError, reasonOf } from "./launch-error.ts";

// The address of an ipc socket has room for about 100 bytes, and the names within the directory need some.
const longestPathBytes = 70;

// Ranks of a host talk through files here; in memory, where there is some, that is as fast as memory.
const inMemory = "/dev/shm";
const enoughBytes = 256 << 20;

/**
 * Makes the job's private directory on this host: only its owner may look into it (0700). TSMPI_TMPDIR names another
 * place for it; ranks share memory only where that is in /dev/shm.
 */
export function makeJobDirectory(wanted: string | undefined): string {
  const places = [inMemory, tmpdir(), "/tmp"].filter((path) => Buffer.byteLength(path) + 14 <= longestPathBytes);
  const roomy = places.filter(hasRoom);
  const usual = [...roomy, ...places.filter((path) => path !== inMemory && !roomy.includes(path))];
  const candidates = wanted ? [wanted] : usual;
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

function hasRoom(directory: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(directory);
    return bavail * bsize >= enoughBytes;
  } catch {
    return false;
  }
}

export function removeJobDirectory(directory: string): void {
  try {
    rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
  } catch {}
}
