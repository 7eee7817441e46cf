import { type Analysis, hostIndices } from "./analysis.ts";
import { type Candidate, matters } from "./candidates.ts";
import { crowdedHosts } from "./crowding.ts";
import { isCollective, isMessage, kindOf, type OperationKind } from "./operations.ts";
import { betterPlacement, crossing, inBlocks, inTurn, mostPlaced, volumeOf } from "./placement.ts";
import { sum } from "./rank-times.ts";
import { greatest, totals } from "./totals.ts";
import { siteOf } from "./wait-places.ts";
import { atSite, bytesOf, grouped, percent, ranksNamed } from "./words.ts";

/** A message of at most so many bytes costs nearly the same as an empty one. */
const smallBytes = 1024;
/** To copy so much takes time on any host. */
const largeBytes = 65_536;
/** Fewer calls than this are not "many". */
const manyCalls = 1000;
/** From here on, time within calls that waits for no rank is worth a word. */
const leastTransfer = 0.1;

/** The calls of one operation at one line on one rank, without their waiting. */
interface Cost {
  rank: number;
  operation: string;
  kind: OperationKind;
  site: string;
  calls: number;
  bytes: number;
  ms: number;
}

/** What calls cost beyond waiting: many small messages, ranks on the wrong hosts, much data. */
export function callAdvice(analysis: Analysis): Candidate[] {
  const costs = costsOf(analysis);
  const small = smallMessages(analysis, costs);
  const misplaced = misplacement(analysis, costs);
  const explained = small !== undefined || misplaced !== undefined;
  const transfer = transferAdvice(analysis, explained ? costs.filter(({ kind }) => !isMessage(kind)) : costs);
  return [small, misplaced, transfer].filter((each) => each !== undefined);
}

function costsOf({ recording: { ranks }, waits, times, lines }: Analysis): Cost[] {
  return ranks.flatMap(({ rank, sums }) =>
    sums.flatMap(({ operation, calls, bytes, ms }, row): Cost[] => {
      const kind = kindOf(operation);
      const { byRow, openByRow, unknown } = waits.sums[rank]!;
      if (unknown[row] === 1 || (!isMessage(kind) && !isCollective(kind))) return [];
      const waiting = byRow[row]! - openByRow[row]!;
      const left = Math.max(0, ms - Math.max(0, waiting)) * times[rank]!.overlap;
      return [{ rank, operation, kind, site: lines[rank]![row]!, calls, bytes, ms: left }];
    }),
  );
}

function smallMessages(analysis: Analysis, costs: readonly Cost[]): Candidate | undefined {
  const small = costs.filter(({ kind, bytes, calls }) => isMessage(kind) && bytes <= smallBytes * calls);
  const sends = small.filter(({ kind, operation }) => kind === "send" || operation === "sendrecv");
  const [place, calls] = greatest(totals(sends, placeOf, (each) => each.calls)) ?? ["", 0];
  const own = sends.filter((each) => placeOf(each) === place);
  const share =
    calls /
    Math.max(
      1,
      sum(sends, (each) => each.calls),
    );
  const received = sum(small, ({ kind, operation, ms }) => (kind === "receive" && operation !== "sendrecv" ? ms : 0));
  const costMs = sum(own, ({ ms }) => ms) + received * share;
  if (calls < manyCalls || !matters(analysis, costMs)) return undefined;
  const { site } = own[0]!;
  const byRank = totals(
    own,
    ({ rank }) => rank,
    (each) => each.calls,
  );
  const most = Math.max(...byRank.values());
  const ranks = [...byRank].filter(([, each]) => each >= most / 5).map(([rank]) => rank);
  const size = Math.round(sum(own, ({ bytes }) => bytes) / calls);
  const from = site === "" ? "" : ` from ${site}`;
  const cost = percent(costMs / analysis.rankTimeMs);
  const text = `${grouped(calls)} messages of ${size === 0 ? "no bytes" : bytesOf(size)}${from} take ${cost} of all ranks' time: send several together.`;
  const named = ranks.length <= analysis.times.length / 2 ? ranks : [];
  return { costMs, advice: { kind: "small-messages", text, ranks: named, ...siteOf(site) } };
}

