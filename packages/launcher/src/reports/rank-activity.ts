import type { Unreceived, Wait, Whereabouts } from "@tsmpi/core/bootstrap";
import { columns, count, spans } from "./table.ts";

/** What a rank does: its own answer, or words for a rank that has not answered. */
export interface Doing {
  rank: number;
  host: string;
  where: Whereabouts | string;
}

/** Longest table. Beyond it, calls that differ only in their arguments share a line. */
const mostLines = 24;
/** Most groups of ranks in a sentence. */
const mostParties = 4;
const longestCircle = 8;

/**
 * A table of what the ranks do. Ranks that do the same share a line:
 * ```text
 *   ranks  hosts  call                          waits for  for   at
 *   0      n1     recv({ source: 1, tag: 7 })   rank 1     31 s  solver.ts:88
 *   1-255  n1-n8  allreduce() #17               others     31 s  io.ts:12
 * ```
 */
export function table(doings: readonly Doing[]): string {
  const rows = doings.flatMap(rowsOf);
  let groups = grouped(rows, sameCall);
  if (groups.length > mostLines) groups = grouped(rows, sameOperation);
  const lines = groups.slice(0, mostLines).map((group) => {
    const [first] = group as [Row];
    const others = new Set(group.map(({ call }) => call)).size > 1 ? " and the like" : "";
    const hosts = [...new Set(group.map(({ host }) => host))];
    return [
      listed(group.map(({ rank }) => rank)),
      hosts.length > 2 ? `${hosts[0]} ... ${hosts.at(-1)}` : hosts.join(" "),
      `${first.call}${others}`,
      waitedFor(group),
      duration(Math.max(...group.map(({ ms }) => ms ?? 0))),
      first.site,
    ];
  });
  const left = groups.length - lines.length;
  const text = columns([["ranks", "hosts", "call", "waits for", "for", "at"], ...lines]).replace(/^/gm, "  ");
  return left > 0 ? `${text}\n  and ${left} lines more` : text;
}

/** The table, or a sentence if all ranks do the same. */
export function describeDoings(doings: readonly Doing[], reason?: string): string {
  const parties = grouped(doings.flatMap(rowsOf), sameCall);
  const before = reason === undefined ? "" : `${reason}; `;
  if (parties.length === 1) return `${before}${partyOf(parties[0]!)}`;
  return [`${before}what the ranks do:`, table(doings), ...indented([circle(doings), ...unwanted(doings)])].join("\n");
}

/** The calls that wait while a rank fails, as a line: `meanwhile: ranks 0-1, 3 in allreduce() #17 at solver.ts:88`. */
export function meanwhile(doings: readonly Doing[]): string {
  const rows = doings.flatMap(rowsOf).filter(({ wait }) => wait !== undefined);
  const parties = grouped(rows, sameOperation);
  if (parties.length === 0) return "";
  const left = parties.length - mostParties;
  return `\n  meanwhile: ${parties.slice(0, mostParties).map(partyOf).join("; ")}${left > 0 ? `; and ${left} more` : ""}`;
}

/** `ranks 0-1, 3 in allreduce() #17 at solver.ts:88`. */
function partyOf(group: readonly Row[]): string {
  const [{ call, site, wait }] = group as [Row];
  if (wait === undefined) return `${ranksOf(group)} ${saidOf(group, call)}`;
  const like = new Set(group.map((row) => row.call)).size > 1 ? " and the like" : "";
  return `${ranksOf(group)} in ${call}${like}${site === "" ? "" : ` at ${site}`}`;
}

/** `is in no call of tsmpi`, of several ranks `are in no call of tsmpi`. */
function saidOf(group: readonly Row[], call: string): string {
  return group.length === 1 ? call : call.replace(/^is\b/, "are").replace(/^computes\b/, "compute");
}

/** Remarks: ranks in another call than the others, circles of waiting ranks, messages that were not received. */
export function remarks(doings: readonly Doing[]): string[] {
  return indented([oddOneOut(doings), circle(doings), ...unwanted(doings)]);
}

function indented(texts: readonly (string | undefined)[]): string[] {
  return texts.flatMap((text) => (text === undefined ? [] : [`  ${text}`]));
}

interface Row {
  rank: number;
  host: string;
  call: string;
  wait: Wait | undefined;
  ms: number | undefined;
  site: string;
}

function rowsOf({ rank, host, where }: Doing): Row[] {
  const rest = { rank, host, wait: undefined, ms: undefined, site: "" };
  if (typeof where === "string") return [{ ...rest, call: where }];
  const rows = where.waits.map((wait): Row => {
    const { ms, site = "" } = wait;
    return { rank, host, call: nameOf(wait), wait, ms, site };
  });
  if (where.more > 0) rows.push({ ...rest, call: `and ${where.more} calls more` });
  return rows.length > 0 ? rows : [{ ...rest, call: "is in no call of tsmpi" }];
}

/** `allreduce() #17`: collectives of a communicator have numbers. */
function nameOf({ call, collective }: Wait): string {
  return collective === undefined ? call : `${call} #${collective.number}`;
}

/** The key of rows of one call; {@link sameOperation}: of one operation with any arguments. */
function sameCall({ call, site }: Row): string {
  return `${call}\n${site}`;
}

function sameOperation({ call, site }: Row): string {
  return `${call.replace(/\(.*/, "")}\n${site}`;
}

