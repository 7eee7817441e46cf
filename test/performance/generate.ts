import type {
  CallEvents,
  RankRecording,
  RunEnding,
  RunRecording,
  SentTo,
  Topology,
} from "../../packages/launcher/src/recording/recording.ts";

/** Random numbers from 0 to 1, the same for the same seed (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A call in full, before it is put into columns. */
interface SimCall {
  operation: string;
  site: string;
  phase: string;
  began: number;
  ms: number;
  peer: number;
  bytes: number;
  tag: number;
  context: number;
  key: number;
}

interface SimRank {
  time: number;
  left: number | undefined;
  phase: string;
  calls: SimCall[];
  phases: Map<string, { ms: number; inCallsMs: number }>;
  sent: Map<number, SentTo>;
  topologies: Topology[];
  rssBytes: (at: number) => number;
  stallMs: number;
  gcMs: number;
}

/** What the simulation counted while it ran. */
export interface Truth {
  /** By rank: waiting in calls that ended. */
  waiting: number[];
  /** By `waiting rank,rank waited for`. */
  waitedFor: Map<string, number>;
  computing: number[];
  messages: number;
  bytes: number;
}

export interface MessageOptions {
  bytes?: number;
  tag?: number;
  cost?: number;
  /** The send ends when the receive has begun. */
  rendezvous?: boolean;
  from?: string;
  to?: string;
  receive?: string;
}

export interface CollectiveOptions {
  bytes?: number;
  cost?: number;
  context?: number;
  ranks?: number[];
}

/** Ranks that compute and call, each with its own clock. The calls are made in the order in which the program lists them. */
export class Simulation {
  readonly ranks: SimRank[];
  readonly truth: Truth;
  readonly hosts: number[];
  readonly #keys = new Map<string, number>();
  ending: Partial<RunEnding> = {};
  /** Of each host; as many as it has ranks if left out. */
  cpus: number | undefined;

  /** @param hosts the host of each rank; one host for all if left out */
  constructor(size: number, hosts?: number[]) {
    this.hosts = hosts ?? Array.from({ length: size }, () => 0);
    this.ranks = Array.from({ length: size }, () => ({
      time: 0,
      left: undefined,
      phase: "",
      calls: [],
      phases: new Map([["", { ms: 0, inCallsMs: 0 }]]),
      sent: new Map(),
      topologies: [],
      rssBytes: () => 80 * 2 ** 20,
      stallMs: 1,
      gcMs: 0,
    }));
    const zeros = () => Array.from({ length: size }, () => 0);
    this.truth = { waiting: zeros(), waitedFor: new Map(), computing: zeros(), messages: 0, bytes: 0 };
  }

  get all(): number[] {
    return [...this.ranks.keys()];
  }

  compute(rank: number, ms: number): void {
    this.#pass(rank, ms, 0);
    this.truth.computing[rank]! += ms;
  }

  phase(name: string, ranks: number[] = this.all): void {
    for (const rank of ranks) this.ranks[rank]!.phase = name;
  }

  /** A collective in which each rank waits for the last one. */
  together(operation: string, site: string, options: CollectiveOptions = {}): void {
    const { ranks = this.all, bytes = 8, cost = 0.05, context = 0 } = options;
    const key = this.#next(`context ${context}`);
    const began = ranks.map((rank) => this.ranks[rank]!.time);
    const last = Math.max(...began);
    const late = ranks[began.indexOf(last)]!;
    for (const rank of ranks) {
      const waited = last - this.ranks[rank]!.time;
      this.#wait(rank, late, waited);
      this.#call(rank, { operation, site, ms: waited + cost, bytes, context, key });
    }
  }

  /** A collective in which all wait for the root, or the root for the last one. */
  rooted(
    operation: "bcast" | "scatter" | "gather" | "reduce",
    site: string,
    root: number,
    options: CollectiveOptions = {},
  ): void {
    const { ranks = this.all, bytes = 8, cost = 0.05, context = 0 } = options;
    const key = this.#next(`context ${context}`);
    const others = ranks.filter((rank) => rank !== root);
    const rootBegan = this.ranks[root]!.time;
    const last = Math.max(...others.map((rank) => this.ranks[rank]!.time));
    const late = others.find((rank) => this.ranks[rank]!.time === last)!;
    const fromRoot = operation === "bcast" || operation === "scatter";
    for (const rank of ranks) {
      const until = fromRoot && rank !== root ? rootBegan : !fromRoot && rank === root ? last : 0;
      const waited = Math.max(0, until - this.ranks[rank]!.time);
      this.#wait(rank, fromRoot ? root : late, waited);
      this.#call(rank, { operation, site, ms: waited + cost, bytes, context, key, peer: root });
    }
  }

