import type { RankRecording } from "../recording/recording.ts";
import { greatest } from "./totals.ts";

/** Among the calls with a known line, so many must have the same one for it to be taken for the others. */
export const certain = 1;
export const likely = 0.6;

/**
 * The line of each row of `sums`, by rank. Ranks find the line of long calls and of a sample of short ones, so most short calls
 * are in rows without a line. Such a row gets the line of the known calls of its operation and phase, if `share` of them have
 * the same one: on the same rank, else on all ranks.
 */
export function linesOf(ranks: readonly RankRecording[], share: number): string[][] {
  const all = new KnownLines();
  const own = ranks.map((rank) => {
    const lines = new KnownLines();
    for (const row of rank.sums.keys()) {
      lines.note(rank, row);
      all.note(rank, row);
    }
    return lines;
  });
  return ranks.map((rank, i) =>
    rank.sums.map(({ site }, row) => {
      if (site !== 0) return rank.sites[site] ?? "";
      return own[i]!.usual(rank, row, share) ?? all.usual(rank, row, share) ?? "";
    }),
  );
}

class KnownLines {
  /** Calls by line, by operation and phase. */
  readonly #calls = new Map<string, Map<string, number>>();

  note(rank: RankRecording, row: number): void {
    const { site, calls } = rank.sums[row]!;
    const line = rank.sites[site] ?? "";
    if (line === "" || calls === 0) return;
    const lines = this.#calls.get(idOf(rank, row)) ?? new Map<string, number>();
    this.#calls.set(idOf(rank, row), lines);
    lines.set(line, (lines.get(line) ?? 0) + calls);
  }

  /** The line of most calls; undefined if calls are not known, "" if no line has a share as large as that. */
  usual(rank: RankRecording, row: number, share: number): string | undefined {
    const lines = this.#calls.get(idOf(rank, row));
    const most = lines && greatest(lines);
    if (lines === undefined || most === undefined) return undefined;
    const all = [...lines.values()].reduce((a, b) => a + b, 0);
    return most[1] >= share * all ? most[0] : "";
  }
}

function idOf({ sums, phases }: RankRecording, row: number): string {
  const { operation, phase } = sums[row]!;
  return `${operation}\n${phases[phase]?.name ?? ""}`;
}
