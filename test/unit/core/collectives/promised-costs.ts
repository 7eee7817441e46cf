import { rabenseifner } from "../../../../packages/core/src/collectives/algorithms/allreduce/rabenseifner.ts";
import { ring } from "../../../../packages/core/src/collectives/algorithms/allreduce/ring.ts";
import { segmentBytes } from "../../../../packages/core/src/collectives/algorithms/allreduce/segmented.ts";
import type { Algorithms, Operation } from "../../../../packages/core/src/collectives/algorithms/choose.ts";
import * as collectives from "../../../../packages/core/src/collectives/algorithms/index.ts";
import { sum } from "../../../../packages/core/src/ops/op.ts";
import { encode, type Parcel } from "../../../../packages/core/src/wire/codec/codec.ts";
import type { Peers } from "../../../../packages/core/src/wire/peers.ts";
import { perTier } from "../../../support/tier.ts";

/** What a rank sends: numbers of messages and of bytes, framing included. */
export interface Cost {
  messages: number;
  bytes: number;
}

/** One algorithm: a call of it, and the cost that its description promises each rank. */
export interface Promised {
  run: (peers: Peers) => Promise<unknown>;
  cost: (rank: number, p: number) => Cost;
  /**
   * How many messages long it takes, each rank sending one and receiving one at a time: the factor of alpha. Undefined
   * where that is not promised: for numbers of ranks that are no power of two, mostly. Left out where the messages that
   * find out disagreement cannot be told from the others.
   */
  steps?: (p: number) => number | undefined;
  /** The algorithm without what finds out that ranks disagree, for the count of steps. */
  alone?: (peers: Peers) => Promise<unknown>;
  /** The most ranks to simulate besides the largest, where the number of parts is quadratic. */
  upTo?: number;
  /**
   * Where all that a rank receives is alike: that. At that size some are then run by themselves, for a million messages
   * at once take a minute.
   */
  hears?: Parcel;
  /** Ranks per host, in blocks; default: all on one host. */
  perHost?: number;
}

// Of the large ones one: an algorithm with p rounds sends half a million messages at 512 ranks. All costs show their form at 128.
export const largest = perTier({ quick: 128, full: 512 });
export const sizes = [...new Set([2, 3, 4, 5, 7, 8, 16, 17, 31, 64, 100, 128, largest])];

/** Bytes of a part. */
export const k = 24;
export const part: Uint8Array = new Uint8Array(k);

// The size of messages. A value has one byte of form; a bundle five, and eight for each parcel in it.
export const value = (bytes: number): number => bytes + 1;
const bundle = (count: number, parcel: number): number => 5 + count * (8 + parcel);
/** One message of several parcels of one size; a single one goes without a bundle. */
const packed = (count: number, parcel: number): number => (count === 1 ? parcel : bundle(count, parcel));

export const log2 = (p: number): number => Math.ceil(Math.log2(p));
const below = (p: number): number => 2 ** Math.floor(Math.log2(p));
export const times = (messages: number, each: number): Cost => ({ messages, bytes: messages * each });
const total = (...costs: Cost[]): Cost => ({
  messages: costs.reduce((all, { messages }) => all + messages, 0),
  bytes: costs.reduce((all, { bytes }) => all + bytes, 0),
});
const ifPower =
  (steps: (p: number) => number) =>
  (p: number): number | undefined =>
    p === below(p) ? steps(p) : undefined;
/** One rank after the other. */
const inTurn = (p: number): number => p - 1;
/** Hosts of four: so many steps within them, and a logarithm of their number between them. */
const levels =
  (within: number, folds = false) =>
  (p: number): number | undefined =>
    folds && p / q !== below(p / q) ? undefined : within + log2(p / q);
const none: Cost = times(0, 0);
export const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
const powers = (limit: number): number[] =>
  range(11)
    .map((i) => 2 ** i)
    .filter((power) => power < limit);

