import { firstOfHosts } from "../collectives/algorithms/host-levels.ts";
import { allgather } from "../collectives/algorithms/index.ts";
import { decode, encode } from "../wire/codec/codec.ts";
import type { Peers } from "../wire/peers.ts";
import { caught } from "./agree.ts";
import type { Content } from "./content.ts";
import { DomainBuffer } from "./domain-buffer.ts";
import type { LocalFile } from "./local-file.ts";
import { forEachPiece, type Pieces } from "./pieces.ts";

/** Larger pieces go to the file as they are. */
const directBytes = 256 * 1024;
/** What one rank of a host collects before it writes. */
const domainBytes = 8 << 20;
/** Pieces that fill less than this part of the file between them are not collected. */
const leastDensity = 1 / 32;

/** One rank's part of a collective call. */
export interface Part {
  readonly content: Content;
  readonly pieces: Pieces;
}

/** A part of the file, of the ranks' turn, and the rank that reads or writes it. */
interface Domain {
  readonly from: number;
  readonly until: number;
  readonly aggregator: number;
}

/**
 * Writes the parts of all ranks. Small pieces are first brought together, in turns: one rank of each host collects what all ranks have
 * for a stretch of the file, and writes it at once.
 *
 * ```text
 *  file    [ domain of host 0 | of host 1 | of host 0 | of host 1 | ... ]      8 MiB each
 *  turn        0                            1
 * ```
 * Source: two-phase I/O, del Rosario, Bordawekar and Choudhary 1993; ROMIO. Every byte travels once within or between hosts.
 *
 * Never throws for an error of the file system: gives the error, so that all ranks take all turns.
 */
export async function writeTogether(peers: Peers, file: LocalFile, part: Part): Promise<unknown> {
  const turns = await plan(peers, part.pieces);
  if (turns === undefined) return caught(() => writePieces(file, part));
  const buffers = [new DomainBuffer(), new DomainBuffer()];
  let writing: Promise<unknown> = Promise.resolve();
  let failed: unknown;
  for (const [turn, domains] of turns.entries()) {
    const buffer = buffers[turn % 2] as DomainBuffer;
    const mine = await collect(peers, domains, part, buffer);
    failed ??= await writing; // of the turn before, while this one was collected
    if (mine !== undefined && failed === undefined) writing = caught(() => buffer.write(file));
  }
  return failed ?? (await writing);
}

/** Reads the parts of all ranks, likewise. */
export async function readTogether(peers: Peers, file: LocalFile, part: Part): Promise<unknown> {
  const turns = await plan(peers, part.pieces);
  if (turns === undefined) return caught(() => readPieces(file, part));
  const buffer = new DomainBuffer();
  let failed: unknown;
  for (const domains of turns) failed = (await deal(peers, domains, part, buffer, file)) ?? failed;
  return failed;
}

/** Writes the pieces of one rank, one by one. */
export async function writePieces(file: LocalFile, { content, pieces }: Part, signal?: AbortSignal): Promise<void> {
  await eachPiece(pieces, signal, async (offset, first, last) => file.write(content.take(first, last), offset));
}

/** Reads the pieces of one rank, one by one. */
export async function readPieces(file: LocalFile, { content, pieces }: Part, signal?: AbortSignal): Promise<void> {
  await eachPiece(pieces, signal, async (offset, first, last) => {
    const room = content.room(first, last);
    await file.read(room, offset);
    content.put(first, room);
  });
}

async function eachPiece(
  pieces: Pieces,
  signal: AbortSignal | undefined,
  visit: (offset: number, first: number, last: number) => Promise<void>,
): Promise<void> {
  // Some of them at a time: the list of all would take more memory than the data where they are single elements.
  for (let from = 0; from < pieces.bytes; from += domainBytes) {
    const list: [number, number, number][] = [];
    const runs = pieces.runs(from, Math.min(pieces.bytes, from + domainBytes));
    forEachPiece(runs, (offset, bytes, at) => list.push([offset, from + at, from + at + bytes]));
    for (const each of list) {
      signal?.throwIfAborted();
      await visit(...each);
    }
  }
}

