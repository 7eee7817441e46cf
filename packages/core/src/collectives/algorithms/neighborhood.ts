import { MpiError } from "../../calls/errors.ts";
import { fill, overlaps } from "../../calls/into.ts";
import { type Elements, isBlock } from "../../calls/regions/block.ts";
import { isTypedArray, type TypedArray } from "../../calls/typed-array.ts";
import { decode, decodeInto, encode, type Parcel } from "../../wire/codec/codec.ts";
import type { Peers } from "../../wire/peers.ts";

/** The neighbours of one rank. null: no neighbour, at the border of a grid. */
export interface Neighborhood {
  readonly destinations: readonly (number | null)[];
  readonly sources: readonly (number | null)[];
  /**
   * Indices of `sources` in the order in which their messages were sent, which matters where one rank is a neighbour
   * twice. In a ring of two the left and the right neighbour are the same; what it sends to its left comes first, and
   * comes from our right.
   */
  readonly order: readonly number[];
}

/** Where the caller wants the parts: behind each other in one array, or each in an array or block of its own. */
type Into = TypedArray | readonly Elements[] | undefined;

/**
 * Every source's value, in the order of the sources.
 *
 * Source: MPI's neighbourhood collectives, done directly: one message along each edge.
 * Cost: alpha + d n beta for d neighbours; one message to each destination.
 */
export async function neighborAllgather(
  peers: Peers,
  value: unknown,
  around: Neighborhood,
  into?: Into,
): Promise<unknown> {
  const parcel = encode(value);
  const parcels = around.destinations.map(() => parcel);
  if (isList(into)) return exchangeInto(peers, parcels, around, into, [value]);
  const received = await exchange(peers, parcels, around);
  return into === undefined ? received : place(into, received, around, () => value);
}

/** Every source's part for this rank. This rank sends `parts[i]` to its i-th destination. Cost as above. */
export async function neighborAlltoall(
  peers: Peers,
  parts: readonly unknown[],
  around: Neighborhood,
  into?: Into,
): Promise<unknown> {
  const { destinations } = around;
  if (!Array.isArray(parts) || parts.length !== destinations.length) {
    const given = Array.isArray(parts) ? `${parts.length} parts` : "no array";
    throw new MpiError(
      "invalid-argument",
      `one part for each of ${destinations.length} neighbours is needed, not ${given}`,
    );
  }
  const parcels = parts.map((part, i) => encode(destinations[i] === null ? null : part));
  if (isList(into)) return exchangeInto(peers, parcels, around, into, parts);
  const received = await exchange(peers, parcels, around);
  return into === undefined ? received : place(into, received, around, (index) => parts[index]);
}

function isList(into: Into): into is readonly Elements[] {
  return Array.isArray(into);
}

/** Puts what was received into one array. A border keeps the room that this rank's own part would take. */
function place(
  into: TypedArray,
  received: readonly unknown[],
  { sources }: Neighborhood,
  own: (index: number) => unknown,
): TypedArray {
  let at = 0;
  const parts = received.map((value, index) => {
    const kept = sources[index] === null;
    const part = kept ? own(index) : value;
    const end = at + (isTypedArray(part) ? part.length : 0);
    const place = into.subarray(at, end);
    at = end;
    return kept && isTypedArray(part) ? place : part;
  });
  return fill(into, parts);
}

async function exchange(peers: Peers, parcels: readonly Parcel[], around: Neighborhood): Promise<unknown[]> {
  const { sources, order } = around;
  const received = new Array<unknown>(sources.length).fill(undefined);
  const receive = async (index: number): Promise<void> => {
    const source = sources[index];
    if (typeof source === "number") received[index] = decode(await peers.recv(source));
  };
  await Promise.all([...order.map(receive), ...sendAll(peers, parcels, around)]);
  return received;
}

/**
 * The exchange, straight into the caller's arrays and blocks. Where one of them is also sent, what comes waits until that has left.
 * A border's stays as it is.
 */
async function exchangeInto(
  peers: Peers,
  parcels: readonly Parcel[],
  around: Neighborhood,
  targets: readonly Elements[],
  sent: readonly unknown[],
): Promise<readonly Elements[]> {
  const { sources, order } = around;
  if (targets.length !== sources.length) {
    throw new MpiError(
      "invalid-argument",
      `\`into\` is a list of ${targets.length} arrays, but there are ${sources.length} neighbours`,
    );
  }
  const given = sent.filter((part) => isTypedArray(part) || isBlock(part));
  if (targets.some((target) => given.some((part) => overlaps(part, target)))) {
    const received = await exchange(peers, parcels, around);
    for (const [i, target] of targets.entries()) if (sources[i] !== null) fill(target, [received[i]]);
    return targets;
  }
  const receive = async (index: number): Promise<void> => {
    const source = sources[index];
    const target = targets[index] as Elements;
    const put = (parcel: Parcel): unknown => decodeInto(parcel, target) || fill(target, [decode(parcel)]);
    if (typeof source === "number") await peers.take(source, put, target);
  };
  await Promise.all([...order.map(receive), ...sendAll(peers, parcels, around)]);
  return targets;
}

function sendAll(peers: Peers, parcels: readonly Parcel[], { destinations }: Neighborhood): Promise<void>[] {
  return destinations.map(async (dest, index) => {
    if (dest !== null) await peers.send(dest, parcels[index] as Parcel);
  });
}
