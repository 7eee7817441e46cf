/**
 * The messages between launcher, agent and rank while a world is set up, runs and ends.
 *
 * A rank connects to a Unix socket of its agent, at TSMPI_SOCKET. The messages are lines of JSON on that connection.
 * `docs/wire.md` describes the course of a job with them.
 */

import type { Ballot, Outcome, RankRuns } from "./ballots.ts";
import type { Progress } from "./progress.ts";
import type { Joined } from "./unjoined.ts";

/** Environment variables of a rank. Stable and documented: jobs in any language may use them. */
export const env = {
  rank: "TSMPI_RANK",
  size: "TSMPI_SIZE",
  /** Number in the job of rank 0 of this rank's world. Set where the world was made by `spawn`. */
  spawned: "TSMPI_SPAWNED",
  /** Which program of the command line the rank runs, from 0: more than one with a lone `:`. */
  program: "TSMPI_PROGRAM",
  localRank: "TSMPI_LOCAL_RANK",
  localSize: "TSMPI_LOCAL_SIZE",
  node: "TSMPI_NODE",
  nodes: "TSMPI_NODES",
  host: "TSMPI_HOST",
  job: "TSMPI_JOB",
  /** How often the job was started before, from 0: more than 0 with `--restarts`. */
  restart: "TSMPI_RESTART",
  /** The agent of the rank: node and job. Left-over processes of ranks are found by it. */
  agent: "TSMPI_AGENT",
  /** The socket of the rank's agent. */
  socket: "TSMPI_SOCKET",
  version: "TSMPI_VERSION",
  /** Seconds after which a rank that waits reports it to its agent; 0: never. From `--deadlock-after`. */
  deadlockAfter: "TSMPI_DEADLOCK_AFTER",
} as const;

/** How a rank ended. One of `code` and `signal` is set, as in Node's `exit` event; neither if its host was lost. */
export interface Ending {
  rank: number;
  host: string;
  pid: number;
  code: number | null;
  signal: string | null;
  /** The likely cause, if known: "out of memory", "ended before init()". */
  hint?: string;
}

/** The ending in words: `killed by SIGKILL, pid 4711`, `exited with code 3, pid 4711`, `ended, pid 4711`. */
export function describeEnding({ code, signal, pid, hint }: Ending): string {
  if (signal === null && code === null) return hint ?? `lost, pid ${pid}`;
  const how = signal !== null ? `killed by ${signal}` : code === 0 ? "ended" : `exited with code ${code}`;
  return `${how}, pid ${pid}${hint === undefined ? "" : `: ${hint}`}`;
}

/** The addresses of a rank, best first. */
export interface PeerAddress {
  rank: number;
  /** Name of its host, as the scheduler writes it. */
  host: string;
  /** ZeroMQ endpoints: `ipc://...` within a host, `tcp://address:port` between hosts. */
  endpoints: string[];
}

/** Ranks that a communicator wants to have started while the job runs (`spawn`). */
export interface SpawnWish {
  /** Number of the intercommunicator between `parents` and the new ranks. */
  context: number;
  count: number;
  /** Absolute path. */
  script: string;
  args: string[];
  /** Variables that the new ranks get besides. */
  environment: Record<string, string>;
  /** Where the new ranks start. */
  directory: string;
  parents: PeerAddress[];
}

/** What became of such a wish: the new ranks, or why there are none. */
export type SpawnAnswer = { peers: PeerAddress[] } | { reason: string };

/** Advice for when a host cannot reach another one. */
export const reachAdvice: string =
  "a firewall between them? --port-range A-B keeps tsmpi to ports that are open, --interface chooses another network";

/** From the first to the last port, both included. */
export type PortRange = readonly [first: number, last: number];

/** How the ranks of this host communicate with those of other hosts. */
export interface Network {
  /** Addresses of this host for other hosts, best first. */
  addresses: string[];
  /** The job's pair of CurveZMQ keys, in Z85. A process that has them belongs to the job. */
  keys?: { publicKey: string; secretKey: string };
  /** The ports that may be used, both included (`--port-range`). Absent: any that the system gives. */
  ports?: PortRange;
  /** Used without encryption (`--no-encrypt`): the key of the seals that authenticate messages, in base64. */
  sealKey?: string;
}

/** A call of a rank that waits for others. */
export interface Wait {
  /** As the user wrote it: `recv({ source: 1, tag: 7 })`. */
  call: string;
  /** For a collective: the numbers of its communicator and of the collective in it. */
  collective?: { context: number; number: number };
  /** The ranks of the world that it waits for; absent if any of them would do. */
  ranks?: number[];
  /** How long it has waited, to a quarter of a second. */
  ms: number;
  /** `file:line` of the user's program, if known. */
  site?: string;
}

/** Messages of one rank with one tag that another one has not received. */
export interface Unreceived {
  source: number;
  tag: number;
  count: number;
}

/** The users' messages as one rank knows them when it leaves. The keys are other ranks. */
export interface Mail {
  /** How many were sent to each rank, and the tag of the last. */
  sent: Record<string, { count: number; tag: number }>;
  /** How many messages of each rank were received by a call. */
  received: Record<string, number>;
  /** What arrived and was not received. */
  unreceived: Unreceived[];
}