/** The turns; undefined where each rank had better go to the file by itself. All ranks get the same answer. */
async function plan(peers: Peers, { start, end, bytes, meanBytes }: Pieces): Promise<Domain[][] | undefined> {
  const all = await allgather(peers, Float64Array.of(start, end, bytes, meanBytes));
  const parts = all
    .map(([from = 0, until = 0, length = 0, mean = 0]) => ({ from, until, length, mean }))
    .filter(({ length }) => length > 0);
  if (parts.length === 0 || parts.every(({ mean }) => mean >= directBytes)) return undefined;
  const from = Math.min(...parts.map((each) => each.from));
  const until = Math.max(...parts.map((each) => each.until));
  const total = parts.reduce((sum, { length }) => sum + length, 0);
  if (total < (until - from) * leastDensity) return undefined;
  return turnsOver(from, until, firstOfHosts(peers.hosts));
}

function turnsOver(from: number, until: number, aggregators: readonly number[]): Domain[][] {
  const turns: Domain[][] = [];
  const begin = from - (from % domainBytes); // domains meet at multiples of their size, as the stripes of file systems do
  for (let at = begin; at < until; at += domainBytes * aggregators.length) {
    turns.push(
      aggregators.map((aggregator, i) => ({
        aggregator,
        from: at + i * domainBytes,
        until: at + (i + 1) * domainBytes,
      })),
    );
  }
  return turns;
}

/** What a rank has for a domain: where its pieces go, and their bytes. */
type Share = readonly [runs: Float64Array, bytes: Uint8Array];

function shareOf({ content, pieces }: Part, { from, until }: Domain): Share {
  const { first, last } = pieces.within(from, until);
  return [Float64Array.from(pieces.runs(first, last)), content.take(first, last)];
}

/** Brings the shares of one turn to their aggregators. Gives this rank's domain, if it has one: `buffer` holds it then. */
async function collect(
  peers: Peers,
  domains: readonly Domain[],
  part: Part,
  buffer: DomainBuffer,
): Promise<Domain | undefined> {
  const own = domains.find(({ aggregator }) => aggregator === peers.rank);
  const sends = domains
    .filter((domain) => domain !== own)
    .map((domain) => peers.send(domain.aggregator, encode(shareOf(part, domain))));
  if (own !== undefined) {
    buffer.begin(own.from);
    // In the order of ranks: where two write the same byte, the higher rank's stays.
    for (let rank = 0; rank < peers.size; rank++) {
      const share = rank === peers.rank ? shareOf(part, own) : (decode(await peers.recv(rank)) as Share);
      buffer.place(...share);
    }
  }
  await Promise.all(sends);
  return own;
}

/** Brings one turn's pieces of the file to the ranks that want them. Gives what went wrong here. */
async function deal(
  peers: Peers,
  domains: readonly Domain[],
  { content, pieces }: Part,
  buffer: DomainBuffer,
  file: LocalFile,
): Promise<unknown> {
  const wanted = domains.map(({ from, until }) => pieces.within(from, until));
  const runsOf = (i: number): Float64Array => {
    const { first, last } = wanted[i] as { first: number; last: number };
    return Float64Array.from(pieces.runs(first, last));
  };
  const asks = domains.map(({ aggregator }, i) =>
    aggregator === peers.rank ? undefined : peers.send(aggregator, encode(runsOf(i))),
  );
  const own = domains.findIndex(({ aggregator }) => aggregator === peers.rank);
  let failed: unknown;
  if (own >= 0) {
    const requests: Float64Array[] = [];
    for (let rank = 0; rank < peers.size; rank++) {
      requests.push(rank === peers.rank ? runsOf(own) : (decode(await peers.recv(rank)) as Float64Array));
    }
    failed = await caught(() => buffer.read(file, (domains[own] as Domain).from, requests));
    const answers = requests.map((runs) => (failed === undefined ? buffer.take(runs) : nothing));
    if (failed === undefined) content.put((wanted[own] as { first: number }).first, answers[peers.rank] as Uint8Array);
    asks.push(...answers.map((bytes, rank) => (rank === peers.rank ? undefined : peers.send(rank, encode(bytes)))));
  }
  for (const [i, { aggregator }] of domains.entries()) {
    if (aggregator === peers.rank) continue;
    const { first, last } = wanted[i] as { first: number; last: number };
    const bytes = decode(await peers.recv(aggregator)) as Uint8Array;
    if (bytes.length === last - first) content.put(first, bytes);
  }
  await Promise.all(asks);
  return failed;
}

const nothing = new Uint8Array(0);
