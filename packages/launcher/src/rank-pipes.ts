import { closeSync, constants, openSync } from "node:fs";
import { Socket } from "node:net";
import { join } from "node:path";
import { sendSignal } from "./leftovers.ts";

/** One rank's pipes: paths, and a process that has the pipe without a name. */
export interface RankPipes {
  /** Absent where its standard input is empty. */
  stdinOf?: number;
  stdout: string;
  stderr: string;
}

/**
 * The named pipes of a host's ranks, for their output. Node's own `stdio: "pipe"` is a socket pair, which cannot be opened by
 * name: `echo > /dev/stderr` fails with ENXIO.
 */
export function pipesIn(directory: string, ranks: readonly number[]): Map<number, RankPipes> {
  const path = (rank: number, name: string) => join(directory, `rank.${rank}.${name}`);
  return new Map(ranks.map((rank) => [rank, { stdout: path(rank, "out"), stderr: path(rank, "err") }]));
}

const { O_NONBLOCK, O_RDONLY, O_WRONLY } = constants;

/** What the agent holds of a pipe, and the descriptor for the rank: to be closed once the rank has been started. */
export interface Ends {
  ours: Socket;
  theirs: number;
}

/** A pipe that the rank writes to. The reader comes first: without one, opening for writing would block. */
export function openOutput(path: string): Ends {
  const fd = openSync(path, O_RDONLY | O_NONBLOCK);
  const theirs = openSync(path, O_WRONLY);
  return { ours: new Socket({ fd, readable: true, writable: false }), theirs };
}

/**
 * A pipe that the rank reads from: standard input of the process `holder`, which is killed. It has no name, since a rank that
 * opens /dev/stdin after the end of its input would wait for ever at a named pipe, for a writer. Undefined where /proc does
 * not give it.
 */
export function openInput(holder: number): Ends | undefined {
  const path = `/proc/${holder}/fd/0`;
  let theirs: number | undefined;
  try {
    theirs = openSync(path, O_RDONLY);
    const fd = openSync(path, O_WRONLY | O_NONBLOCK);
    return { ours: new Socket({ fd, readable: false, writable: true }), theirs };
  } catch {
    if (theirs !== undefined) closeSync(theirs);
    return undefined;
  } finally {
    sendSignal(holder, "SIGKILL");
  }
}
