import { existsSync } from "node:fs";
import { createRequire } from "node:module";

/** Set to `zeromq` it keeps ranks of one host from sharing memory. */
const transportVariable = "TSMPI_TRANSPORT";

/**
 * Whether the ranks of this host can share memory: their job's directory is in memory, and koffi has a binary for this
 * platform. All ranks of a host come to the same answer, for they look at the same things.
 */
export function canShareMemory(directory: string): boolean {
  if (process.env[transportVariable] === "zeromq") return false;
  if (process.platform !== "linux" || !directory.startsWith("/dev/shm/")) return false;
  try {
    const require = createRequire(import.meta.url);
    const koffi = createRequire(require.resolve("koffi"));
    const libc = existsSync("/lib/ld-musl-x86_64.so.1") ? "musl" : "linux";
    koffi.resolve(`@koromix/koffi-${libc}-${process.arch}`);
    return true;
  } catch {
    return false;
  }
}
