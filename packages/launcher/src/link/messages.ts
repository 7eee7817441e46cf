import type { Ending, Network, PeerAddress, RankMessage } from "@tsmpi/core/bootstrap";
import type { TerminalSize } from "../system/pty.ts";
import type { ResourceLimits } from "../system/resource-limits.ts";
import type { Machine } from "../system/this-host.ts";
import type { Program } from "../typescript/index.ts";

/** The two streams of a rank. */
export type OutputStream = "stdout" | "stderr";

/** Everything that an agent needs for its host's part of a job. Plain data, which may travel to another host. */
export interface HostPlan {
  job: string;
  size: number;
  /** Index of this host among the `nodes` hosts of the job. */
  node: number;
  nodes: number;
  host: string;
  /** The ranks of this host. */
  ranks: number[];
  /** A script with its files, or any program, by a name in PATH. */
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
  /** Whether a line without its newline is shown after a moment, as a prompt needs it. */
  showPartialLines: Record<OutputStream, boolean>;
  /** Whether a prompt of rank 0 is shown at once: a user may answer it, or no other output can mix with it. */
  promptsAtOnce: boolean;
  /** Each rank has a terminal of this size (`--pty`); absent: pipes. */
  terminal?: TerminalSize;
  /** How long, after a good end, children of ranks may hold their streams; 0: not at all. */
  waitForChildrenMs: number;
  /** Settings of the launching shell that a starter does not pass on; absent on the launcher's host. */
  shell?: Shell;
  /** How this host's ranks communicate with other hosts; absent if there are none. */
  network?: Network;
  /** The CPUs that the scheduler has given the job here; absent where it does not say how many. */
  granted?: Granted;
}

/** The part of a host that belongs to a job. */
export interface Granted {
  cpus: number;
  /** Threads that were asked for each slot. */
  threads: number;
}

/** The program of `tsmpi exec`. */
export interface Executable {
  executable: string;
}

/** Settings of a shell beside environment, directory and umask. */
export interface Shell {
  limits: ResourceLimits;
  /** The text of PBS_NODEFILE, where there is one: PBS does not put it, or does not name it, on every host. */
  nodeFile?: string;
  /** Variables that have the value which PBS gave them on the launcher's host. */
  ofPbs: string[];
}

/** The first message of an agent to its launcher. */
export interface Hello {
  kind: "hello";
  node: number;
  pid: number;
  /** Its process group. Its ranks are in it if they have none of their own. */
  group: number;
  version: string;
  nodeVersion: string;
  machine: Machine;
  /** What PBS says of the agent's line of the node file; absent when it says nothing. */
  cpusOfLine?: number;
  /** Addresses of its ranks, first the one from which it reached the launcher. */
  addresses: string[];
  /** Where its key came from. Set by the launcher. */
  key: string;
}

/** Launcher to agent. */
export type Order =
  | { kind: "start"; plan: HostPlan }
  /** Every rank of the job is ready. */
  | { kind: "table"; peers: PeerAddress[] }
  /** Passed on to the ranks: messages of `@tsmpi/core/bootstrap`. */
  | { kind: "ended"; ending: Ending; sent?: Record<string, number> }
  | { kind: "failed"; ending: Ending }
  | { kind: "stopping"; reason: string; code?: "undelivered" }
  | { kind: "endsSoon"; reason: string }
  | { kind: "where" }
  /** Asks how many bytes wait in connections to other hosts. */
  | { kind: "queues" }
  /** End all ranks: SIGTERM first, SIGKILL after `killAfterMs`. */
  | { kind: "stop"; killAfterMs: number }
  | { kind: "kill" }
  /** Kill this rank if it is still stopped; `reason` goes into the report of its end. */
  | { kind: "killStopped"; rank: number; reason: string }
  /** The output has no reader any more: drop it. */
  | { kind: "abandon" }
  | { kind: "signal"; signal: NodeJS.Signals }
  /** Input for rank 0, which is on this host; null at its end. */
  | { kind: "input"; bytes: Uint8Array | null }
  /** So many bytes of this agent's output were written: it may send as many again. */
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
  /** Whole lines, or a part of a line that stays incomplete for the moment. */
  | { kind: "output"; rank: number; stream: OutputStream; bytes: Uint8Array }
  | { kind: "ended"; ending: Ending; sent?: Record<string, number>; strangers?: number }
  /** All output of this rank has been sent. */
  | { kind: "drained"; rank: number }
  | { kind: "inputTaken"; bytes: number }
  /** This rank is stopped (SIGSTOP), or goes on. */
  | { kind: "stopped"; rank: number; stopped: boolean }
  /** A connection of this host to that rank carries nothing; `rank` is the rank that has the connection, if known. */
  | { kind: "stalled"; rank?: number; dest: number; from: string; to: string; seconds: number }
  /** Answer to `queues`: so many bytes. */
  | { kind: "queued"; bytes: number }
  /** No process and no file of the job is left on this host. */
  | { kind: "finished" };
