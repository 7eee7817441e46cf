import type { RunRecording } from "../recording/recording.ts";

/** Bytes between ranks, in both directions. */
export type Volume = Float64Array[];

/** Bytes that each pair of ranks exchanged, by rank and rank; what a rank sent to itself is left out. */
export function volumeOf({ ranks }: RunRecording): Volume {
  const volume = ranks.map(() => new Float64Array(ranks.length));
  for (const { rank, sent } of ranks) {
    for (const to of sent) {
      if (to.rank === rank || volume[to.rank] === undefined) continue;
      volume[rank]![to.rank]! += to.bytes + to.innerBytes;
      volume[to.rank]![rank]! += to.bytes + to.innerBytes;
    }
  }
  return volume;
}

/** Bytes between ranks on different hosts. */
export function crossing(volume: Volume, hosts: readonly number[]): number {
  let bytes = 0;
  for (let a = 0; a < hosts.length; a++) {
    for (let b = 0; b < a; b++) if (hosts[a] !== hosts[b]) bytes += volume[a]![b]!;
  }
  return bytes;
}

/** Beyond so many ranks the search takes too long. */
export const mostPlaced = 512;

/** A placement that an option of the command gives is preferred, if it is at most this much worse than the best one. */
const simpleIsWorth = 1.1;

/**
 * Gives ranks to hosts so that fewer bytes cross between hosts; each host keeps its number of ranks. Swaps the pair of ranks
 * that saves the most until no pair saves anything, from the present placement and from three others: the best result counts.
 */
export function betterPlacement(volume: Volume, hosts: readonly number[]): number[] {
  const simple = least(volume, [inBlocks(hosts), inTurn(hosts)]);
  const starts = [[...hosts], inBlocks(hosts), inTurn(hosts), grown(volume, hosts)];
  const best = least(
    volume,
    starts.map((start) => swapped(volume, start)),
  );
  return crossing(volume, simple) <= simpleIsWorth * crossing(volume, best) ? simple : best;
}

function least(volume: Volume, placements: readonly number[][]): number[] {
  return placements.reduce((best, each) => (crossing(volume, each) < crossing(volume, best) ? each : best));
}

/** One host after the other. */
export function inBlocks(hosts: readonly number[]): number[] {
  return [...hosts].sort((a, b) => a - b);
}

/** The hosts in turn, as long as they have room. */
export function inTurn(hosts: readonly number[]): number[] {
  const room = roomOf(hosts);
  const placed: number[] = [];
  while (placed.length < hosts.length) {
    for (const [host, left] of room) {
      if (left === 0) continue;
      placed.push(host);
      room.set(host, left - 1);
    }
  }
  return placed;
}

/** Fills host after host with the rank that has the most to do with those already there. */
function grown(volume: Volume, hosts: readonly number[]): number[] {
  const placed = hosts.map(() => -1);
  for (const [host, room] of roomOf(hosts)) {
    const near = new Float64Array(hosts.length);
    for (let taken = 0; taken < room; taken++) {
      let next = -1;
      for (let rank = 0; rank < hosts.length; rank++) {
        if (placed[rank] === -1 && (next === -1 || near[rank]! > near[next]!)) next = rank;
      }
      placed[next] = host;
      for (let rank = 0; rank < hosts.length; rank++) near[rank]! += volume[next]![rank]!;
    }
  }
  return placed;
}

function roomOf(hosts: readonly number[]): Map<number, number> {
  const room = new Map<number, number>();
  for (const host of inBlocks(hosts)) room.set(host, (room.get(host) ?? 0) + 1);
  return room;
}

function swapped(volume: Volume, start: number[]): number[] {
  const toHost = start.map((_, rank) => bytesToHosts(volume[rank]!, start));
  for (let steps = 0; steps < start.length; steps++) {
    const pair = bestSwap(volume, start, toHost);
    if (pair === undefined) break;
    const [a, b] = pair;
    for (let rank = 0; rank < start.length; rank++) {
      const change = volume[rank]![b]! - volume[rank]![a]!;
      toHost[rank]![start[a]!]! += change;
      toHost[rank]![start[b]!]! -= change;
    }
    [start[a], start[b]] = [start[b]!, start[a]!];
  }
  return start;
}

function bytesToHosts(row: Float64Array, hosts: readonly number[]): Float64Array {
  const bytes = new Float64Array(Math.max(...hosts) + 1);
  for (let rank = 0; rank < hosts.length; rank++) bytes[hosts[rank]!]! += row[rank]!;
  return bytes;
}

function bestSwap(volume: Volume, hosts: readonly number[], toHost: Float64Array[]): [number, number] | undefined {
  let most = 0;
  let best: [number, number] | undefined;
  for (let a = 0; a < hosts.length; a++) {
    for (let b = 0; b < a; b++) {
      const [from, to] = [hosts[a]!, hosts[b]!];
      if (from === to) continue;
      const saved = toHost[a]![to]! - toHost[a]![from]! + toHost[b]![from]! - toHost[b]![to]! - 2 * volume[a]![b]!;
      if (saved > most) [most, best] = [saved, [a, b]];
    }
  }
  return best;
}
