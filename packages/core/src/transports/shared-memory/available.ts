import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { ownURL } from "../../own-url.ts";

/** Set to `zeromq` it keeps ranks of one host from sharing memory. */
const transportVariable = "TSMPI_TRANSPORT";

/**
 * Why the ranks of this host cannot share memory; `undefined` when they can: their job's directory is in memory, and
 * koffi has a binary for this platform. All ranks of a host come to the same answer, for they look at the same things.
 */
export function obstacleToSharing(directory: string): string | undefined {
  if (process.env[transportVariable] === "zeromq") return `${transportVariable} is zeromq`;
  if (process.platform !== "linux") return `memory is shared on Linux only, and this is ${process.platform}`;
  if (!directory.startsWith("/dev/shm/")) return `the job's directory ${directory} is not in /dev/shm`;
  const libc = existsSync("/lib/ld-musl-x86_64.so.1") ? "musl" : "linux";
  const binary = `@koromix/koffi-${libc}-${process.arch}`;
  try {
    const require = createRequire(ownURL);
    createRequire(require.resolve("koffi")).resolve(binary);
    return undefined;
  } catch {
    return `koffi's binary ${binary} is not installed`;
  }
}
