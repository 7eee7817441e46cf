import type { Ending, Network, Outcome, PeerAddress, RankMessage, SpawnAnswer } from "@tsmpi/core/bootstrap";
import type { BindTo, MapBy } from "../command/options.ts";
import type { TerminalSize } from "../system/pty.ts";
import type { ResourceLimits } from "../system/resource-limits.ts";
import type { Machine } from "../system/this-host.ts";
import type { Program } from "../typescript/index.ts";

/** The two streams of a rank. */
export type OutputStream = "stdout" | "stderr";

/** All that an agent needs to run its host's part of a job. Plain data, because it may travel to another host. */
export interface HostPlan {
  job: string;
  /** How often the job was started before (`--restarts`). */
  restart: number;
  size: number;
  /** Number in the job of rank 0, in a world that was spawned; absent in the first one. */
  first?: number;
  /** Index of this host among the `nodes` hosts of the job. */
  node: number;
  nodes: number;
  host: string;
  /** The ranks of this host. */
  ranks: number[];
  /** What the ranks of the job run: one program, or several with a lone `:` between them, in the order of ranks. */
  programs: RankProgram[];
  /** The environment of the launching shell, with the changes that the command line asks for. */
  environment: Record<string, string>;
  /** The agent stays when its ranks have ended, until `release`: others may take their place. */
  stays: boolean;
  umask: number;
  seating: Seating;
  /**
   * Ranks may have process groups of their own, so that what they leave behind can be killed as a group, and sessions
   * (see `Apart`). Not under a scheduler that ends sessions: a process that left its session would be out of its reach.
   */
  ownSessions: boolean;
  /** The scheduler may signal ranks by itself (see `SchedulerSignals`). */
  signalsRanks: boolean;
  /** Whether a line without its newline is shown after a moment, as a prompt needs. */
  showPartialLines: Record<OutputStream, boolean>;
  /** The job goes on without ranks that are gone: `--keep-going`. */
  keepGoing: boolean;
  /** Those of them that get the launcher's standard input. The others find it empty. */
  inputRanks: number[];
  /** A prompt of such a rank is shown at once: a user can answer it, or there is no other rank whose output mixes with it. */
  promptsAtOnce: boolean;
  /** Each rank has a terminal of this size (`--pty`); absent: pipes. */
  terminal?: TerminalSize;
  /** How long, after a good end of a rank, its children may hold its streams open; 0: not at all. */
  waitForChildrenMs: number;
  /** What an agent does not get from its starter, but the launching shell has; absent on the launcher's own host. */
  shell?: Shell;
  /** How this host's ranks talk to other hosts; absent when there are none. */
  network?: Network;
  /** Present where the run is recorded: how many calls of each rank are to be kept one by one. */
  recording?: { events: number; allLines: boolean };
  /** The CPUs that the scheduler has given the job here; absent where it does not say how many. */
  granted?: Granted;
}

/** A program of the job, and what its ranks do not share with those of others. */
export interface RankProgram {
  /** Its ranks are this one and the following, up to the first rank of the next program. */
  firstRank: number;
  /** A script with its files, or the name of any program, to be searched in PATH. */
  program: Program | Executable;
  args: string[];
  nodeOptions: string[];
  /** The variables of `--env`: they win over what the ranks' host has. */
  given: Record<string, string>;
  /** The directory that the ranks start in. */
  directory: string;
}

/** On which CPUs and GPUs of their hosts ranks are to run. */
export interface Seating {
  bindTo: BindTo;
  mapBy: MapBy;
  /** 0: ranks see the GPUs of their host. */
  gpusPerRank: number;
  /** The CPUs of this host's ranks, where a rank file names some. */
  cpus?: Record<number, number[]>;
  /** Whether the launcher is to be told (`--display-map`). */
  shown: boolean;
}

/** The part of a host that belongs to a job. */
export interface Granted {
  cpus: number;
  /** How many threads were asked for each slot. */
  threads: number;
}

/** What `tsmpi exec` runs. */
export interface Executable {
  executable: string;
}

/** What a shell has besides environment, directory and umask. */
export interface Shell {
  limits: ResourceLimits;
  /** Absent outside a batch job. Read by the scheduler of that name alone (hosts/task.ts). */
  task?: DescribedTask;
}

/** What the task of a scheduler on one host tells its task on another. */
export interface DescribedTask {
  scheduler: string;
  data: object;
}

/** The first message of an agent to its launcher. */
export interface Hello {
  kind: "hello";
  node: number;
  pid: number;
  /** Its process group. Ranks without a group of their own are in it. */
  group: number;
  version: string;
  nodeVersion: string;
  machine: Machine;
  /** How many CPUs the scheduler gave for the slot that the agent runs on; absent when it does not say. */
  cpusOfSlot?: number;
  /** Addresses at which its ranks can be reached. The first is the one from which it reached the launcher. */
  addresses: string[];
  /** The kind of its key. Filled in by the launcher. */
  key: string;
}

/** A rank has ended, and the others go on. */
export interface Ended {
  ending: Ending;
  /** How many packets it sent to each rank of the agent's host, if it left the world in good order. */
  sent?: Record<string, number>;
}

