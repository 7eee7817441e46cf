import { count } from "../reports/table.ts";
import { sum } from "./rank-times.ts";
import { nothingRecorded } from "./remarks.ts";
import type { CallRow, ReportData } from "./report-data.ts";
import { atSite, bytesOf, duration, grouped, percent, ranksNamed } from "./words.ts";

/** Longer lines are broken between words, for terminals of the usual width. */
const lineLength = 100;

/** A run in about ten lines for a terminal: names of the same width, then what there is to say. */
export function summaryOf(data: ReportData): string[] {
  const said = (data.remarks.includes(nothingRecorded) ? emptyRows(data) : rowsOf(data)).filter(
    (row): row is readonly [string, string] => row[1] !== undefined,
  );
  const width = Math.max(...said.map(([name]) => name.length)) + 2;
  return said.flatMap(([name, text]) => {
    return broken(text, lineLength - width).map((line, i) => `${(i === 0 ? name : "").padEnd(width)}${line}`);
  });
}

type Row = readonly [string, string | undefined];

/** Of a program that never called `init()`. */
function emptyRows(data: ReportData): Row[] {
  return [
    ["run", runOf(data)],
    ["remark", nothingRecorded],
    ["advice", data.advice[0]?.text],
  ];
}

function rowsOf(data: ReportData): Row[] {
  const [whole] = data.efficiency;
  return [
    ["run", runOf(data)],
    ["efficiency", whole === undefined || data.balance.length === 0 ? undefined : efficiencyOf(whole)],
    ["balance", balanceOf(data)],
    ["waiting", waitingOf(data)],
    ["messages", messagesOf(data)],
    ["longest call", longestOf(data)],
    ["map", mapOf(data)],
    ["memory", memoryOf(data)],
    ["advice", data.advice[0]?.text],
  ];
}

function runOf({ ranks, about, ending }: ReportData): string {
  const hosts = about.hosts.length === 1 ? `on ${about.hosts[0]!.name}` : `on ${count(about.hosts.length, "host")}`;
  const end = ending.exitCode === 0 ? "" : `, exit code ${ending.exitCode}`;
  return `${duration(ending.ms)}, ${count(ranks.length, "rank")} ${hosts}${end}`;
}

function efficiencyOf({ parallel, loadBalance, communication }: ReportData["efficiency"][number]): string {
  return `${percent(parallel)} = load balance ${percent(loadBalance)} x communication ${percent(communication)}`;
}

function balanceOf({ balance }: ReportData): string | undefined {
  if (balance.length < 2) return undefined;
  const ordered = balance
    .map(({ computingMs, rank }) => ({ computingMs, rank }))
    .sort((a, b) => a.computingMs - b.computingMs);
  const [least, most] = [ordered[0]!, ordered.at(-1)!];
  const median = medianOf(ordered.map(({ computingMs }) => computingMs));
  return `computing ${duration(least.computingMs)} (rank ${least.rank}), median ${duration(median)}, most ${duration(most.computingMs)} (rank ${most.rank})`;
}

/** Of numbers in ascending order; of an even number of them the mean of the middle two. */
function medianOf(ordered: readonly number[]): number {
  const half = ordered.length >> 1;
  return ordered.length % 2 === 1 ? ordered[half]! : (ordered[half - 1]! + ordered[half]!) / 2;
}

function waitingOf({ balance, waitedFor }: ReportData): string | undefined {
  const waiting = sum(balance, ({ waitingMs }) => waitingMs);
  if (balance.length < 2) return undefined;
  const life = sum(balance, (row) => row.computingMs + row.waitingMs + row.transferMs);
  const [worst] = waitedFor;
  const pair = worst === undefined ? "" : `; most: rank ${worst[0]} for rank ${worst[1]}, ${duration(worst[2])}`;
  return `${duration(waiting)}, ${percent(life > 0 ? waiting / life : 0)} of all ranks' time${pair}`;
}

function messagesOf({ traffic }: ReportData): string | undefined {
  const own = sum(traffic, (row) => row[2]);
  const inner = sum(traffic, (row) => row[4]);
  if (own + inner === 0) return undefined;
  const within =
    inner === 0 ? "" : `; within collectives and maps ${grouped(inner)}, ${bytesOf(sum(traffic, (row) => row[5]))}`;
  return `${grouped(own)}, ${bytesOf(sum(traffic, (row) => row[3]))} in sum${within}`;
}

function longestOf({ calls, operations, sites }: ReportData): string | undefined {
  const others = calls.filter(({ operation }) => operations[operation] !== "task");
  const longest = others.reduce<CallRow | undefined>((a, b) => (a === undefined || b.ms > a.ms ? b : a), undefined);
  if (longest === undefined) return undefined;
  const { operation, site, ms, waitingMs } = longest;
  const waiting = ms > 0 ? `, ${percent(waitingMs / ms)} of it waiting` : "";
  return `${operations[operation]}${atSite(sites[site] ?? "")}: ${grouped(longest.calls)} calls, ${duration(ms)} in sum${waiting}`;
}

function mapOf({ maps, operations, sites }: ReportData): string | undefined {
  const [map] = [...maps].sort((a, b) => b.endedAt - b.beganAt - (a.endedAt - a.beganAt));
  if (map === undefined || map.tasks === 0) return undefined;
  const [longest] = map.longest;
  const mean = sum(map.perRank, ([, , ms]) => ms) / Math.max(1, map.tasks);
  const task =
    longest === undefined
      ? ""
      : `; mean ${duration(mean)}, longest ${duration(longest[3])} (input ${longest[0]}, rank ${longest[1]})`;
  return `${operations[map.operation]}${atSite(sites[map.site] ?? "")}: ${grouped(map.tasks)} tasks on ${ranksNamed(map.perRank.map(([rank]) => rank))}${task}`;
}

function memoryOf({ resources }: ReportData): string | undefined {
  const peaks = resources.map(({ rank, rss }) => ({ rank, peak: rss.reduce((a, b) => Math.max(a, b), 0) }));
  const [most] = peaks.sort((a, b) => b.peak - a.peak);
  if (most === undefined) return undefined;
  const gc = sum(resources, ({ gcMs }) => gcMs);
  const collected = gc > 0 ? `; garbage collection ${duration(gc)} in sum` : "";
  return `at most ${bytesOf(most.peak * 2 ** 20)} (rank ${most.rank})${collected}`;
}

/** The text in lines of at most so many characters, if its words are no longer. */
function broken(text: string, length: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const line = lines.at(-1);
    if (line !== undefined && line.length + 1 + word.length <= length) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines;
}
