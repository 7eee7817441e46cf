import { mkdtempSync, rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { shareOut } from "@tsmpi/core/bootstrap";
import { LaunchError, reasonOf } from "../errors/launch-error.ts";

/** The path of a Unix socket has room for 107 bytes; the names within the directory need some of them. */
const longestPathBytes = 90;
const ownName = "tsmpi-XXXXXX";

/** Ranks of a host talk through files in the directory. In /dev/shm these are memory. */
const inMemory = "/dev/shm";
/** For the script and its imports, which are copied into the directory. */
export const enoughBytes: number = 16 << 20;

/**
 * Makes the private directory (0700) of a job that has `ranks` ranks on this host. `wanted` is TSMPI_TMPDIR, another place
 * for it; ranks share memory only if that is in /dev/shm.
 */
export function makeJobDirectory(wanted: string | undefined, ranks: number): string {
  if (wanted && isTooLong(wanted))
    throw new LaunchError(
      `TSMPI_TMPDIR is too long: sockets are made there, whose paths have ${longestPathBytes - ownName.length - 1} bytes at most; name a shorter one, for example /tmp`,
    );
  const places = [tmpdir(), "/tmp", "/var/tmp"].filter((path) => !isTooLong(path));
  const roomy = places.filter((path) => roomIn(path) >= enoughBytes);
  const usual = [...(canBeShared(ranks) ? [inMemory] : []), ...roomy, ...places];
  return makePrivateDirectory(wanted ? [wanted] : usual);
}

/** Makes a directory that only this user can enter, in the first of these places where that works. */
export function makePrivateDirectory(places: readonly string[]): string {
  let reason: unknown;
  for (const place of places) {
    try {
      return mkdtempSync(join(place, "tsmpi-"));
    } catch (error) {
      reason = error;
    }
  }
  const tried = [...new Set(places)].join(" or ");
  throw new LaunchError(
    `cannot make a private directory in ${tried}: ${reasonOf(reason)}; TSMPI_TMPDIR names another place`,
  );
}

/** For the ranks' pipes and sockets, and the script's files. A file system that does not count its files says 0 of 0. */
const enoughFiles = 1024;

/** Bytes that are free in the file system of a directory; 0 where no more files can be made. */
export function roomIn(directory: string): number {
  try {
    const { bavail, bsize, files, ffree } = statfsSync(directory);
    return files > 0 && ffree < enoughFiles ? 0 : bavail * bsize;
  } catch {
    return 0;
  }
}

function canBeShared(ranks: number): boolean {
  return shareOut(roomIn(inMemory), ranks) !== undefined;
}

function isTooLong(path: string): boolean {
  return Buffer.byteLength(join(path, ownName)) > longestPathBytes;
}

export function removeJobDirectory(directory: string): void {
  try {
    rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
  } catch {}
}
