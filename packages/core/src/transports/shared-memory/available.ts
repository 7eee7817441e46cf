import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { ownURL } from "../../calls/module-url.ts";
import { shareOut } from "./room.ts";

/** The value `zeromq` keeps the ranks of one host from sharing memory. */
const transportVariable = "TSMPI_TRANSPORT";
/** The loader of musl. glibc may be installed, too, but this Node does not use it. */
const musl = ["/lib/ld-musl-x86_64.so.1", "/lib/ld-musl-aarch64.so.1"];

/**
 * Why the `ranks` ranks of this host cannot share memory; `undefined` when they can: the job's directory is in memory,
 * there is `room` for their rings, and koffi has a binary for this platform. All ranks of a host come to the same
 * answer, because they check the same things.
 */
export function obstacleToSharing(directory: string, room: number, ranks: number): string | undefined {
  if (process.env[transportVariable] === "zeromq") return `${transportVariable} is zeromq`;
  if (process.platform !== "linux") return `memory is shared on Linux only, and this is ${process.platform}`;
  if (!directory.startsWith("/dev/shm/"))
    return `the job's directory ${directory} is not in /dev/shm (tsmpi doctor tells whether there is room)`;
  if (shareOut(room, ranks) === undefined) {
    return `/dev/shm had ${Math.floor(room / 2 ** 20)} MiB free, which is too little for ${ranks} ranks`;
  }
  if (musl.some((path) => existsSync(path))) return "memory is shared with glibc only, and this is musl";
  const binary = `@koromix/koffi-linux-${process.arch}`;
  try {
    const require = createRequire(ownURL);
    createRequire(require.resolve("koffi")).resolve(binary);
    return undefined;
  } catch {
    return `koffi's binary ${binary} is not installed`;
  }
}
