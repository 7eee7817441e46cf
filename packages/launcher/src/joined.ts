import type { Joined } from "@tsmpi/core/bootstrap";
import { spans } from "./map.ts";

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
 */
export function describeUnjoined(joined: ReadonlyMap<number, readonly Joined[]>, size: number): string | undefined {
  const communicators = new Map<number, { members: readonly number[]; seen: Seen[]; failed: boolean }>();
  for (const [rank, all] of joined) {
    for (const { context, members, failed, count, last } of all) {
      const known = communicators.get(context) ?? { members, seen: [], failed: false };
      known.failed ||= failed;
      known.seen.push({ rank, count, last });
      communicators.set(context, known);
    }
  }
  const sentences = [...communicators].flatMap(([context, { members, seen, failed }]) => {
    if (failed) return [];
    const all = context === 0 ? Array.from({ length: size }, (_, rank) => rank) : members;
    const sentence = sentenceOf(
      all.map((rank) => seen.find((each) => each.rank === rank) ?? { rank, count: 0, last: [] }),
    );
    return sentence === undefined ? [] : [sentence];
  });
  if (sentences.length === 0) return undefined;
  const more = sentences.length > most ? [`and ${sentences.length - most} communicators more`] : [];
  return [...sentences.slice(0, most), ...more].join("\n  ");
}

function sentenceOf(seen: readonly Seen[]): string | undefined {
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

function ranks(seen: readonly Seen[]): string {
  return `${seen.length === 1 ? "rank" : "ranks"} ${spans(seen.map(({ rank }) => rank)).replaceAll(" ", ", ")}`;
}
