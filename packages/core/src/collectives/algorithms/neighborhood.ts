import { MpiError } from "../../calls/errors.ts";
import { fill } from "../../calls/into.ts";
import { isTypedArray, type TypedArray } from "../../calls/typed-array.ts";
import { decode, encode, type Parcel } from "../../wire/codec/codec.ts";
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
  into?: TypedArray,
): Promise<unknown> {
  const parcel = encode(value);
  const received = await exchange(
    peers,
    around.destinations.map(() => parcel),
    around,
  );
  return into === undefined ? received : place(into, received, around, () => value);
}

/** Every source's part for this rank. This rank sends `parts[i]` to its i-th destination. Cost as above. */
export async function neighborAlltoall(
  peers: Peers,
  parts: readonly unknown[],
  around: Neighborhood,
  into?: TypedArray,
): Promise<unknown> {
  const { destinations } = around;
  if (!Array.isArray(parts) || parts.length !== destinations.length) {
    const given = Array.isArray(parts) ? `${parts.length} parts` : "no array";
    throw new MpiError(
      "invalid-argument",
      `one part for each of ${destinations.length} neighbours is needed, not ${given}`,
    );
  }
  const received = await exchange(
    peers,
    parts.map((part, i) => encode(destinations[i] === null ? null : part)),
    around,
  );
  return into === undefined ? received : place(into, received, around, (index) => parts[index]);
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
  const { destinations, sources, order } = around;
  const received = new Array<unknown>(sources.length).fill(undefined);
  const receive = async (index: number): Promise<void> => {
    const source = sources[index];
    if (typeof source === "number") received[index] = decode(await peers.recv(source));
  };
  const send = async (dest: number | null, index: number): Promise<void> => {
    if (dest !== null) await peers.send(dest, parcels[index] as Parcel);
  };
  await Promise.all([...order.map(receive), ...destinations.map(send)]);
  return received;
}