  message(source: number, dest: number, options: MessageOptions = {}): void {
    this.messages([[source, dest]], options);
  }

  /** All sends, then all receives. */
  messages(pairs: (readonly [source: number, dest: number])[], options: MessageOptions = {}): void {
    const { bytes = 1000, tag = 0, cost = 0.02, rendezvous = false, from = "app.ts:1", to = "app.ts:2" } = options;
    const sent = pairs.map(([source, dest]) => {
      const key = this.#next(`message ${source} ${dest}`);
      const began = this.ranks[source]!.time;
      const late = rendezvous ? Math.max(0, this.ranks[dest]!.time - began) : 0;
      this.#wait(source, dest, late);
      this.#call(source, { operation: "send", site: from, ms: late + cost, peer: dest, bytes, tag, key });
      this.#sent(source, dest, bytes);
      return { source, dest, key, began };
    });
    const operation = options.receive ?? "recv";
    for (const { source, dest, key, began } of sent) {
      const waited = Math.max(0, began - this.ranks[dest]!.time);
      this.#wait(dest, source, waited);
      this.#call(dest, { operation, site: to, ms: waited + cost, peer: source, bytes, tag, key });
    }
  }

  /** Each rank calls `sendrecv`: it sends to `dest(rank)` and receives from the rank whose `dest` it is. */
  exchange(
    site: string,
    dest: (rank: number) => number,
    options: { bytes?: number; cost?: (rank: number, source: number) => number } = {},
  ): void {
    const { bytes = 1000, cost = () => 0.05 } = options;
    const began = this.ranks.map(({ time }) => time);
    const sources = this.all.map((rank) => this.all.find((source) => dest(source) === rank)!);
    for (const rank of this.all) {
      const source = sources[rank]!;
      const key = this.#next(`message ${source} ${rank}`);
      this.#sent(source, rank, bytes);
      const waited = Math.max(0, began[source]! - began[rank]!);
      this.#wait(rank, source, waited);
      this.#call(rank, {
        operation: "sendrecv",
        site,
        ms: waited + cost(rank, source),
        peer: source,
        bytes,
        tag: 0,
        key,
      });
    }
  }

  /** Rank 0 hands out tasks of these durations, one at a time, to the other ranks. */
  map(site: string, durations: number[], handoutMs = 0.05): void {
    const key = this.#next("context 0");
    const began = this.ranks.map(({ time }) => time);
    const free = [...began];
    const idle = this.all.map(() => 0);
    const tasks: { rank: number; input: number; began: number; ms: number }[] = [];
    let root = began[0]!;
    for (const [input, ms] of durations.entries()) {
      const rank = this.all.slice(1).reduce((a, b) => (free[b]! < free[a]! ? b : a));
      root = Math.max(root, free[rank]!) + handoutMs;
      idle[rank]! += root - free[rank]!;
      tasks.push({ rank, input, began: root, ms });
      free[rank] = root + ms;
    }
    const workers = this.all.slice(1);
    const lastEnd = Math.max(...workers.map((rank) => free[rank]!));
    const last = workers.find((rank) => free[rank] === lastEnd)!;
    const end = Math.max(root, lastEnd) + 0.05;
    for (const rank of this.all) {
      const { phase, calls } = this.ranks[rank]!;
      const own = tasks.filter((task) => task.rank === rank);
      for (const { input, ms, began: at } of own) {
        calls.push({
          operation: "task",
          site,
          phase,
          began: at,
          ms,
          peer: -1,
          bytes: 0,
          tag: -1,
          context: 0,
          key: input,
        });
      }
      const taskMs = own.reduce((sum, { ms }) => sum + ms, 0);
      this.truth.computing[rank]! += taskMs;
      this.#call(rank, { operation: "map", site, ms: end - began[rank]!, key, peer: 0 }, taskMs);
      if (rank === 0) continue;
      this.#wait(rank, 0, idle[rank]!);
      this.#wait(rank, last, lastEnd - free[rank]!);
    }
  }

  /** The rank's last call, which never ends. */
  stuck(rank: number, operation: string, site: string, peer = -1): void {
    const { time, phase, calls } = this.ranks[rank]!;
    calls.push({
      operation,
      site,
      phase,
      began: time,
      ms: Number.NaN,
      peer,
      bytes: 0,
      tag: 0,
      context: 0,
      key: 2 ** 31,
    });
  }

  /** What the ranks would have recorded. Ranks that did not end earlier end at `end`, the time of the last one if left out. */
  recording(keeps = 1, end: number = Math.max(0, ...this.ranks.map(({ time }) => time))): RunRecording {
    const names = [...new Set(this.hosts)].sort((a, b) => a - b).map((host) => `n${41 + host}`);
    const ending: RunEnding = { exitCode: 0, ms: end, words: [], ...this.ending };
    return {
      format: 1,
      about: {
        command: `tsmpi run -n ${this.ranks.length} app.ts`,
        directory: "/home/user/app",
        tsmpi: "0.1.0",
        node: "v20.20.0",
        startedAt: "2026-01-02T03:04:05.000Z",
        hosts: names.map((name, host) => {
          const ranks = this.all.filter((rank) => this.hosts[rank] === host);
          return { name, ranks, cpus: this.cpus ?? ranks.length, clockErrorMs: host === 0 ? 0 : 0.05 };
        }),
      },
      ranks: this.ranks.map((own, rank) => recordingOf(own, rank, names[this.hosts[rank]!]!, keeps, end)),
      ending,
    };
  }

  #next(counter: string): number {
    const key = this.#keys.get(counter) ?? 0;
    this.#keys.set(counter, key + 1);
    return key;
  }

  #pass(rank: number, ms: number, inCallsMs: number): void {
    const own = this.ranks[rank]!;
    const phase = own.phases.get(own.phase) ?? { ms: 0, inCallsMs: 0 };
    own.phases.set(own.phase, { ms: phase.ms + ms, inCallsMs: phase.inCallsMs + inCallsMs });
    own.time += ms;
  }

  #wait(rank: number, forRank: number, ms: number): void {
    if (ms <= 0) return;
    this.truth.waiting[rank]! += ms;
    const pair = `${rank},${forRank}`;
    this.truth.waitedFor.set(pair, (this.truth.waitedFor.get(pair) ?? 0) + ms);
  }

  #call(rank: number, call: Partial<SimCall> & { operation: string; site: string; ms: number }, taskMs = 0): void {
    const { time, phase, calls } = this.ranks[rank]!;
    calls.push({ phase, began: time, peer: -1, bytes: 0, tag: -1, context: 0, key: 0, ...call });
    this.#pass(rank, call.ms, call.ms - taskMs);
  }

  #sent(source: number, dest: number, bytes: number): void {
    const { sent } = this.ranks[source]!;
    const to = sent.get(dest) ?? { rank: dest, messages: 0, bytes: 0, innerMessages: 0, innerBytes: 0 };
    sent.set(dest, { ...to, messages: to.messages + 1, bytes: to.bytes + bytes });
    this.truth.messages++;
    this.truth.bytes += bytes;
  }
}

