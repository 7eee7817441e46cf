/** The collectives of one communicator that a rank has called. All its ranks must have called the same number. */
export interface Joined {
  /** The communicator's number; 0 for the world. */
  context: number;
  /** Whether one has failed here and was caught. The program knows of it, and its ranks may then differ. */
  failed: boolean;
  /** How many were called, and the last few of them. */
  count: number;
  last: { number: number; call: string; site?: string }[];
}

/** The same, as reported by one rank. */
interface Seen {
  readonly rank: number;
  readonly count: number;
  readonly last: Joined["last"];
}

/** How many communicators are reported. */
const most = 3;

/**
 * The error about collectives that some ranks never called, when all ranks have ended with exit code 0; undefined if
 * there are none. No call waited for the missing ranks (the root of a broadcast does not wait, nor does rank 0 in a
 * map), so no other error reports it.
 *
 * ```text
 * map() #0 at main.ts:7 was called by rank 0 and never by ranks 1-2: a collective is called by all ranks
 * ```
 * @param listed formats a list of ranks
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
    // A rank that does not report a communicator has closed it. The world stays open to the end.
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

/** The other ranks of the world, which have called nothing. */
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
  // Preferably the call of a rank that knows its source position.
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
