/**
 * What a run has recorded, as `--record` keeps it and as the report, the trace and the summary are made from it. Plain data.
 *
 * All times are milliseconds since the run began (the earliest `init()` of a rank), on the launcher's clock: the clocks of the
 * hosts are aligned when a recording is read. `ms` without another word is a duration.
 */
export interface RunRecording {
  format: 1;
  about: RunAbout;
  /** By rank. A rank that recorded nothing (it never called `init()`) is there too, with `complete: false` and no rows. */
  ranks: RankRecording[];
  ending: RunEnding;
}

/** How the job was run. */
export interface RunAbout {
  /** The command line: `tsmpi run -n 8 solver.ts`. */
  command: string;
  directory: string;
  tsmpi: string;
  node: string;
  /** ISO 8601, by the launcher's clock. */
  startedAt: string;
  /** `PBS job 4711`, absent outside batch jobs. */
  job?: string;
  /** Ordered as the job's nodes. */
  hosts: HostAbout[];
}

export interface HostAbout {
  name: string;
  ranks: number[];
  cpus: number;
  /** How exactly its clock is aligned with the launcher's, in ms: half of the shortest round trip. 0 on the launcher's host. */
  clockErrorMs: number;
}

export interface RunEnding {
  exitCode: number;
  /** Duration of the run, to the end of its last rank. */
  ms: number;
  /** What went wrong in the launcher's words, one sentence each; empty when all went well. */
  words: string[];
  /** Ranks that waited for each other when the job was stopped; absent if it was no deadlock. */
  deadlock?: StuckRank[];
}

/** A rank in a deadlock. */
export interface StuckRank {
  rank: number;
  /** As the user wrote it: `recv({ source: 1, tag: 7 })`. */
  call: string;
  /** `file:line`. */
  site?: string;
  /** Ranks that it waits for; absent: any. */
  ranks?: number[];
}

/** One rank's part of a recording. */
export interface RankRecording {
  rank: number;
  host: string;
  /** When its `init()` had resolved. */
  joinedAt: number;
  /** When it left, or the last time that it is known to have lived. */
  leftAt: number;
  /** False: it was killed, or its process ended without leaving the world. */
  complete: boolean;
  /** `file:line` of the program. Index 0 is "": the line is not known. */
  sites: string[];
  /** Names of phases, nested ones as `solve/halo`. Index 0 is "": outside of phases. */
  phases: PhaseTimes[];
  /** Sums of all calls, exact. */
  sums: CallSums[];
  /** What it sent to each rank that it sent anything to, exact. */
  sent: SentTo[];
  /** Calls and tasks one by one, ordered by their beginning. All of them, if `keeps` is 1. */
  events: CallEvents;
  /** Of so many calls one is in `events`: a power of 2. A call is kept if `key % keeps === 0`; long calls and the last ones are kept besides. */
  keeps: number;
  /** The whole life of the rank in equal pieces. */
  bins: TimeBins;
  samples: Samples;
  gc: { count: number; ms: number };
  /** Cartesian grids and graphs that it is in. */
  topologies: Topology[];
  /** The call that it was in when its recording ended; absent if in none. */
  lastCall?: { operation: string; site: string; began: number; peer?: number };
  /** What is to be known of this recording, in sentences. */
  notes?: string[];
  /** When the rank was in which phase: an index into `phases`. */
  phaseSpans?: [phase: number, began: number, ms: number][];
}

export interface PhaseTimes {
  name: string;
  /** Time within this phase and in no phase that is nested in it. */
  ms: number;
  /** Of it: within calls of tsmpi, while the program itself did not compute (several calls at once count once). */
  inCallsMs: number;
}

/** The calls of one operation, from one line, in one phase. */
export interface CallSums {
  phase: number;
  /** `send`, `allreduce`, `map`; `task` for the tasks of maps and pools. */
  operation: string;
  site: number;
  calls: number;
  ms: number;
  longestMs: number;
  /** The data that the calls gave (sends, collectives) or took (receives), in bytes. */
  bytes: number;
}

export interface SentTo {
  rank: number;
  /** Messages of the program: `send`, `sendrecv`. */
  messages: number;
  bytes: number;
  /** Messages within collectives and maps. Ranks of a host mostly need none: they use a board in shared memory. */
  innerMessages: number;
  innerBytes: number;
}

/** A table in columns; all have the same length. */
export interface CallEvents {
  began: Float64Array;
  /** Durations. NaN: the call had not ended when the recording ended. */
  ms: Float64Array;
  /** Indices into `sums`: operation, line and phase. */
  sums: Uint32Array;
  /** The other rank of a message (the actual source of a receive), or the root of a collective; -1: none. */
  peer: Int32Array;
  bytes: Float64Array;
  /** Tag of a message; of a task 1 if it failed, else 0; -1 for others. */
  tag: Int32Array;
  /** Number of the communicator; 0 is the world. Of a task: its attempt - 1. */
  context: Uint32Array;
  /**
   * Identifies the call on several ranks. A message: its number from that source to that destination, equal at both ends.
   * A collective: its number in its communicator. A task: the index of its input. Others: a count.
   */
  key: Uint32Array;
}

/** `began + i * ms` is where bin i begins. Each array has one entry a bin, in ms. */
export interface TimeBins {
  began: number;
  ms: number;
  /** Within messages (send, recv, probe, sendrecv). */
  messages: Float32Array;
  collectives: Float32Array;
  /** Within map and pool, while no task runs here: waiting for work, or for the others to end. */
  maps: Float32Array;
  /** In tasks of maps and pools. The rest of a bin is computing outside of tasks. */
  tasks: Float32Array;
}

/** Measured some times a second while the rank lets the event loop turn. */
export interface Samples {
  at: Float64Array;
  rssBytes: Float64Array;
  heapBytes: Float64Array;
  /** CPU time of the process since the sample before, in ms: all of its threads. */
  cpuMs: Float64Array;
  /** How long the event loop was late. */
  stallMs: Float64Array;
}

export interface Topology {
  kind: "cart" | "graph";
  /** The name that the program gave the communicator, or "". */
  name: string;
  context: number;
  /** Ranks of the world in the order of the communicator. */
  members: number[];
  dims?: number[];
  periodic?: boolean[];
  /** Ranks of the world that this rank sends to. */
  neighbors: number[];
}