const binCount = 200;

function recordingOf(own: SimRank, rank: number, host: string, keeps: number, end: number): RankRecording {
  const leftAt = own.left ?? (own.calls.some(({ ms }) => Number.isNaN(ms)) ? end : own.time);
  const calls = [...own.calls].sort((a, b) => a.began - b.began);
  const open = calls.find(({ ms }) => Number.isNaN(ms));
  const phases = [...own.phases].map(([name, times]) => ({ name, ...times }));
  // What is left of its life is in the call that never ended, or after the last call.
  const rest = leftAt - own.time;
  const outside = phases.find(({ name }) => name === own.phase)!;
  outside.ms += rest;
  if (open !== undefined) outside.inCallsMs += rest;
  const sites = [...new Set(["", ...calls.map(({ site }) => site)])];
  const sums: RankRecording["sums"] = [];
  const rows = new Map<string, number>();
  const rowOf = ({ operation, site, phase, ms, bytes }: SimCall): number => {
    const id = `${operation}\n${site}\n${phase}`;
    const row = rows.get(id) ?? sums.length;
    rows.set(id, row);
    sums[row] ??= {
      phase: phases.findIndex(({ name }) => name === phase),
      operation,
      site: sites.indexOf(site),
      calls: 0,
      ms: 0,
      longestMs: 0,
      bytes: 0,
    };
    const sum = sums[row];
    if (!Number.isNaN(ms)) {
      sum.calls++;
      sum.bytes += bytes;
      sum.ms += ms;
      sum.longestMs = Math.max(sum.longestMs, ms);
    }
    return row;
  };
  const all = calls.map((call) => ({ call, row: rowOf(call) }));
  const long =
    calls.map(({ ms }) => ms).sort((a, b) => b - a)[Math.ceil(calls.length / 50)] ?? Number.POSITIVE_INFINITY;
  const kept = all.filter(
    ({ call: { key, ms } }, i) => key % keeps === 0 || Number.isNaN(ms) || ms > long || i >= all.length - 32,
  );
  const count = 40;
  const at = Float64Array.from({ length: count }, (_, i) => ((i + 1) * leftAt) / count);
  return {
    rank,
    host,
    joinedAt: 0,
    leftAt,
    complete: own.left === undefined,
    sites,
    phases,
    sums,
    sent: [...own.sent.values()],
    events: columnsOf(kept),
    keeps,
    bins: binsOf(calls, leftAt),
    samples: {
      at,
      rssBytes: at.map(own.rssBytes),
      heapBytes: at.map((time) => own.rssBytes(time) / 2),
      cpuMs: at.map(() => leftAt / count),
      stallMs: at.map(() => own.stallMs),
    },
    gc: { count: 10, ms: own.gcMs },
    topologies: own.topologies,
    ...(open !== undefined && {
      lastCall: {
        operation: open.operation,
        site: open.site,
        began: open.began,
        ...(open.peer >= 0 && { peer: open.peer }),
      },
    }),
  };
}

