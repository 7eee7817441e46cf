/** The collectives of one communicator that a rank has called: all its ranks must have called as many. */
export interface Joined {
  /** The communicator's number; 0 for the world. */
  context: number;
  /** Whether one has failed here, and was caught: the program knows of it, and its ranks may go different ways. */
  failed: boolean;
  /** How many were called, and the last few of them by their numbers. */
  count: number;
  last: { number: number; call: string; site?: string }[];
}

/** What one rank has seen of the collectives of one communicator. */
interface Seen {
  readonly rank: number;
  readonly count: number;
  readonly last: Joined["last"];
}

/** So many communicators are told of. */
const most = 3;

/**
 * The error about collectives that some ranks never joined, when all ranks have ended well; undefined when all were joined
 * by all. Nothing waited for them (the root of a broadcast does not, nor rank 0 in a map), so nothing else tells.
 *
 * ```text
 * map() #0 at main.ts:7 was called by rank 0 and never by ranks 1-2: a collective is called by all ranks
 * ```
 * @param listed how ranks are listed
 */
export function describeUnjoined(
  joined: ReadonlyMap<number, readonly Joined[]>,
  size: number,
  listed: (ranks: readonly number[]) => string = (ranks) => ranks.join(", "),
): string | undefined {
  const communicators = new Map<number, { seen: Seen[]; failed: boolean }>();
  for (const [rank, all] of joined) {
    for (const { context, failed, count, last } of all) {
      const known = communicators.get(context) ?? { seen: [], failed: false };
      known.failed ||= failed;
      known.seen.push({ rank, count, last });
      communicators.set(context, known);
    }
  }
  const sentences = [...communicators].flatMap(([context, { seen, failed }]) => {
    if (failed) return [];
    // A rank that tells nothing of a communicator has closed it; the world is open to the end.
    const silent = context > 0 ? [] : ranksBut(size, seen);
    const sentence = sentenceOf(
      listed,
      [...seen, ...silent].sort((a, b) => a.rank - b.rank),
    );
    return sentence === undefined ? [] : [sentence];
  });
  if (sentences.length === 0) return undefined;
  const more = sentences.length > most ? [`and ${sentences.length - most} communicators more`] : [];
  return [...sentences.slice(0, most), ...more].join("\n  ");
}

/** The other ranks of the world: they have called nothing. */
function ranksBut(size: number, seen: readonly Seen[]): Seen[] {
  const told = new Set(seen.map(({ rank }) => rank));
  return Array.from({ length: size }, (_, rank) => ({ rank, count: 0, last: [] })).filter(
    ({ rank }) => !told.has(rank),
  );
}

function sentenceOf(listed: (ranks: readonly number[]) => string, seen: readonly Seen[]): string | undefined {
  const ranks = (some: readonly Seen[]): string =>
    `${some.length === 1 ? "rank" : "ranks"} ${listed(some.map(({ rank }) => rank))}`;
  const least = Math.min(...seen.map(({ count }) => count));
  const ahead = seen.filter(({ count }) => count > least);
  if (ahead.length === 0) return undefined;
  const behind = seen.filter(({ count }) => count === least);
  // Of those who called it, one that knows where.
  const calls = ahead.flatMap(({ last }) => last.filter(({ number }) => number === least));
  const missed = calls.find(({ site }) => site !== undefined) ?? calls[0];
  const what = missed === undefined ? "a collective" : named(missed);
  const lasts = behind.flatMap(({ last }) => last.slice(-1));
  const end = lasts.find(({ site }) => site !== undefined) ?? lasts[0];
  const there = end === undefined ? "none before" : `their last one is ${named(end)}`;
  return `${what} was called by ${ranks(ahead)} and never by ${ranks(behind)} (${there}): a collective is called by all ranks`;
}

/** `map() #0 at main.ts:7`. */
function named({ call, number, site }: Joined["last"][number]): string {
  return `${call} #${number}${site === undefined ? "" : ` at ${site}`}`;
}