/** What a rank is doing within tsmpi. */
export interface Whereabouts {
  /** The first few; `more` is how many others there are. */
  waits: Wait[];
  more: number;
  /** Messages that have arrived and were not received: the first few kinds. */
  unreceived: Unreceived[];
}

/** Packets sent to and received from each rank, if any. They tell whether packets are still on their way. */
export interface Traffic {
  sent: Record<string, number>;
  received: Record<string, number>;
}

/** Sent by a rank that has waited for a while without any event, and as an answer to `where`. */
export interface Stuck extends Whereabouts, Traffic {}

/** Rank to agent. */
export type RankMessage =
  /**
   * This process called init() in this thread (0: the main one), and asks whether it is the rank that TSMPI_RANK names.
   */
  | { kind: "hello"; rank: number; pid: number; thread: number }
  /** The sockets of the rank are bound. `unshared`: why it cannot share memory with the ranks of its host. */
  | { kind: "ready"; endpoints: string[]; unshared?: string | undefined }
  /**
   * The rank left the world in good order and sent `sent[r]` packets to rank r (non-zero entries only). A rank that has
   * received that many from it need not wait for more. `strangers`: how many messages came from outside the job.
   */
  | { kind: "left"; sent: Record<string, number>; strangers?: number }
  /** Sent before `left` by ranks that called collectives of communicators that are still open. */
  | { kind: "joined"; communicators: Joined[] }
  /** Sent before `left` by ranks that sent or received users' messages. */
  | ({ kind: "mail" } & Mail)
  /** The rank has waited for a while without any event; then, that there was an event again. */
  | ({ kind: "stuck" } & Stuck)
  | { kind: "moving" }
  /** Answer to `where`; also sent before `failed` and `stopping` take effect. */
  | ({ kind: "here" } & Stuck)
  /** Progress of a map, shown by the launcher. */
  | { kind: "progress"; progress: Progress }
  /** A mistake of the program that is no error. Shown once, whichever ranks report it. */
  | { kind: "warning"; text: string }
  /** Packets for that rank cannot be delivered; `attempts` has a line for each address that was tried. */
  | { kind: "undelivered"; dest: number; attempts: string }
  /**
   * That rank ended and the others go on (exit code 0, or `--keep-going`). So many of its packets to this rank have not
   * arrived.
   */
  | { kind: "missing"; source: number; packets: number }
  /** That rank does not return from a task that was given up; `reason` says from which. Under `--keep-going` it is ended. */
  | { kind: "unresponsive"; rank: number; reason: string }
  /** What this rank gives to a decision of the ranks that are left (`agree`, `shrink`). The answer is `decided`. */
  | { kind: "ballot"; ballot: Ballot }
  /** No rank is to wait in this communicator any more. */
  | { kind: "revoke"; context: number; members: RankRuns }
  /** Start more ranks. The answer is `spawned` with the same `id`. */
  | { kind: "spawn"; id: number; wish: SpawnWish }
  /** End the whole job with this exit code. */
  | { kind: "abort"; code: number; reason: string };

/** Where a rank records what it does, and how many calls one by one. */
export interface RecordingWanted {
  /** A file that the rank makes, and its agent reads. */
  path: string;
  events: number;
  /** The line of every call is looked up, not of some. */
  allLines: boolean;
}

/** Agent to rank. */
export type AgentMessage =
  /** Answer to `hello` of a process that the rank has started: it is not the rank. */
  | { kind: "refused" }
  /**
   * Answer to `hello` of the rank. `room`: how many bytes were free in the directory's file system when the job began.
   * `recording`: present where the run is recorded.
   * `keepsGoing`: a rank that another one cannot reach does not end the job.
   * `cpus`: how many CPUs the ranks of the host are bound to, all together; absent where they are not.
   */
  | {
      kind: "welcome";
      directory: string;
      room: number;
      host: string;
      cpus?: number;
      keepsGoing?: boolean;
      network?: Network;
      recording?: RecordingWanted;
    }
  /**
   * Every rank is ready. `peers` is ordered by rank. `parents`: those that have spawned these ranks, and the number of the
   * intercommunicator with them.
   */
  | { kind: "table"; peers: PeerAddress[]; parents?: { context: number; peers: PeerAddress[] } }
  /** Answer to `spawn`. */
  | { kind: "spawned"; id: number; answer: SpawnAnswer }
  /** A rank ended with exit code 0. `sent` is from its `left` message; absent if there was none. */
  | { kind: "ended"; ending: Ending; sent?: Record<string, number> }
  /** All ballots of a decision. What is known of ranks that are gone has come before. */
  | { kind: "decided"; outcome: Outcome }
  /** Rank `by` has given up this communicator. */
  | { kind: "revoked"; context: number; by: number }
  /** Asks what the rank waits for. The answer is `here`. */
  | { kind: "where" }
  /** A rank failed and the job is being stopped. */
  | { kind: "failed"; ending: Ending }
  /**
   * The batch system is about to end the job (walltime): `world.signal` aborts, so that the program can save its state.
   * Calls go on working.
   */
  | { kind: "endsSoon"; reason: string }
  /**
   * A rank called abort(), or the launcher stops the job (time-out, Ctrl-C). `undelivered`: a message could not reach
   * its rank.
   */
  | { kind: "stopping"; reason: string; code?: "undelivered" };
