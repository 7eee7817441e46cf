import { constants, openSync } from "node:fs";
import { Socket } from "node:net";
import { join } from "node:path";

/** The paths of the pipes that one rank writes to. */
export interface RankPipes {
  stdout: string;
  stderr: string;
}

/**
 * The named pipes of a host's ranks. Node's own `stdio: "pipe"` is a socket pair, which cannot be opened by name: there
 * `echo > /dev/stderr` fails with ENXIO.
 */
export function pipesIn(directory: string, ranks: readonly number[]): Map<number, RankPipes> {
  const path = (rank: number, name: string) => join(directory, `rank.${rank}.${name}`);
  return new Map(ranks.map((rank) => [rank, { stdout: path(rank, "out"), stderr: path(rank, "err") }]));
}

const { O_NONBLOCK, O_RDONLY, O_WRONLY } = constants;

/** The agent's end of a pipe, and the descriptor for the rank, which is closed here once the rank has been started. */
export interface Ends {
  ours: Socket;
  theirs: number;
}

/** Opens a pipe that the rank writes to. The reader first: without one, opening for writing would block. */
export function openOutput(path: string): Ends {
  const fd = openSync(path, O_RDONLY | O_NONBLOCK);
  const theirs = openSync(path, O_WRONLY);
  return { ours: new Socket({ fd, readable: true, writable: false }), theirs };
}

/** Opens a pipe that the rank reads from. Another process must have it open. */
export function openInput(path: string): Ends {
  const theirs = openSync(path, O_RDONLY);
  const fd = openSync(path, O_WRONLY | O_NONBLOCK);
  return { ours: new Socket({ fd, readable: false, writable: true }), theirs };
}
