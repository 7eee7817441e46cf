/** How the ranks of a host divide the memory that they share. */
export interface Shares {
  /** Of each ring, without its header: a power of two. */
  ringBytes: number;
  /** Communicators with a number below this have a board. */
  boards: number;
}

const mostRingBytes = 256 * 1024;
/** A smaller ring holds no whole packet of an array of 64 KiB; ZeroMQ is then no slower. */
const leastRingBytes = 64 * 1024;
const mostBoards = 1024;
/** A ring's header, a doorstep, a fifo: their pages. */
const pagesBytes = 8192;
/** With less there may be no room for the program's own files. */
const leastRoom = 4 << 20;
/** The rest is for the program's files, and for other jobs. */
const usable = 0.75;
const ofRings = 2 / 3;

/**
 * Divides `room` bytes among `ranks` ranks. Undefined when they are too few for the program, or for a ring for each ordered pair
 * of ranks, which an `alltoall`, or a large `allreduce`, needs. The same everywhere on a host, as all ranks are told the same room.
 */
export function shareOut(room: number, ranks: number): Shares | undefined {
  if (room < leastRoom) return undefined;
  const bytes = room * usable;
  const pairs = ranks * (ranks - 1);
  for (let ringBytes = mostRingBytes; ringBytes >= leastRingBytes; ringBytes /= 2) {
    const rings = pairs * (ringBytes + pagesBytes);
    if (rings > bytes * ofRings) continue;
    return { ringBytes, boards: Math.min(mostBoards, Math.floor((bytes - rings) / boardBytes(ranks))) };
  }
  return undefined;
}

/** An upper bound of `SharedBoard.bytes` for a communicator of so many ranks or fewer. */
export function boardBytes(ranks: number): number {
  return (ranks > 64 ? 2.25 : 1.25) * 2 ** 20;
}
