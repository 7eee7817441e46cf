import {
  type BalanceRow,
  type CallRow,
  type Efficiency,
  type ReportData,
  segmentFields,
  type TrafficRow,
} from "../../packages/launcher/src/performance/report-data.ts";
import type { Random } from "../support/random.ts";

/** A call of a rank. */
interface Call {
  operation: number;
  site: number;
  phase: number;
  began: number;
  ms: number;
  peer: number;
  bytes: number;
  waited: number;
  waitedFor: number;
  tag: number;
}

/** What a call is, without its times. */
export interface Made {
  operation: string;
  site: string;
  bytes?: number;
  tag?: number;
}

const binsOfRun = 256;
const messages = new Set(["send", "recv", "sendrecv"]);

/**
 * A run of a program that computes and communicates, with a clock for each rank: waiting follows from who comes late. Makes
 * the data of a report whose parts agree with each other.
 */
export class SimulatedRun {
  readonly #hosts: string[];
  readonly #clocks: number[];
  readonly #taskMs: number[];
  readonly #calls: Call[][];
  readonly #operations = new Names();
  readonly #sites = new Names([""]);
  readonly #phases = new Names([""]);
  readonly #phaseTimes: [number, number, number, number][] = [];
  readonly #arrows: number[] = [];
  readonly #traffic = new Map<string, TrafficRow>();
  readonly #random: Random;
  #phase = 0;

  constructor(ranks: number, hosts: readonly string[], random: Random) {
    const perHost = Math.ceil(ranks / hosts.length);
    this.#hosts = Array.from({ length: ranks }, (_, rank) => hosts[Math.floor(rank / perHost)]!);
    this.#clocks = Array.from({ length: ranks }, () => 2 + random.fraction() * 4);
    this.#taskMs = new Array(ranks).fill(0);
    this.#calls = Array.from({ length: ranks }, () => []);
    this.#random = random;
  }

  get size(): number {
    return this.#clocks.length;
  }

  clock(rank: number): number {
    return this.#clocks[rank]!;
  }

  compute(rank: number, ms: number): void {
    this.#clocks[rank]! += ms * (0.97 + 0.06 * this.#random.fraction());
  }