function misplacement(analysis: Analysis, costs: readonly Cost[]): Candidate | undefined {
  const { recording } = analysis;
  const hosts = hostIndices(recording);
  if (recording.about.hosts.length < 2 || hosts.length > mostPlaced || hosts.includes(-1)) return undefined;
  const volume = volumeOf(recording);
  const all = sum(volume, (row) => row.reduce((a, b) => a + b, 0)) / 2;
  const now = crossing(volume, hosts);
  const costMs = sum(costs, ({ ms }) => ms) * (now / Math.max(1, all));
  if (now < all / 2 || now === 0 || !matters(analysis, costMs)) return undefined;
  const better = betterPlacement(volume, hosts);
  const then = crossing(volume, better);
  if (then > (now * 2) / 3) return undefined;
  const names = recording.about.hosts.map(({ name }) => name);
  const between = names.length === 2 ? `between ${names[0]} and ${names[1]}` : "between hosts";
  const text = `${percent(now / all)} of the bytes cross ${between}; with ${placedAs(hosts, better, names)} it would be ${percent(then / all)}.`;
  const moved = hosts.flatMap((host, rank) => (host === better[rank] ? [] : [rank]));
  return { costMs, advice: { kind: "placement", text, ranks: moved } };
}

/** "--map-by slot", "ranks 1 and 2 swapped", "ranks 0, 2 on n1 and ranks 1, 3 on n2 (--rankfile)". */
function placedAs(hosts: readonly number[], better: readonly number[], names: readonly string[]): string {
  const same = (other: readonly number[]) => other.every((host, rank) => host === better[rank]);
  if (same(inBlocks(hosts))) return "--map-by slot";
  if (same(inTurn(hosts))) return "--map-by host";
  const moved = hosts.flatMap((host, rank) => (host === better[rank] ? [] : [rank]));
  const sides = [...new Set(moved.map((rank) => hosts[rank]!))].map((host) =>
    moved.filter((rank) => hosts[rank] === host),
  );
  if (sides.length === 2) return `${ranksNamed(sides[0]!)} swapped with ${ranksNamed(sides[1]!)} (--rankfile)`;
  const used = [...new Set(better)].slice(0, 4);
  const seats = used.map(
    (host) => `${ranksNamed(better.flatMap((each, rank) => (each === host ? [rank] : [])))} on ${names[host]}`,
  );
  return `${seats.join(", ")}${new Set(better).size > used.length ? " and so on" : ""} (--rankfile)`;
}

function transferAdvice(analysis: Analysis, costs: readonly Cost[]): Candidate | undefined {
  const [place, costMs] = greatest(totals(costs, placeOf, (each) => each.ms)) ?? ["", 0];
  if (costMs < leastTransfer * analysis.rankTimeMs || !matters(analysis, costMs)) return undefined;
  const own = costs.filter((each) => placeOf(each) === place);
  const calls = sum(own, (each) => each.calls);
  const size = sum(own, ({ bytes }) => bytes) / Math.max(1, calls);
  // A few calls with little data take long only where something else is in the way: another job, or too few CPUs.
  const many = calls >= manyCalls && crowdedHosts(analysis).length === 0;
  if (size < largeBytes && !many) return undefined;
  const { operation, site } = own[0]!;
  const hint = size <= smallBytes ? "; fewer calls with more data would take less" : "";
  const text = `${operation}${atSite(site)} takes ${percent(costMs / analysis.rankTimeMs)} of all ranks' time beyond waiting: ${grouped(calls)} calls of ${bytesOf(Math.round(size))}${hint}.`;
  return { costMs, advice: { kind: "transfer", text, ranks: [], ...siteOf(site) } };
}

function placeOf({ operation, site }: Cost): string {
  return `${operation} ${site}`;
}
