import type { PortRange } from "@tsmpi/core/bootstrap";
import { usageError } from "../errors/launch-error.ts";
import { workingDirectory } from "../system/seen-paths.ts";
import { mostRanks, walltime, wholeNumber } from "./option-values.ts";

/** One program of the command line, and what its ranks do not share with those of other programs. */
export interface ProgramOptions {
  /** What to run: a script (`tsmpi run`) or any program (`tsmpi exec`). */
  script: string;
  /** The script's own arguments. */
  args: string[];
  /** Undefined: one rank for each slot. */
  ranks: number | undefined;
  /** Changes to the environment that the ranks inherit. */
  environment: Record<string, string>;
  /** The working directory of the ranks. */
  directory: string;
  nodeOptions: string[];
}

/** What the command line asks for: complete and checked. Its own program is the first one. */
export interface RunOptions extends ProgramOptions {
  isCommand: boolean;
  /** The programs after the first `:`, in the order of their ranks. */
  others: ProgramOptions[];
  /** `--hosts`; undefined: those that the scheduler gives, or this machine. */
  hosts: { name: string; slots: number }[] | undefined;
  /** `--hostfile`: read instead of PBS_NODEFILE. */
  hostFile: string | undefined;
  /** `--starter`: what starts agents; undefined: the first starter that can. */
  starter: string | undefined;
  /** `--interface`, by name or CIDR: the only network to listen on. */
  interface: string | undefined;
  /** `--port-range`: ports to listen on; undefined: any port that the system gives. */
  ports: PortRange | undefined;
  /** Whether messages between hosts are encrypted. */
  encrypt: boolean;
  /** How long it may take until every rank has been started. */
  launchTimeoutMs: number;
  tagOutput: boolean;
  /** Each rank has a terminal. */
  pty: boolean;
  outputDirectory: string | undefined;
  timeoutMs: number | undefined;
  /** `--walltime`: when the batch system ends the job; undefined: the batch system is asked. */
  walltimeMs: number | undefined;
  killAfterMs: number;
  /** 0: children of a rank are killed at its end. */
  waitForChildrenMs: number;
  /** 0: a rank may be stopped for ever. */
  silentAfterMs: number;
  /** 0: no search for deadlocks. */
  deadlockAfterMs: number;
  displayMap: boolean;
  dryRun: boolean;
  keepGoing: boolean;
  /** The exit code of rank 0 is a number of failures (`tsmpi map`). */
  countsFailures: boolean;
  verbose: boolean;
  /** Odd things that do not stop the job, a sentence each. */
  warnings: string[];
}

/** All programs of the job, in the order of their ranks. */
export function programsOf(options: RunOptions): ProgramOptions[] {
  return [options, ...options.others];
}

/** The program that a rank runs. */
export function programOfRank(options: RunOptions, rank: number): ProgramOptions {
  let end = 0;
  for (const program of programsOf(options)) {
    end += program.ranks ?? Number.POSITIVE_INFINITY;
    if (rank < end) return program;
  }
  return options;
}

/**
 * The number of ranks of all programs; undefined for one program without `-n`, which gets a rank for each slot.
 *
 * @throws LaunchError when one of several programs has no `-n`.
 */
export function ranksOfAll(options: RunOptions): number | undefined {
  if (options.others.length === 0) return options.ranks;
  const total = programsOf(options).reduce((sum, { script, ranks }) => {
    if (ranks === undefined)
      throw usageError(`how many ranks run ${script}? With several programs each has its own: -n 2 a.ts : -n 6 b.ts`);
    return sum + ranks;
  }, 0);
  return wholeNumber("-n of all programs:", String(total), { least: 1, most: mostRanks });
}

/** The options of a command line that gives none. */
export function defaultOptions(script: string, args: string[], isCommand: boolean): RunOptions {
  return {
    script,
    isCommand,
    args,
    ranks: undefined,
    others: [],
    hosts: undefined,
    hostFile: undefined,
    starter: undefined,
    interface: undefined,
    ports: undefined,
    encrypt: true,
    launchTimeoutMs: 60_000,
    environment: {},
    directory: workingDirectory(),
    tagOutput: false,
    pty: false,
    outputDirectory: undefined,
    timeoutMs: undefined,
    walltimeMs: givenWalltime(process.env["TSMPI_WALLTIME"]),
    killAfterMs: 3000,
    waitForChildrenMs: 60_000,
    silentAfterMs: 60_000,
    deadlockAfterMs: 30_000,
    nodeOptions: [],
    displayMap: false,
    dryRun: false,
    keepGoing: false,
    countsFailures: false,
    verbose: false,
    warnings: [],
  };
}

/** The variable is for job scripts that run under several batch systems. */
function givenWalltime(value: string | undefined): number | undefined {
  return value === undefined || value === "" ? undefined : walltime("TSMPI_WALLTIME", value);
}
