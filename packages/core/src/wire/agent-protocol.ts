/**
 * What launcher, agent and rank tell each other while a world is set up, runs and ends.
 *
 * A rank connects to a Unix socket of its agent, at TSMPI_SOCKET; these messages are lines of JSON on that connection.
 * `docs/wire.md` tells the story of a job in these words.
 */

import type { Progress } from "./progress.ts";
import type { Joined } from "./unjoined.ts";

/** Environment variables of a rank. Stable and documented: jobs in any language may use them. */
export const env = {
  rank: "TSMPI_RANK",
  size: "TSMPI_SIZE",
  localRank: "TSMPI_LOCAL_RANK",
  localSize: "TSMPI_LOCAL_SIZE",
  node: "TSMPI_NODE",
  nodes: "TSMPI_NODES",
  host: "TSMPI_HOST",
  job: "TSMPI_JOB",
  /** Which agent is the rank's: node and job. What is left of the ranks is known by it. */
  agent: "TSMPI_AGENT",
  /** Where the agent of the rank listens. */
  socket: "TSMPI_SOCKET",
  version: "TSMPI_VERSION",
  /** Seconds after which a rank that waits tells its agent so; 0: never. From `--deadlock-after`. */
  deadlockAfter: "TSMPI_DEADLOCK_AFTER",
} as const;

/**
 * How a rank ended. One of `code` and `signal` is set, as in Node's `exit` event; neither when its host was lost and
 * nobody can know.
 */
export interface Ending {
  rank: number;
  host: string;
  pid: number;
  code: number | null;
  signal: string | null;
  /** The likely cause where one is known: "out of memory", "ended before init()". */
  hint?: string;
}

/** The ending in words: `killed by SIGKILL, pid 4711`, `exited with code 3, pid 4711`, `ended, pid 4711`. */
export function describeEnding({ code, signal, pid, hint }: Ending): string {
  if (signal === null && code === null) return hint ?? `lost, pid ${pid}`;
  const how = signal !== null ? `killed by ${signal}` : code === 0 ? "ended" : `exited with code ${code}`;
  return `${how}, pid ${pid}${hint === undefined ? "" : `: ${hint}`}`;
}

/** Where a rank can be reached, best way first. */
export interface PeerAddress {
  rank: number;
  /** Name of its host, as the scheduler writes it. */
  host: string;
  /** ZeroMQ endpoints: `ipc://...` within a host, `tcp://address:port` between hosts. */
  endpoints: string[];
}

/** What users can do when a host does not reach another one. */
export const reachAdvice: string =
  "a firewall between them? --port-range A-B keeps tsmpi to ports that are open, --interface chooses another network";

/** From the first to the last, both included. */
export type PortRange = readonly [first: number, last: number];

/** How the ranks of a host talk to those of other hosts. */
export interface Network {
  /** Addresses of this host at which others may reach it, best first. */
  addresses: string[];
  /** The job's pair of CurveZMQ keys, in Z85: whoever has them belongs to the job. */
  keys?: { publicKey: string; secretKey: string };
  /** The ports that may be listened on, both included (`--port-range`); absent: any that the system gives. */
  ports?: PortRange;
  /** Instead of them (`--no-encrypt`): the key of the seals by which ranks know each other's messages, in base64. */
  sealKey?: string;
}

/** A call of a rank that waits for others. */
export interface Wait {
  /** As the user wrote it: `recv({ source: 1, tag: 7 })`. */
  call: string;
  /** Of a collective: its communicator's number, and its own among the collectives of that. */
  collective?: { context: number; number: number };
  /** The ranks that it waits for, in the world; absent when any of them would do. */
  ranks?: number[];
  /** For how long, to a quarter of a second. */
  ms: number;
  /** `file:line` of the user's program, where it is known. */
  site?: string;
}

/** Messages of one rank with one tag that another one has not received. */
export interface Unreceived {
  source: number;
  tag: number;
  count: number;
}