function columnsOf(kept: { call: SimCall; row: number }[]): CallEvents {
  const column = <T>(of: (call: SimCall) => number, from: (values: number[]) => T): T =>
    from(kept.map(({ call }) => of(call)));
  return {
    began: column(
      ({ began }) => began,
      (values) => Float64Array.from(values),
    ),
    ms: column(
      ({ ms }) => ms,
      (values) => Float64Array.from(values),
    ),
    sums: Uint32Array.from(kept, ({ row }) => row),
    peer: column(
      ({ peer }) => peer,
      (values) => Int32Array.from(values),
    ),
    bytes: column(
      ({ bytes }) => bytes,
      (values) => Float64Array.from(values),
    ),
    tag: column(
      ({ tag }) => tag,
      (values) => Int32Array.from(values),
    ),
    context: column(
      ({ context }) => context,
      (values) => Uint32Array.from(values),
    ),
    key: column(
      ({ key }) => key,
      (values) => Uint32Array.from(values),
    ),
  };
}

const messageOperations = new Set(["send", "ssend", "recv", "recvMessage", "probe", "messages", "sendrecv"]);

function binsOf(calls: SimCall[], leftAt: number): RankRecording["bins"] {
  const ms = leftAt / binCount;
  const columns = () => new Float32Array(binCount);
  const bins = { began: 0, ms, messages: columns(), collectives: columns(), maps: columns(), tasks: columns() };
  for (const call of calls) {
    const end = Number.isNaN(call.ms) ? leftAt : call.began + call.ms;
    if (call.operation === "map") fill(bins.maps, ms, call.began, end, 1);
    else if (call.operation === "task") {
      fill(bins.tasks, ms, call.began, end, 1);
      fill(bins.maps, ms, call.began, end, -1);
    } else if (messageOperations.has(call.operation)) fill(bins.messages, ms, call.began, end, 1);
    else fill(bins.collectives, ms, call.began, end, 1);
  }
  return bins;
}

function fill(column: Float32Array, width: number, from: number, to: number, sign: number): void {
  if (!(width > 0)) return;
  for (let bin = Math.floor(from / width); bin < column.length && bin * width < to; bin++) {
    const shared = Math.min(to, (bin + 1) * width) - Math.max(from, bin * width);
    if (shared > 0) column[bin]! += sign * shared;
  }
}
