import { byteLength, type Parcel } from "../../../wire/codec/codec.ts";
import type { Peers } from "../../../wire/peers.ts";
import { bruck } from "../allgather/bruck.ts";
import { frames } from "../raw-parcel.ts";
import { binomial, type Tree } from "../trees.ts";

/**
 * Scatter, then allgather.
 *
 * Source: van de Geijn; MPICH bcast_intra_scatter_recursive_doubling_allgather.c. Here the parcel is cut as bytes,
 * whatever it holds, and Bruck's allgather does any number of ranks.
 * Cost: 2 ceil(lg p) alpha + 2 n (p-1)/p beta. Against the binomial tree: twice the messages, but the root sends 2 n
 * bytes at most instead of n ceil(lg p), and no rank waits for n bytes to pass before it has something to pass on.
 *
 *     root          a b c d
 *     scatter       a | b | c | d          down the binomial tree: rank 2 gets c d and hands d to rank 3
 *     allgather     a b c d | a b c d | a b c d | a b c d
 */
export async function sendPieces(peers: Peers, tree: Tree, whole: Parcel, root: number): Promise<Parcel> {
  const parts = [whole.head, ...whole.attachments];
  const lengths = Float64Array.from(parts, (part) => part.byteLength);
  const layout = new Uint8Array(lengths.buffer);
  await exchange(peers, tree, root, { layout, total: byteLength(whole), from: 0, bytes: parts });
  return whole;
}

/** The other ranks' side: `first` came from the parent and holds the pieces of this rank and of all below it. */
export async function receivePieces(peers: Peers, tree: Tree, first: Parcel, root: number): Promise<Parcel> {
  const [layout, ...bytes] = first.attachments as [Uint8Array, ...Uint8Array[]];
  const lengths = new Float64Array(layout.slice().buffer);
  const total = lengths.reduce((sum, length) => sum + length, 0);
  const v = (peers.rank - root + peers.size) % peers.size;
  const pieces = await exchange(peers, tree, root, { layout, total, from: cut(total, v, peers.size), bytes });
  return assemble(lengths, pieces);
}

/** A range of the bytes of the whole parcel, beginning at `from`, in any number of parts. */
interface Range {
  layout: Uint8Array;
  total: number;
  from: number;
  bytes: readonly Uint8Array[];
}

/** Sends the ranks below their pieces, then exchanges this rank's piece for all others. Pieces are ordered by offset. */
async function exchange(peers: Peers, tree: Tree, root: number, range: Range): Promise<Parcel[]> {
  const { rank, size } = peers;
  const pieces = (first: number, span: number): Uint8Array[] =>
    slice(range, cut(range.total, first, size), cut(range.total, first + span, size));
  const below = tree.children.toReversed().map((child) => {
    const { span } = binomial(size, child, root);
    return peers.send(child, frames([range.layout, ...pieces((child - root + size) % size, span)]));
  });
  const mine = frames(pieces((rank - root + size) % size, 1));
  const [all] = await Promise.all([bruck(peers, mine), ...below]);
  return [...all.slice(root), ...all.slice(0, root)];
}

/** Offset of the piece of the rank at distance v from the root. */
function cut(total: number, v: number, size: number): number {
  return Math.floor((total * v) / size);
}

function slice({ from, bytes }: Range, start: number, end: number): Uint8Array[] {
  const views: Uint8Array[] = [];
  let at = from;
  for (const part of bytes) {
    const first = Math.max(start, at);
    const last = Math.min(end, at + part.byteLength);
    if (first < last) views.push(part.subarray(first - at, last - at));
    at += part.byteLength;
  }
  return views;
}

function assemble(lengths: Float64Array, pieces: readonly Parcel[]): Parcel {
  const parts = Array.from(lengths, (length) => new Uint8Array(length));
  let part = 0;
  let at = 0;
  for (const piece of pieces) {
    for (let bytes of piece.attachments) {
      while (bytes.byteLength > 0) {
        const target = parts[part] as Uint8Array;
        const fits = Math.min(bytes.byteLength, target.byteLength - at);
        target.set(bytes.subarray(0, fits), at);
        bytes = bytes.subarray(fits);
        at += fits;
        if (at === target.byteLength) {
          part++;
          at = 0;
        }
      }
    }
  }
  const [head, ...attachments] = parts as [Uint8Array, ...Uint8Array[]];
  return { head, attachments };
}