/** Binomial tree with root 0: the children of v, each with the number of ranks below it. */
function children(v: number, p: number): { span: number }[] {
  const reach = v === 0 ? 2 ** log2(p) : v & -v;
  return powers(reach)
    .filter((mask) => v + mask < p)
    .map((mask) => ({ span: Math.min(mask, p - v - mask) }));
}
const span = (v: number, p: number): number => (v === 0 ? p : Math.min(v & -v, p - v));

/** The folded hypercube with root 0: the number of children and, unless folded away, the slot. */
function folded(rank: number, p: number): { away: boolean; pair: boolean; slot: number; slots: number; kids: number } {
  const slots = below(p);
  const pairs = p - slots;
  const pair = rank < 2 * pairs;
  const slot = pair ? rank >> 1 : rank - pairs;
  const away = pair && rank % 2 === 1;
  const levels = slot === 0 ? Math.log2(slots) : Math.log2(slot & -slot);
  return { away, pair, slot, slots, kids: away ? 0 : levels + (pair ? 1 : 0) };
}
const slotOf = (rank: number, p: number): number => folded(rank, p).slot;

/** Recursive halving among `slots` ranks with parts of one size for each slot. */
const halving = (slots: number, bytes: number): Cost =>
  total(...powers(slots).map((power) => times(1, packed(slots / power / 2, value(bytes)))));
const bruck = (p: number, parcel: number): Cost =>
  total(...powers(p).map((distance) => times(1, packed(Math.min(distance, p - distance), parcel))));
const labels = (rank: number, p: number, algorithm: string, bytes: number): Cost =>
  times(folded(rank, p).kids + (rank === 0 ? 0 : 1), `Uint8Array(${bytes}) (${algorithm})`.length);

/** An array that both p and the power of two below p cut evenly, in pieces of `piece` and of `slice` bytes. */
function whole(p: number): { array: Uint8Array; piece: number; slice: number; bytes: number } {
  const bytes = p === below(p) ? p : p * below(p);
  return { array: new Uint8Array(bytes), piece: bytes / p, slice: bytes / below(p), bytes };
}

/** The last segment is short. */
const threeSegments: Uint8Array = new Uint8Array(2 * segmentBytes + 1);

/** Empty messages up and down a binomial tree. */
const upAndDown = (v: number, p: number): Cost => times((v === 0 ? 0 : 1) + children(v, p).length, 0);
const everyRank = (p: number): Uint8Array[] => new Array<Uint8Array>(p).fill(part);

/** For two levels: place within the host of four, number of hosts, place of the host. */
const q = 4;
const place = (rank: number, p: number): { v: number; size: number; hosts: number; host: number } => {
  const host = Math.floor(rank / q);
  return { v: rank % q, size: Math.min(q, p - host * q), hosts: Math.ceil(p / q), host };
};

