import type { Ending, Network, PeerAddress, RankMessage } from "@tsmpi/core/bootstrap";
import type { TerminalSize } from "../system/pty.ts";
import type { ResourceLimits } from "../system/resource-limits.ts";
import type { Machine } from "../system/this-host.ts";
import type { Program } from "../typescript/index.ts";

/** The two streams of a rank. */
export type OutputStream = "stdout" | "stderr";

/** All that an agent has to know to run its host's part of a job. Plain data: it may travel to another host. */
export interface HostPlan {
  job: string;
  size: number;
  /** Index of this host among the `nodes` hosts of the job. */
  node: number;
  nodes: number;
  host: string;
  /** The ranks of this host. */
  ranks: number[];
  /** A script with its files, or any program: its name, to be looked for in PATH. */
  program: Program | Executable;
  args: string[];
  nodeOptions: string[];
  /** The environment of the launching shell, with the changes that the command line asks for. */
  environment: Record<string, string>;
  /** Where the ranks start. */
  directory: string;
  umask: number;
  /**
   * Ranks may have process groups of their own, so that what they leave behind can be killed as a group, and sessions
   * (see `Apart`). Never under PBS: a process that leaves its session is out of PBS's reach for ever.
   */
  ownSessions: boolean;
  /** Whether a line without its newline is shown after a moment, as a prompt must be. */
  showPartialLines: Record<OutputStream, boolean>;
  /** A prompt of rank 0 is shown without waiting for the rest of the line: somebody may answer it, or nothing can mix with it. */
  promptsAtOnce: boolean;
  /** Each rank has a terminal of this size (`--pty`); absent: pipes. */
  terminal?: TerminalSize;
  /** How long, after a good end, what ranks have started may hold their streams; 0: not at all. */
  waitForChildrenMs: number;
  /** What the launching shell has and a host's agent has not from its starter; absent where the launcher itself is. */
  shell?: Shell;
  /** How this host's ranks talk to other hosts; absent when there are none. */
  network?: Network;
  /** The CPUs that the scheduler has given the job here; absent where it does not say how many. */
  granted?: Granted;
}

/** The part of a host that belongs to a job. */
export interface Granted {
  cpus: number;
  /** As many threads were asked for each slot. */
  threads: number;
}

/** What `tsmpi exec` runs. */
export interface Executable {
  executable: string;
}

/** What of a shell is neither environment nor directory nor umask. */
export interface Shell {
  limits: ResourceLimits;
  /** The text of PBS_NODEFILE, where there is one: PBS does not put it, or does not name it, on every host. */
  nodeFile?: string;
  /** Variables that have the value which PBS gave them on the launcher's host. */
  ofPbs: string[];
}

/** An agent to its launcher, first of all. */
export interface Hello {
  kind: "hello";
  node: number;
  pid: number;
  /** Its process group, which its ranks are in where they have none of their own. */
  group: number;
  version: string;
  nodeVersion: string;
  machine: Machine;
  /** What PBS says of the agent's line of the node file; absent when it says nothing. */
  cpusOfLine?: number;
  /** Where its ranks can be reached, the address by which it reached the launcher first. */
  addresses: string[];
  /** How it came by its key. Filled in by the launcher. */
  key: string;
}

/** Launcher to agent. */
export type Order =
  | { kind: "start"; plan: HostPlan }
  /** Every rank of the job is ready. */
  | { kind: "table"; peers: PeerAddress[] }
  /** To be told to the ranks, in the words of `@tsmpi/core/bootstrap`. */
  | { kind: "ended"; ending: Ending; sent?: Record<string, number> }
  | { kind: "failed"; ending: Ending }
  | { kind: "stopping"; reason: string; code?: "undelivered" }
  | { kind: "endsSoon"; reason: string }
  | { kind: "where" }
  /** What waits in connections to other hosts? */
  | { kind: "queues" }
  /** End all ranks: politely first, for sure after `killAfterMs`. */
  | { kind: "stop"; killAfterMs: number }
  | { kind: "kill" }
  /** Kill this one rank if it is still stopped; `reason` is to be told of its end. */
  | { kind: "killStopped"; rank: number; reason: string }
  /** Nobody takes the output any more: what the ranks have written is dropped. */
  | { kind: "abandon" }
  | { kind: "signal"; signal: NodeJS.Signals }
  /** Input for rank 0, which is on this host; null at its end. */
  | { kind: "input"; bytes: Uint8Array | null }
  /** So many bytes of this agent's output have been written: it may send as many again. */
  | { kind: "taken"; bytes: number };

/** Agent to launcher. */
export type Report =
  | { kind: "started"; rank: number; pid: number }
  /** This host's ranks cannot be started; nothing of the agent's runs. */
  | { kind: "unable"; reason: string }
  /** Processes hold the streams of a rank that has ended well; they may go on for so long, or are being ended (0). */
  | { kind: "lingering"; rank: number; processes: { pid: number; command: string }[]; leftMs: number }
  /** For `--verbose`. */
  | { kind: "noted"; text: string }
  | { kind: "said"; rank: number; message: Exclude<RankMessage, { kind: "left" }> }
  /** Whole lines, or the part of one that is not going to be completed soon. */
  | { kind: "output"; rank: number; stream: OutputStream; bytes: Uint8Array }
  | { kind: "ended"; ending: Ending; sent?: Record<string, number>; strangers?: number }
  /** All that this rank ever wrote has been sent. */
  | { kind: "drained"; rank: number }
  | { kind: "inputTaken"; bytes: number }
  /** Nothing of this rank runs since somebody has stopped it (SIGSTOP); or it goes on. */
  | { kind: "stopped"; rank: number; stopped: boolean }
  /** A connection of this host to that rank carries nothing; `rank` is whose it is, if that is known. */
  | { kind: "stalled"; rank?: number; dest: number; from: string; to: string; seconds: number }
  /** Answer to `queues`: so many bytes. */
  | { kind: "queued"; bytes: number }
  /** No process and no file of the job is left on this host. */
  | { kind: "finished" };
