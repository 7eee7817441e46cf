import type { Host } from "./host.ts";

/** Starts agents on hosts. */
export type Starter = InProcessStarter | CommandStarter;

interface AnyStarter {
  /** As in `--starter`. */
  readonly name: string;
  /** Whether it can start something on this host. */
  serves(host: Host): boolean;
}

/** The agent needs no process of its own. */
export interface InProcessStarter extends AnyStarter {
  readonly kind: "in-process";
}

/**
 * A command on this host runs a command on others: `pbsdsh` one for each host, `srun` one for all of them. An agent
 * connects to its launcher by itself, so that this is all that starters differ in.
 *
 * | member | contract |
 * | --- | --- |
 * | `commands` | what to run here so that `there` runs once on each target; every target is in one command exactly |
 * | `onceConnected` | what becomes of the command when all of its agents have connected: it is killed, or it must live as long as they do |
 * | `endSignal` | what ends the command when the launcher gives up; undefined: it ends with its standard input |
 * | `explain` | what the end of a command says of one host whose agent has not connected |
 * | `hangs` | why a command may still run when no agent comes: "the host or its daemon hangs" |
 * | `describePlace` | how the scheduler counts this host, for a message that it led to another one |
 * | `bringsKey` | `commands` gets the job's key and brings it to the agents unseen; their stdin ends when this process does |
 * | `isRefusal` | the command ended because the host has too many of them at the moment: it is tried again |
 */
export interface CommandStarter extends AnyStarter {
  readonly kind: "command";
  readonly onceConnected: "kill" | "keep";
  readonly endSignal: NodeJS.Signals | undefined;
  readonly hangs: string;
  readonly bringsKey?: boolean;
  commands(targets: readonly Target[], there: CommandThere, key?: Uint8Array): StartCommand[];
  explain(host: Host, end: CommandEnd): Explanation;
  describePlace(host: Host): string;
  isRefusal?(end: CommandEnd): boolean;
}

/** A host on which something is to be started, and its number among the hosts of the job. */
export interface Target {
  node: number;
  host: Host;
}

/**
 * The command that is to run on the hosts. It differs in one word, the number of the node. A starter with one command for
 * several hosts gives all numbers, and the variable that tells each process on its host which of them is its own.
 */
export type CommandThere = (node: number | NodeTable) => string[];

/** `variable` is an index into `nodes`: Slurm's SLURM_NODEID counts the hosts of a step from 0. */
export interface NodeTable {
  nodes: readonly number[];
  variable: string;
}

/** A command to run on this host. */
export interface StartCommand {
  words: readonly string[];
  /** The nodes that it starts something on. */
  nodes: readonly number[];
  /** Its environment; absent: the launcher's. */
  environment?: NodeJS.ProcessEnv;
  /** Its standard input; absent: none. */
  input?: string;
  /** After `input` its standard input stays open, and ends when this process does. */
  holdsInput?: boolean;
  /** It gets a process group of its own, so that a terminal's Ctrl-C does not reach it. */
  ownGroup?: boolean;
}

/** How a command has ended. */
export interface CommandEnd {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** The first 2000 characters that it printed, stdout and stderr. */
  printed: string;
}

export interface Explanation {
  /** The exit code of the host's agent, if the starter tells it: agent-exits.ts knows what it means. */
  agentExit?: number;
  /** What went wrong, if the starter itself knows better. */
  cause?: string;
}
