import type { RunAbout, RunEnding, Topology } from "../recording/recording.ts";

/**
 * All that the page of a report shows, made from a recording by `report-data-of.ts`. It is embedded in the page as JSON, so
 * numbers are rounded to what can be seen, and large tables are flat arrays.
 *
 * Times are ms since the run began. Ranks are ranks of the world.
 */
export interface ReportData {
  format: 1;
  about: RunAbout;
  ending: RunEnding;
  /** Set while the job runs (`--live`). */
  live?: boolean;
  ranks: { rank: number; host: number; joinedAt: number; leftAt: number; complete: boolean; lastCall?: string }[];
  /** The whole run first, then each phase in the order of its first beginning. */
  efficiency: Efficiency[];
  /** Other runs of the same program, by their numbers of ranks (`tsmpi report --scaling`). */
  scaling?: ScalingRow[];
  /** What to improve: at most three, the most important first. Empty when nothing is wrong. */
  advice: Advice[];
  /** What the numbers rest on: "of rank 3's 1,200,000 calls 65,536 were kept one by one". */
  remarks: string[];
  /** Names that other parts refer to by index. */
  operations: string[];
  sites: string[];
  phases: string[];
  timeline: Timeline;
  calls: CallRow[];
  /** `[waiting rank, rank it waited for, ms]`, only pairs of which there is something. */
  waitedFor: [number, number, number][];
  traffic: TrafficRow[];
  balance: BalanceRow[];
  maps: MapReport[];
  resources: ResourceSeries[];
  topologies: (Topology & { edges: [from: number, to: number, bytes: number, messages: number][] })[];
}

/**
 * The metrics of the POP centre, all from 0 to 1:
 * parallel = loadBalance x communication; communication = serialization x transfer.
 */
export interface Efficiency {
  /** "" for the whole run, else the phase, with the phases that are nested in it. */
  phase: string;
  ms: number;
  parallel: number;
  /** Mean of the computing times / the longest. */
  loadBalance: number;
  /** The longest computing time / the run. */
  communication: number;
  /** The longest computing time / the longest of computing + waiting for other ranks' arrival, which a network without cost would leave. */
  serialization: number;
  transfer: number;
}

export interface ScalingRow extends Omit<Efficiency, "phase"> {
  name: string;
  ranks: number;
  /** Computing time of all ranks in the first run / in this one. */
  computationScaling: number;
  /** parallel x computationScaling. */
  globalEfficiency: number;
  speedup: number;
}

export interface Advice {
  /** One sentence. */
  text: string;
  /** For tests and icons. */
  kind:
    | "late-rank"
    | "imbalance"
    | "straggler"
    | "placement"
    | "small-messages"
    | "transfer"
    | "serialization"
    | "memory"
    | "stall"
    | "root"
    | "deadlock"
    | "failed";
  ranks: number[];
  /** Where to look in the timeline. */
  from?: number;
  to?: number;
  site?: string;
}

/** What is drawn in the rows of the ranks. Far out: bins; near: calls. */
export interface Timeline {
  /** Width of a bin, the same for all ranks; the first begins at 0. */
  binMs: number;
  /** By rank, flat: four numbers a bin, each the share of the bin in percent (0 to 100, whole): messages, collectives, maps, tasks. The rest is computing; -1: the rank was not there. */
  bins: number[][];
  /** By rank, flat: {@link segmentFields} numbers a call, ordered by its beginning. Not all calls of a long run: the longest and the last. */
  segments: number[][];
  /** Flat: from, to, sent at, received at, bytes, tag. The arrows of messages whose both ends are in `segments`. */
  arrows: number[];
  /** `[rank, began, ms, phase]` of the phases. */
  phases: [number, number, number, number][];
}

/**
 * A segment: began, ms (-1: had not ended), operation, site, peer (-1: none), bytes, waited (ms of it spent waiting), for whom
 * (-1: none), tag (-1: none).
 */
export const segmentFields = 9;

export interface CallRow {
  operation: number;
  site: number;
  phase: number;
  calls: number;
  ms: number;
  /** Of it: waiting for other ranks. */
  waitingMs: number;
  bytes: number;
  longestMs: number;
  /** Rank that spent the most time, and the mean over the ranks that made the call. */
  worstRank: number;
  worstMs: number;
  meanMs: number;
}

/** `[from, to, messages, bytes, messages within collectives, bytes within collectives]`. */
export type TrafficRow = [number, number, number, number, number, number];

/** How a rank spent its time; the four add up to its life. */
export interface BalanceRow {
  rank: number;
  computingMs: number;
  /** Of computing: tasks of maps and pools. */
  taskMs: number;
  waitingMs: number;
  transferMs: number;
}

/** One `map` or pool of the program, by its line. */
export interface MapReport {
  operation: number;
  site: number;
  tasks: number;
  beganAt: number;
  endedAt: number;
  /** `[rank, tasks, ms]`. */
  perRank: [number, number, number][];
  /** Durations: `[upper bound in ms, tasks]`, bounds in powers of 2. */
  durations: [number, number][];
  /** `[input, rank, began, ms]`, the longest first, at most 20. */
  longest: [number, number, number, number][];
  /** Tasks that ran once more because an attempt before had failed. */
  retries: number;
  failures: number;
}

export interface ResourceSeries {
  rank: number;
  at: number[];
  /** MiB. */
  rss: number[];
  heap: number[];
  /** CPUs in use, 1 is one CPU. */
  cpu: number[];
  /** Ms that the event loop was late. */
  stall: number[];
  gcCount: number;
  gcMs: number;
}
