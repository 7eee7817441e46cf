import { overlaps } from "../../../calls/into.ts";
import { emptyLike, type TypedArray } from "../../../calls/typed-array.ts";
import { applyTo } from "../../../ops/apply.ts";
import type { Op } from "../../../ops/op.ts";
import { decode, encode, type Parcel } from "../../../wire/codec/codec.ts";
import type { Peers } from "../../../wire/peers.ts";
import { recvValue, valueOf } from "../combine.ts";
import { fold } from "../trees.ts";

/**
 * Sent eagerly, as a ZeroMQ message of its own: ZeroMQ delivers a message only when all its frames have come. Segments of
 * 32 and of 120 KiB took as long or longer.
 */
export const segmentBytes: number = 64 * 1024;

/**
 * Recursive doubling whose exchanges are cut in segments: while one is combined, the next ones are sealed or encrypted,
 * travel, and are read from the network by other threads.
 *
 * Source: pipelining as in Open MPI coll_base_allreduce.c ("ring_segmented"), with the exchanges and the brackets of
 * recursive doubling, so both give the same bits and any operation can use it.
 * Cost for p = 2^k: lg p alpha + n lg p max(beta, gamma); each rank sends lg p messages for each segment. Folded ranks
 * as in recursive doubling, their arrays whole.
 *
 *     rank 0   send a  send b  send c  send d                     a b c d  segments of its own array
 *                      a01     b01     c01     d01                read in the transport's memory, combined into the result
 *     rank 1   send a  send b  send c  send d
 *                      a01     b01     c01     d01
 */
export async function segmented(peers: Peers, array: TypedArray, op: Op, into?: TypedArray): Promise<unknown> {
  const { slots, slot, actorOf, partner } = fold(peers.size, peers.rank);
  const actor = actorOf(slot);
  if (actor !== peers.rank) {
    await peers.send(actor, encode(array));
    return recvValue(peers, actor, array);
  }
  let mine = array;
  if (partner !== undefined) {
    mine = emptyLike(array);
    const isLower = partner < peers.rank;
    await peers.take(partner, (parcel) => combineTo(op, mine, array, valueOf(parcel, array), isLower));
  }
  // Each step writes where the step before it did not: what was sent in this step may still be read.
  let free = into !== undefined && !overlaps(into, array) ? (into.subarray(0, array.length) as TypedArray) : undefined;
  for (let distance = 1; distance < slots; distance *= 2) {
    const out = free ?? emptyLike(array);
    await exchange(peers, actorOf(slot ^ distance), mine, out, op);
    free = mine === array ? undefined : mine;
    mine = out;
  }
  if (partner !== undefined) await peers.send(partner, encode(mine));
  return mine;
}

/** Combines this array with the peer's, segment by segment. */
async function exchange(peers: Peers, peer: number, mine: TypedArray, out: TypedArray, op: Op): Promise<void> {
  const isLower = peer < peers.rank;
  const step = segmentBytes / mine.BYTES_PER_ELEMENT;
  const arrivals: Promise<void>[] = [];
  for (let at = 0; at === 0 || at < mine.length; at += step) {
    const segment = mine.subarray(at, at + step);
    const place = out.subarray(at, at + step);
    const combineSegment = (parcel: Parcel): void => combineTo(op, place, segment, decode(parcel), isLower);
    // Posted first: ranks whose credit is used up would wait for each other.
    arrivals.push(peers.take(peer, combineSegment));
    await peers.send(peer, encode(segment));
  }
  await Promise.all(arrivals);
}

function combineTo(op: Op, out: TypedArray, mine: TypedArray, arrived: unknown, arrivedIsLower: boolean): void {
  if (arrivedIsLower) applyTo(op, out, arrived, mine);
  else applyTo(op, out, mine, arrived);
}