/** What became of the messages that users sent, as one rank knows it when it leaves: entries by the other's rank. */
export interface Mail {
  /** How many were sent to each, and the tag of the last. */
  sent: Record<string, { count: number; tag: number }>;
  /** How many of each were received, by a receive. */
  received: Record<string, number>;
  /** What arrived and was not received. */
  unreceived: Unreceived[];
}

/** What a rank is doing within tsmpi. */
export interface Whereabouts {
  /** The first few; `more` is how many there are besides. */
  waits: Wait[];
  more: number;
  /** What has arrived and was not asked for, the first few kinds of it. */
  unreceived: Unreceived[];
}

/** Packets sent to and received from each rank, where there were any: whether something is still on its way. */
export interface Traffic {
  sent: Record<string, number>;
  received: Record<string, number>;
}

/** What a rank says of itself when it has waited for a while and nothing has happened, or when it is asked. */
export interface Stuck extends Whereabouts, Traffic {}

/** Rank to agent. */
export type RankMessage =
  /** init() was called, in this thread (0: the main one) of this process: am I the rank that TSMPI_RANK names? */
  | { kind: "hello"; rank: number; pid: number; thread: number }
  /** My sockets are bound. `unshared`: why I cannot share memory with the ranks of my host, when I cannot. */
  | { kind: "ready"; endpoints: string[]; unshared?: string | undefined }
  /**
   * I left the world in good order and sent `sent[r]` packets to rank r (only non-zero entries): whoever has received
   * that many from me needs not wait for more. And so many messages came that nobody of this job had sent.
   */
  | { kind: "left"; sent: Record<string, number>; strangers?: number }
  /** Said before `left`, by ranks that have called collectives of communicators that are still open. */
  | { kind: "joined"; communicators: Joined[] }
  /** Said before `left`, by ranks that sent or received messages of users. */
  | ({ kind: "mail" } & Mail)
  /** I have waited for a while and nothing has happened; and: something has happened again. */
  | ({ kind: "stuck" } & Stuck)
  | { kind: "moving" }
  /** Answer to `where`, and told before `failed` and `stopping` take effect. */
  | ({ kind: "here" } & Stuck)
  /** How far a map has come, to be shown by whoever started the job. */
  | { kind: "progress"; progress: Progress }
  /** A slip in the program that is no error: shown once, whichever ranks say it. */
  | { kind: "warning"; text: string }
  /** What I sent to that rank cannot be delivered; `attempts` is a line for each address that was tried. */
  | { kind: "undelivered"; dest: number; attempts: string }
  /** That rank ended well, and so many of the packets that it sent me have not arrived. */
  | { kind: "missing"; source: number; packets: number }
  /** End the whole job with this exit code. */
  | { kind: "abort"; code: number; reason: string };

/** Agent to rank. */
export type AgentMessage =
  /** Answer to `hello` of a process that is not the rank itself, but was started by it. */
  | { kind: "refused" }
  /** Answer to `hello` of the rank. `room`: bytes that were free in the directory's file system when the job began. */
  | { kind: "welcome"; directory: string; room: number; host: string; network?: Network }
  /** Every rank is ready: these are all of them, ordered by rank. */
  | { kind: "table"; peers: PeerAddress[] }
  /** A rank ended in good order: exit code 0. `sent` is from its `left` message, absent when it never said it. */
  | { kind: "ended"; ending: Ending; sent?: Record<string, number> }
  /** What are you waiting for? */
  | { kind: "where" }
  /** A rank failed and the job is being stopped. */
  | { kind: "failed"; ending: Ending }
  /**
   * The batch system is going to end the job (walltime): `world.signal` aborts, so that the program can save what it
   * has. Calls go on working.
   */
  | { kind: "endsSoon"; reason: string }
  /**
   * Somebody called abort(), or the launcher stops the job for a reason of its own (time-out, Ctrl-C); `undelivered`: a
   * message could not reach its rank.
   */
  | { kind: "stopping"; reason: string; code?: "undelivered" };
