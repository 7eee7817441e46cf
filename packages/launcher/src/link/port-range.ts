import type { Server } from "node:net";
import type { PortRange } from "@tsmpi/core/bootstrap";
import { reasonOf, usageError } from "../errors/launch-error.ts";

/**
 * Listens on the last free port of the range, because ranks begin at its first; without a range, on one that the system gives.
 * `backlog`: how many connections may wait to be accepted. The kernel has a bound too (`net.core.somaxconn`).
 */
export async function listenInRange(
  server: Server,
  address: string | undefined,
  [first, last]: PortRange = [0, 0],
  backlog = 511,
): Promise<void> {
  for (let port = last; port >= first; port--) {
    const failure = await new Promise<NodeJS.ErrnoException | undefined>((resolve) => {
      server.once("error", resolve);
      server.listen(port, address, backlog, () => {
        server.off("error", resolve);
        resolve(undefined);
      });
    });
    if (failure === undefined) return;
    if (first === 0) throw failure;
    if (failure.code !== "EADDRINUSE")
      throw usageError(
        `--port-range ${first}-${last}: port ${port} cannot be listened on: ${reasonOf(failure)}; those below 1024 are root's`,
      );
  }
  throw usageError(`--port-range ${first}-${last}: none of these ports is free on this host`);
}