export const promised: { [O in Operation]: { [A in Algorithms[O]]: Promised } } = {
  barrier: {
    dissemination: { steps: log2, run: collectives.barrier, cost: (_, p) => times(log2(p), 0) },
    tree: { steps: (p) => 2 * log2(p), run: collectives.barrier, cost: upAndDown },
    "two-level": {
      steps: levels(4),
      run: collectives.barrier,
      perHost: q,
      cost: (rank, p) => {
        const { v, size, hosts } = place(rank, p);
        return total(upAndDown(v, size), v === 0 ? times(log2(hosts), 0) : none);
      },
    },
  },
  bcast: {
    binomial: {
      steps: log2,
      run: (peers) => collectives.bcast(peers, part, 0),
      cost: (v, p) => times(children(v, p).length, value(k)),
    },
    "scatter-allgather": {
      steps: ifPower((p) => 2 * log2(p)),
      upTo: 512,
      // 16 bytes for each rank, the form included.
      run: (peers) => collectives.bcast(peers, new Uint8Array(16 * peers.size - 1), 0),
      cost: (v, p) => {
        const layout = 16 * p - 1 > 1024 ? 16 : 8;
        const scattered = children(v, p).map((child) => times(1, layout + 16 * child.span));
        return total(...scattered, bruck(p, 16));
      },
    },
    "two-level": {
      steps: levels(2),
      run: (peers) => collectives.bcast(peers, part, 0),
      perHost: q,
      cost: (rank, p) => {
        const { v, size, hosts, host } = place(rank, p);
        return times(children(v, size).length + (v === 0 ? children(host, hosts).length : 0), value(k));
      },
    },
  },
  scatter: {
    linear: {
      steps: inTurn,
      run: (peers) => collectives.scatter(peers, everyRank(peers.size), 0),
      cost: (rank, p) => (rank === 0 ? times(p - 1, value(k)) : none),
    },
    binomial: {
      steps: log2,
      run: (peers) => collectives.scatter(peers, everyRank(peers.size), 0),
      cost: (v, p) => total(...children(v, p).map((child) => times(1, packed(child.span, value(k))))),
    },
  },
  gather: {
    linear: {
      steps: inTurn,
      run: (peers) => collectives.gather(peers, part, 0),
      cost: (rank) => times(rank === 0 ? 0 : 1, value(k)),
    },
    binomial: {
      steps: log2,
      run: (peers) => collectives.gather(peers, part, 0),
      cost: (v, p) => (v === 0 ? none : times(1, packed(span(v, p), value(k)))),
    },
  },
  allgather: {
    bruck: {
      steps: log2,
      run: (peers) => collectives.allgather(peers, part),
      cost: (_, p) => bruck(p, value(k)),
      upTo: 256,
    },
    ring: {
      steps: inTurn,
      run: (peers) => collectives.allgather(peers, part),
      cost: (_, p) => times(p - 1, value(k)),
      hears: encode(part),
      upTo: 100,
    },
    "two-level": {
      steps: levels(3 + 2),
      run: (peers) => collectives.allgather(peers, part),
      upTo: 256,
      perHost: q,
      cost: (rank, p) => {
        const { v, size, hosts } = place(rank, p);
        const down = times(children(v, size).length, bundle(hosts, bundle(q, value(k))));
        return total(down, v === 0 ? bruck(hosts, bundle(q, value(k))) : times(1, value(k)));
      },
    },
  },
  alltoall: {
    pairwise: {
      steps: inTurn,
      run: (peers) => collectives.alltoall(peers, everyRank(peers.size)),
      cost: (_, p) => times(p - 1, value(k)),
      hears: encode(part),
      upTo: 100,
    },
    bruck: {
      steps: log2,
      run: (peers) => collectives.alltoall(peers, everyRank(peers.size)),
      cost: (_, p) => {
        const moved = (distance: number): number => range(p).filter((d) => (d & distance) !== 0).length;
        return total(...powers(p).map((distance) => times(1, packed(moved(distance), value(k)))));
      },
      upTo: 100,
    },
  },
  reduce: {
    tree: {
      steps: log2,
      run: (peers) => collectives.reduce(peers, part, sum, 0),
      cost: (rank) => times(rank === 0 ? 0 : 1, value(k)),
    },
    "two-level": {
      steps: levels(2),
      run: (peers) => collectives.reduce(peers, part, sum, 0),
      perHost: q,
      cost: (rank) => times(rank === 0 ? 0 : 1, value(k)),
    },
    rabenseifner: {
      run: (peers) => collectives.reduce(peers, whole(peers.size).array, sum, 0),
      upTo: 256,
      cost: (rank, p) => {
        const { bytes, slice } = whole(p);
        const { away, slot, slots } = folded(rank, p);
        const gathered = packed(slots <= 4 ? 1 : span(slot, slots), value(slice));
        return total(
          labels(rank, p, "rabenseifner", bytes),
          away ? times(1, value(bytes)) : total(halving(slots, slice), slot === 0 ? none : times(1, gathered)),
        );
      },
    },
  },
  allreduce: {
    "recursive-doubling": {
      steps: ifPower(log2),
      run: (peers) => collectives.allreduce(peers, part, sum),
      cost: (rank, p) => {
        const { away, pair, slots } = folded(rank, p);
        return times(away ? 1 : Math.log2(slots) + (pair ? 1 : 0), value(k));
      },
    },
    tree: {
      steps: (p) => 2 * log2(p),
      run: (peers) => collectives.allreduce(peers, part, sum),
      cost: (rank, p) => times((rank === 0 ? 0 : 1) + folded(rank, p).kids, value(k)),
    },
    "two-level": {
      steps: levels(4, true),
      run: (peers) => collectives.allreduce(peers, part, sum),
      perHost: q,
      cost: (rank, p) => {
        const { v, size, hosts, host } = place(rank, p);
        const within = (v === 0 ? 0 : 1) + folded(v, size).kids;
        const { away, pair, slots } = folded(host, hosts);
        return times(within + (v > 0 ? 0 : away ? 1 : Math.log2(slots) + (pair ? 1 : 0)), value(k));
      },
    },
    rabenseifner: {
      steps: ifPower((p) => 2 * log2(p)),
      alone: (peers) => rabenseifner(peers, whole(peers.size).array, sum),
      run: (peers) => collectives.allreduce(peers, whole(peers.size).array, sum),
      upTo: 256,
      cost: (rank, p) => {
        const { bytes, slice } = whole(p);
        const { away, pair, slots } = folded(rank, p);
        const active = total(halving(slots, slice), bruck(slots, value(slice)), times(pair ? 1 : 0, value(bytes)));
        return total(labels(rank, p, "rabenseifner", bytes), away ? times(1, value(bytes)) : active);
      },
    },
    ring: {
      steps: (p) => 2 * (p - 1),
      alone: (peers) => ring(peers, whole(peers.size).array, sum),
      run: (peers) => collectives.allreduce(peers, whole(peers.size).array, sum),
      upTo: 100,
      cost: (rank, p) => {
        const { bytes, piece } = whole(p);
        return total(labels(rank, p, "ring", bytes), times(2 * (p - 1), value(piece)));
      },
    },
    segmented: {
      run: (peers) => collectives.allreduce(peers, threeSegments, sum),
      upTo: 16,
      cost: (rank, p) => {
        const { away, pair, slots } = folded(rank, p);
        const whole = value(threeSegments.length);
        const exchange = total(times(2, value(segmentBytes)), times(1, value(1)));
        const exchanges = total(...powers(slots).map(() => exchange), pair ? times(1, whole) : none);
        return total(labels(rank, p, "segmented", threeSegments.length), away ? times(1, whole) : exchanges);
      },
    },
  },
  reduceScatter: {
    pairwise: {
      steps: inTurn,
      run: (peers) => collectives.reduceScatter(peers, everyRank(peers.size), sum),
      cost: (_, p) => times(p - 1, value(k)),
      hears: encode(part),
      upTo: 100,
    },
    "recursive-halving": {
      steps: ifPower(log2),
      run: (peers) => collectives.reduceScatter(peers, everyRank(peers.size), sum),
      upTo: 256,
      cost: (rank, p) => {
        const { away, pair, slot, slots } = folded(rank, p);
        if (away) return times(1, packed(p, value(k)));
        const given = (distance: number): number =>
          range(p).filter((r) => {
            const other = slotOf(r, p) ^ slot;
            return (other & (distance - 1)) === 0 && (other & distance) !== 0;
          }).length;
        const steps = powers(slots).map((distance) => times(1, packed(given(distance), value(k))));
        return total(...steps, times(pair ? 1 : 0, value(k)));
      },
    },
  },
  scan: {
    linear: {
      steps: inTurn,
      run: (peers) => collectives.scan(peers, part, sum),
      cost: (rank, p) => times(rank < p - 1 ? 1 : 0, value(k)),
    },
    doubling: {
      steps: log2,
      run: (peers) => collectives.scan(peers, part, sum),
      cost: (rank, p) => times(powers(p - rank).length, value(k)),
    },
  },
  exscan: {
    linear: {
      steps: inTurn,
      run: (peers) => collectives.exscan(peers, part, sum),
      cost: (rank, p) => times(rank < p - 1 ? 1 : 0, value(k)),
    },
    doubling: {
      steps: log2,
      run: (peers) => collectives.exscan(peers, part, sum),
      cost: (rank, p) => times(powers(p - rank).length, value(k)),
    },
  },
};