/** Ranks that are to be started while the job runs. */
export interface SpawnOrder {
  /** Number in the job of the first rank of their world, and how many ranks it has. */
  first: number;
  size: number;
  /** Those of this host. */
  ranks: number[];
  program: RankProgram;
  /** Its index among the programs of the job. */
  index: number;
}

/** Launcher to agent. */
export type Order =
  | { kind: "start"; plan: HostPlan }
  /** Every rank of the job is ready. */
  | { kind: "table"; peers: PeerAddress[] }
  /** Starts ranks while the job runs. What keeps one of them from starting is reported as `unspawned`. */
  | ({ kind: "spawn" } & SpawnOrder)
  /** All ranks of a world that was spawned are ready. For those of this host. `gone`: those who spawned them and have ended. */
  | {
      kind: "world";
      ranks: number[];
      peers: PeerAddress[];
      parents: { context: number; peers: PeerAddress[] };
      gone: Ending[];
    }
  /** The answer to `spawn` of this rank. */
  | { kind: "spawned"; rank: number; id: number; answer: SpawnAnswer }
  /** No more ranks will be spawned. */
  | { kind: "release" }
  /** Kills these ranks, as far as they run here: not all ranks of their world could be started. */
  | { kind: "killRanks"; ranks: number[] }
  /** The next seven are passed on to the ranks; see `AgentMessage` of `@tsmpi/core/bootstrap`. */
  | { kind: "ended"; endings: Ended[] }
  | { kind: "decided"; outcome: Outcome }
  | { kind: "revoked"; context: number; by: number }
  | { kind: "failed"; ending: Ending }
  | { kind: "stopping"; reason: string; code?: "undelivered" }
  | { kind: "endsSoon"; reason: string }
  | { kind: "where" }
  /** Asks how many bytes wait in connections to other hosts. */
  | { kind: "queues" }
  /** Asks for the host's clock. `sent` is by the launcher's. */
  | { kind: "clock"; sent: number }
  /** Asks for what the ranks have recorded so far. */
  | { kind: "record" }
  /** Asks all ranks to end, and kills them after `killAfterMs`. */
  | { kind: "stop"; killAfterMs: number }
  | { kind: "kill" }
  /** Kills this rank if it is still stopped (SIGSTOP); `reason` is reported with its end. */
  | { kind: "killStopped"; rank: number; reason: string }
  /** Kills all ranks of this host; `reason` is reported with their ends. */
  | { kind: "giveUp"; reason: string }
  /** Kills this rank if it does not answer `where` for some seconds; `reason` is reported with its end. */
  | { kind: "killUnresponsive"; rank: number; reason: string }
  /** The output is not read any more: drops what the ranks have written. */
  | { kind: "abandon" }
  | { kind: "signal"; signal: NodeJS.Signals }
  /** The launcher's standard input, for the ranks of this host that read it; null at its end. */
  | { kind: "input"; bytes: Uint8Array | null }
  /** This many bytes of the agent's output have been written: it may send as many again. */
  | { kind: "taken"; bytes: number };

/** Agent to launcher. */
export type Report =
  | { kind: "started"; rank: number; pid: number }
  /** This host's ranks cannot be started; none of them runs. */
  | { kind: "unable"; reason: string }
  /** This rank, which was to join the job, cannot be started. */
  | { kind: "unspawned"; rank: number; reason: string }
  /** Processes hold the streams of a rank that has ended well. They may go on for `leftMs`, or are being ended (0). */
  | { kind: "lingering"; rank: number; processes: { pid: number; command: string }[]; leftMs: number }
  /** On what this host's ranks run, as lists of CPUs and GPUs. `remark`: what the user is to be told of it. */
  | { kind: "seated"; seats: { rank: number; cpus: string; gpus: string }[]; remark?: string }
  /** For `--verbose`. */
  | { kind: "noted"; text: string }
  | { kind: "said"; rank: number; message: Exclude<RankMessage, { kind: "left" }> }
  /** Whole lines, or part of a line whose rest has not come for a while. */
  | { kind: "output"; rank: number; stream: OutputStream; bytes: Uint8Array }
  | { kind: "ended"; ending: Ending; sent?: Record<string, number>; strangers?: number }
  /** All that this rank ever wrote has been sent. */
  | { kind: "drained"; rank: number }
  | { kind: "inputTaken"; rank: number; bytes: number }
  /** This rank was stopped (SIGSTOP), so that nothing of it runs; or it goes on. */
  | { kind: "stopped"; rank: number; stopped: boolean }
  /** A connection of this host to rank `dest` carries nothing. It belongs to `rank`, if that is known. */
  | { kind: "stalled"; rank?: number; dest: number; from: string; to: string; seconds: number }
  /** The scheduler has told this agent that the job ends. It may not have told the launcher, which is outside the job. */
  | { kind: "terminated" }
  /** The answer to `queues`, in bytes. */
  | { kind: "queued"; bytes: number }
  /** The answer to `clock`, in ms by each one's monotonic clock; and how many CPUs the host's ranks may use. */
  | { kind: "clock"; sent: number; there: number; cpus: number }
  /** A part of what a rank has recorded, compressed; empty if it recorded nothing. */
  | { kind: "recorded"; rank: number; bytes: Uint8Array; last: boolean }
  /** No process and no file of the job is left on this host. */
  | { kind: "finished" };
