import { MpiError } from "../../calls/errors.ts";
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
export function neighborAllgather<T>(peers: Peers, value: T, around: Neighborhood): Promise<(T | undefined)[]> {
  const parcel = encode(value);
  return exchange(
    peers,
    around.destinations.map(() => parcel),
    around,
  );
}

/** Every source's part for this rank. This rank sends `parts[i]` to its i-th destination. Cost as above. */
export function neighborAlltoall<T>(
  peers: Peers,
  parts: readonly T[],
  around: Neighborhood,
): Promise<(T | undefined)[]> {
  const { destinations } = around;
  if (!Array.isArray(parts) || parts.length !== destinations.length) {
    const given = Array.isArray(parts) ? `${parts.length} parts` : "no array";
    throw new MpiError(
      "invalid-argument",
      `one part for each of ${destinations.length} neighbours is needed, not ${given}`,
    );
  }
  return exchange(
    peers,
    parts.map((part, i) => encode(destinations[i] === null ? null : part)),
    around,
  );
}

async function exchange<T>(peers: Peers, parcels: readonly Parcel[], around: Neighborhood): Promise<(T | undefined)[]> {
  const { destinations, sources, order } = around;
  const received = new Array<T | undefined>(sources.length).fill(undefined);
  const receive = async (index: number): Promise<void> => {
    const source = sources[index];
    if (typeof source === "number") received[index] = decode(await peers.recv(source)) as T;
  };
  const send = async (dest: number | null, index: number): Promise<void> => {
    if (dest !== null) await peers.send(dest, parcels[index] as Parcel);
  };
  await Promise.all([...order.map(receive), ...destinations.map(send)]);
  return received;
}