  /** All ranks are in a phase while `body` runs. */
  phase(name: string, body: () => void): void {
    const outer = this.#phase;
    this.#phase = this.#phases.index(name);
    const began = [...this.#clocks];
    body();
    for (const [rank, from] of began.entries()) {
      this.#phaseTimes.push([rank, from, this.#clocks[rank]! - from, this.#phase]);
    }
    this.#phase = outer;
  }

  /** All sources send, then all targets receive. */
  messages(pairs: readonly [source: number, target: number][], send: Made, receive: Made): void {
    const bytes = send.bytes ?? 1024;
    const costs = pairs.map(([from, to]) => 0.04 + bytes / 2e6 + (this.#hosts[from] === this.#hosts[to] ? 0 : 0.3));
    const times = pairs.map(([source, target], at) => {
      const sent = this.#clocks[source]!;
      this.#add(source, send, costs[at]! / 2, 0, -1, target);
      return sent;
    });
    for (const [at, [source, target]] of pairs.entries()) {
      const sent = times[at]!;
      const cost = costs[at]! / 2;
      const waited = Math.max(0, sent - this.#clocks[target]!);
      const ms = Math.max(0, sent + cost - this.#clocks[target]!) + cost;
      this.#add(target, receive, ms, waited, waited > 0 ? source : -1, source);
      this.#arrows.push(source, target, sent, this.#clocks[target]!, bytes, send.tag ?? 0);
      this.#sent(source, target, bytes, 2);
    }
  }

  /** A collective of all ranks, which ends when the last has come. */
  collective(made: Made, root = -1): void {
    const last = this.#clocks.indexOf(Math.max(...this.#clocks));
    const arrived = this.#clocks[last]!;
    const cost = 0.1 + (made.bytes ?? 8) / 4e6;
    for (let rank = 0; rank < this.size; rank++) {
      const waited = arrived - this.#clocks[rank]!;
      this.#add(rank, made, waited + cost, waited, waited > 0 ? last : -1, root);
      if (rank > 0 && this.#hosts[rank] !== this.#hosts[rank - 1]) this.#sent(rank - 1, rank, made.bytes ?? 8, 4);
    }
  }

  /** A task of a map: computing, and an entry of its own. */
  task(rank: number, made: Made, ms: number, input: number): void {
    this.#taskMs[rank]! += ms;
    this.#add(rank, made, ms, 0, -1, -1, input);
  }

  /** A call around calls that are there already. After the last of them it waits until it ends. */
  around(rank: number, made: Made, began: number, ended: number): void {
    const call = this.#callOf(made, began, ended - began, ended - this.#clocks[rank]!, -1, -1);
    this.#clocks[rank] = ended;
    this.#calls[rank]!.push(call);
    this.#calls[rank]!.sort((a, b) => a.began - b.began || b.ms - a.ms);
  }

  /** A call that never ended. */
  stuck(rank: number, made: Made, waitedFor: number): void {
    this.#calls[rank]!.push(this.#callOf(made, this.#clocks[rank]!, -1, 0, waitedFor, waitedFor));
  }

  /** The report of it; `ms` is longer than the last call if the run went on. */
  report(command: string, ms: number = Math.max(...this.#clocks) + 1): ReportData {
    const names = [...new Set(this.#hosts)];
    return {
      format: 1,
      about: {
        command,
        directory: "/home/ada/solver",
        tsmpi: "0.1.0",
        node: "v22.12.0",
        startedAt: "2026-03-02T09:41:07.250Z",
        hosts: names.map((name, index) => ({
          name,
          ranks: this.#hosts.flatMap((host, rank) => (host === name ? [rank] : [])),
          cpus: 16,
          clockErrorMs: index === 0 ? 0 : 0.08,
        })),
      },
      ending: { exitCode: 0, ms: rounded(ms), words: [] },
      ranks: this.#hosts.map((host, rank) => ({
        rank,
        host: names.indexOf(host),
        joinedAt: rounded(Math.min(ms, this.#calls[rank]![0]?.began ?? 2, 2)),
        leftAt: rounded(this.#leftAt(rank, ms)),
        complete: true,
      })),
      efficiency: this.#efficiencies(ms),
      advice: [],
      remarks: ["The clocks of the hosts agree to 0.08 ms."],
      operations: this.#operations.all,
      sites: this.#sites.all,
      phases: this.#phases.all,
      timeline: {
        binMs: ms / binsOfRun,
        bins: this.#calls.map((_, rank) => this.#bins(rank, ms)),
        segments: this.#calls.map((calls) => calls.flatMap(segmentOf)),
        arrows: this.#arrows.map(rounded),
        phases: this.#phaseTimes.map(([rank, began, long, phase]) => [rank, rounded(began), rounded(long), phase]),
      },
      calls: this.#sums(ms),
      waitedFor: this.#waitedFor(),
      traffic: [...this.#traffic.values()],
      balance: this.#calls.map((_, rank) => this.#balance(rank, ms)),
      maps: [],
      resources: this.#calls.map((_, rank) => this.#resources(rank, ms)),
      topologies: [],
    };
  }

  operation(name: string): number {
    return this.#operations.index(name);
  }

  site(name: string): number {
    return this.#sites.index(name);
  }

  #add(rank: number, made: Made, ms: number, waited: number, waitedFor: number, peer: number, tag = -1): void {
    this.#calls[rank]!.push(this.#callOf({ tag, ...made }, this.#clocks[rank]!, ms, waited, waitedFor, peer));
    this.#clocks[rank]! += ms;
  }

  #callOf(made: Made, began: number, ms: number, waited: number, waitedFor: number, peer: number): Call {
    const operation = this.#operations.index(made.operation);
    const site = this.#sites.index(made.site);
    const { bytes = 0, tag = -1 } = made;
    return { operation, site, phase: this.#phase, began, ms, peer, bytes, waited, waitedFor, tag };
  }

  #sent(from: number, to: number, bytes: number, field: 2 | 4): void {
    const row = this.#traffic.get(`${from},${to}`) ?? [from, to, 0, 0, 0, 0];
    row[field] += 1;
    row[field + 1] = row[field + 1]! + bytes;
    this.#traffic.set(`${from},${to}`, row);
  }

  #bins(rank: number, ms: number): number[] {
    const width = ms / binsOfRun;
    const sums = new Array<number>(binsOfRun * 4).fill(0);
    for (const call of this.#calls[rank]!) {
      const name = this.#operations.all[call.operation]!;
      if (name === "map") continue;
      const field = name === "task" ? 3 : messages.has(name) ? 0 : 1;
      const ended = call.ms < 0 ? ms : call.began + call.ms;
      for (let bin = Math.floor(call.began / width); bin < binsOfRun && bin * width < ended; bin++) {
        const part = Math.min(ended, (bin + 1) * width) - Math.max(call.began, bin * width);
        sums[bin * 4 + field]! += (100 * part) / width;
      }
    }
    return sums.map(Math.round);
  }

  /** A rank that is stuck is there until the end; others leave after their last call. */
  #leftAt(rank: number, ms: number): number {
    const isStuck = this.#calls[rank]!.some((call) => call.ms < 0);
    return isStuck ? ms : Math.min(ms, this.#clocks[rank]! + 1);
  }

  #balance(rank: number, ms: number): BalanceRow {
    const own = this.#calls[rank]!.filter(
      ({ operation }) => !["task", "map"].includes(this.#operations.all[operation]!),
    );
    const waitingMs = own.reduce((sum, call) => sum + (call.ms < 0 ? ms - call.began : call.waited), 0);
    const idle = this.#calls[rank]!.filter(({ operation }) => this.#operations.all[operation] === "map");
    const idleMs = idle.reduce((sum, { waited }) => sum + waited, 0);
    const transferMs = own.reduce((sum, call) => sum + Math.max(0, call.ms - call.waited), 0);
    const computingMs = Math.max(0, this.#leftAt(rank, ms) - waitingMs - idleMs - transferMs);
    const all = { computingMs, taskMs: this.#taskMs[rank]!, waitingMs: waitingMs + idleMs, transferMs };
    return {
      rank,
      ...(Object.fromEntries(Object.entries(all).map(([name, each]) => [name, rounded(each)])) as typeof all),
    };
  }

  #efficiencies(ms: number): Efficiency[] {
    const rows = this.#calls.map((_, rank) => this.#balance(rank, ms));
    const whole = efficiencyOf("", ms, rows);
    const phases = this.#phases.all.slice(1).map((phase, at) => {
      const times = this.#phaseTimes.filter((each) => each[3] === at + 1);
      const long = times.reduce((sum, [, , each]) => sum + each, 0) / this.size;
      const within = rows.map((row) => {
        const calls = this.#calls[row.rank]!.filter((call) => call.phase === at + 1);
        const waitingMs = calls.reduce((sum, { waited }) => sum + waited, 0);
        const transferMs = calls.reduce((sum, call) => sum + Math.max(0, call.ms - call.waited), 0);
        return { ...row, waitingMs, transferMs, computingMs: Math.max(0, long - waitingMs - transferMs) };
      });
      return efficiencyOf(phase, long, within);
    });
    return [whole, ...phases];
  }

  #sums(end: number): CallRow[] {
    const groups = new Map<string, { row: CallRow; perRank: Map<number, number> }>();
    for (const [rank, calls] of this.#calls.entries()) {
      for (const call of calls) {
        const key = `${call.operation},${call.site},${call.phase}`;
        const ms = call.ms < 0 ? end - call.began : call.ms;
        const { operation, site, phase } = call;
        const zero = { calls: 0, ms: 0, waitingMs: 0, bytes: 0, longestMs: 0, worstRank: 0, worstMs: 0, meanMs: 0 };
        const { row, perRank } = groups.get(key) ?? { row: { operation, site, phase, ...zero }, perRank: new Map() };
        groups.set(key, { row, perRank });
        row.calls++;
        row.ms = rounded(row.ms + ms);
        row.waitingMs = rounded(row.waitingMs + (call.ms < 0 ? ms : call.waited));
        row.bytes += call.bytes;
        row.longestMs = rounded(Math.max(row.longestMs, ms));
        perRank.set(rank, (perRank.get(rank) ?? 0) + ms);
      }
    }
    return [...groups.values()].map(({ row, perRank }) => {
      const [worstRank, worstMs] = [...perRank].reduce((most, each) => (each[1] > most[1] ? each : most));
      return { ...row, worstRank, worstMs: rounded(worstMs), meanMs: rounded(row.ms / perRank.size) };
    });
  }

  #waitedFor(): [number, number, number][] {
    const sums = new Map<string, [number, number, number]>();
    for (const [rank, calls] of this.#calls.entries()) {
      for (const { waitedFor, waited } of calls) {
        if (waitedFor < 0 || waited <= 0) continue;
        const row = sums.get(`${rank},${waitedFor}`) ?? [rank, waitedFor, 0];
        row[2] = rounded(row[2] + waited);
        sums.set(`${rank},${waitedFor}`, row);
      }
    }
    return [...sums.values()];
  }

  #resources(rank: number, ms: number): ReportData["resources"][number] {
    const at = Array.from({ length: 60 }, (_, i) => rounded(((i + 1) * ms) / 61));
    const grows = 20 + this.#random.fraction() * 60;
    const rss = at.map((_, i) => Math.round(70 + rank * 2 + (grows * i) / 60 + 6 * this.#random.fraction()));
    const heap = at.map((_, i) => Math.round(12 + ((i * (3 + (rank % 3))) % 26) + 2 * this.#random.fraction()));
    const cpu = at.map(() => rounded(0.85 + 0.25 * this.#random.fraction()));
    const stall = at.map(() => rounded(this.#random.fraction() ** 6 * 40));
    return {
      rank,
      at,
      rss,
      heap,
      cpu,
      stall,
      gcCount: 12 + (rank % 5),
      gcMs: rounded(8 + 9 * this.#random.fraction()),
    };
  }
}

/** Numbers the names that are asked for, in their order. */
class Names {
  readonly all: string[];

  constructor(all: string[] = []) {
    this.all = all;
  }

  index(name: string): number {
    const known = this.all.indexOf(name);
    return known >= 0 ? known : this.all.push(name) - 1;
  }
}

function segmentOf(call: Call): number[] {
  const { began, ms, operation, site, peer, bytes, waited, waitedFor, tag } = call;
  const fields = [
    rounded(began),
    ms < 0 ? -1 : rounded(ms),
    operation,
    site,
    peer,
    bytes,
    rounded(waited),
    waitedFor,
    tag,
  ];
  if (fields.length !== segmentFields) throw new Error(`a segment has ${segmentFields} fields`);
  return fields;
}

function efficiencyOf(phase: string, ms: number, rows: readonly BalanceRow[]): Efficiency {
  const longest = Math.max(...rows.map(({ computingMs }) => computingMs));
  const mean = rows.reduce((sum, { computingMs }) => sum + computingMs, 0) / rows.length;
  const ideal = Math.min(ms, Math.max(...rows.map((row) => row.computingMs + row.waitingMs)));
  const [loadBalance, communication] = [mean / longest, longest / ms];
  const figures = { ms, parallel: mean / ms, loadBalance, communication };
  const rest = { serialization: longest / ideal, transfer: ideal / ms };
  return { phase, ...(mapValues({ ...figures, ...rest }, rounded) as Omit<Efficiency, "phase">) };
}

function mapValues(values: Record<string, number>, change: (value: number) => number): Record<string, number> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, change(value)]));
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}