function grouped<T>(items: readonly T[], keyOf: (item: T) => string): T[][] {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group === undefined) groups.set(keyOf(item), [item]);
    else group.push(item);
  }
  return [...groups.values()];
}

function waitedFor(rows: readonly Row[]): string {
  const waits = rows.flatMap(({ wait }) => (wait === undefined ? [] : [wait]));
  if (waits.length === 0) return "";
  // The algorithm decides which rank comes next; that does not help the user.
  if (waits.every(({ collective }) => collective !== undefined)) return "others";
  if (waits.some(({ ranks }) => ranks === undefined)) return "any rank";
  return ranksNamed([...new Set(waits.flatMap(({ ranks }) => ranks ?? []))].sort((a, b) => a - b));
}

function ranksOf(rows: readonly { rank: number }[]): string {
  return ranksNamed([...new Set(rows.map(({ rank }) => rank))]);
}

/** "rank 3", "ranks 0-2, 5". */
function ranksNamed(ranks: readonly number[]): string {
  return `${ranks.length === 1 ? "rank" : "ranks"} ${listed(ranks)}`;
}

export function listed(ranks: readonly number[]): string {
  return spans(ranks).replaceAll(" ", ", ");
}

function duration(ms: number): string {
  if (ms === 0) return "";
  const seconds = Math.round(ms / 1000);
  if (seconds < 120) return `${ms < 10_000 ? (ms / 1000).toFixed(1) : seconds} s`;
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}

/** `ranks 0, 2-3 are in allreduce() #17 at solver.ts:88; rank 1 is in bcast() #17 at io.ts:12`. */
function oddOneOut(doings: readonly Doing[]): string | undefined {
  const rows = doings.flatMap(rowsOf);
  if (!rows.some(({ wait }) => wait?.collective !== undefined)) return undefined;
  const groups = grouped(rows, sameCall);
  if (groups.length < 2 || groups.length > mostParties) return undefined;
  groups.sort((a, b) => b.length - a.length);
  return groups
    .map((group) => {
      const [{ call, site, wait }] = group as [Row];
      const are = group.length === 1 ? "is" : "are";
      return `${ranksOf(group)} ${wait === undefined ? saidOf(group, call) : `${are} in ${call}${site === "" ? "" : ` at ${site}`}`}`;
    })
    .join("; ");
}

/** `rank 0 waits for rank 1, rank 1 for rank 2, rank 2 for rank 0: a circle`. */
function circle(doings: readonly Doing[]): string | undefined {
  const next = waitsForOne(doings);
  for (const start of next.keys()) {
    const path = pathFrom(start, next);
    if (next.get(path.at(-1)!) !== start) continue;
    if (path.length === 1) return `rank ${start} waits for itself`;
    const steps = path.map((rank, i) => `${i === 0 ? "rank " : ""}${rank} waits for ${next.get(rank)}`);
    const shown = steps.length > longestCircle ? [...steps.slice(0, longestCircle - 1), "...", steps.at(-1)!] : steps;
    return `${shown.join(", ")}: a circle of ${path.length}`;
  }
  return undefined;
}

/** The ranks that wait for one other rank, and that rank. In a collective, the algorithm chooses which rank to wait for. */
function waitsForOne(doings: readonly Doing[]): Map<number, number> {
  const next = new Map<number, number>();
  for (const { rank, where } of doings) {
    if (typeof where === "string") continue;
    const wait = where.waits.find(({ ranks, collective }) => ranks?.length === 1 && collective === undefined);
    const [target] = wait?.ranks ?? [];
    if (target !== undefined) next.set(rank, target);
  }
  return next;
}

/** From a rank along what each rank waits for, up to the first rank that would come a second time. */
function pathFrom(start: number, next: ReadonlyMap<number, number>): number[] {
  const path = [start];
  for (let rank = next.get(start); rank !== undefined && !path.includes(rank); rank = next.get(rank)) path.push(rank);
  return path;
}

function unwanted(doings: readonly Doing[]): string[] {
  const texts = doings.flatMap(({ rank, where }) =>
    typeof where === "string"
      ? []
      : where.unreceived.map(
          (kind) => missedBy(where.waits, kind, rank) ?? `not received by rank ${rank}: ${messages(kind)}`,
        ),
  );
  const left = texts.length - mostParties;
  return left > 0 ? [...texts.slice(0, mostParties), `and ${left} more`] : texts;
}

/**
 * A sentence if a rank waits for a message like one that it has: `rank 1 has 1 message from rank 0 with tag 5, but its
 * recv({ source: 0, tag: 7 }) wants another tag`.
 */
function missedBy(waits: readonly Wait[], kind: Unreceived, rank: number): string | undefined {
  for (const { call } of waits) {
    const [source, tag] = [/source: (\d+)/, /tag: (\d+)/].map((option) => option.exec(call)?.[1]);
    const fromThere = source === undefined || Number(source) === kind.source;
    const withThat = tag === undefined || Number(tag) === kind.tag;
    if (!/recv|probe/.test(call) || fromThere === withThat) continue;
    return `rank ${rank} has ${messages(kind)}, but its ${call} wants another ${withThat ? "source" : "tag"}`;
  }
  return undefined;
}

/** "2 messages from rank 0 with tag 5". */
function messages({ source, tag, count: number }: Unreceived): string {
  return `${count(number, "message")} from rank ${source} with tag ${tag}`;
}
