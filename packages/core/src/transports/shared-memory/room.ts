/** How the ranks of a host divide their shared memory. */
export interface Shares {
  /** Size of each ring without its header: a power of two. */
  ringBytes: number;
  /** Communicators with a lower number have a board. */
  boards: number;
}

const mostRingBytes = 256 * 1024;
/** A smaller ring cannot hold a packet with an array of 64 KiB. ZeroMQ is as fast then. */
const leastRingBytes = 64 * 1024;
const mostBoards = 1024;
/** The pages of a ring's header, a wake flag and a fifo. */
const pagesBytes = 8192;
/** With less memory there may be no room for the program's own files. */
const leastRoom = 4 << 20;
/** The rest is for the program's files, and for other jobs. */
const usable = 0.75;
const ofRings = 2 / 3;

/**
 * Divides `room` bytes among `ranks` ranks. Undefined if that is too little for the program, or for a ring for each
 * ordered pair of ranks, as `alltoall` and a large `allreduce` need. All ranks of a host get the same result, because
 * they are given the same room.
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

/** An upper bound of `SharedBoard.bytes` for a communicator of up to `ranks` ranks. */
export function boardBytes(ranks: number): number {
  return (ranks > 2 ? 2.25 : 1.75) * 2 ** 20;
}
