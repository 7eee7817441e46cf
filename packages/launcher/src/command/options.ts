import type { PortRange } from "@tsmpi/core/bootstrap";
import { usageError } from "../errors/launch-error.ts";
import { workingDirectory } from "../system/seen-paths.ts";
import { mostRanks, type NamedHost, walltime, wholeNumber } from "./option-values.ts";

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

/** `--map-by`: in which order ranks take the slots of hosts, and within a host the parts of it that they are bound to. */
export const mapOrders = ["slot", "host", "numa", "socket"] as const;
export type MapBy = (typeof mapOrders)[number];

/** `--bind-to`: which CPUs a rank may use. */
export const bindings = ["none", "core", "share", "numa", "socket"] as const;
export type BindTo = (typeof bindings)[number];

/** What a recording of the run becomes, by the paths of files. */
export interface Sight {
  /** `--report`: a page for a browser. */
  report?: string;
  /** `--trace`: events for ui.perfetto.dev. */
  trace?: string;
  /** `--record`: the recording itself. */
  record?: string;
  /** `--summary`: some lines at the end. */
  summary: boolean;
  /** `--live`: the page while the job runs. */
  live: boolean;
  /** `--record-lines`: the line of every call is looked up. */
  allLines: boolean;
}

/** Whether the run is to be recorded. */
export function isRecorded({ report, trace, record, summary, live }: Sight): boolean {
  return summary || live || [report, trace, record].some((path) => path !== undefined);
}

/** What the command line asks for: complete and checked. Its own program is the first one. */
export interface RunOptions extends ProgramOptions {
  isCommand: boolean;
  /** The programs after the first `:`, in the order of their ranks. */
  others: ProgramOptions[];
  /** `--hosts`; undefined: those that the scheduler gives, or this machine. */
  hosts: NamedHost[] | undefined;
  /** `--hostfile`: hosts from a file. */
  hostFile: string | undefined;
  mapBy: MapBy;
  /** `--ranks-per-host`: instead of the slots of the hosts. */
  ranksPerHost: number | undefined;
  /** `--rankfile`: the host of each rank. */
  rankFile: string | undefined;
  /** Undefined: as `mapBy` and the rank file say, else none. */
  bindTo: BindTo | undefined;
  /** `--gpus-per-rank`; 0: ranks see the GPUs of their host. */
  gpusPerRank: number;
  /** `--starter`: what starts agents; undefined: the first starter that can. */
  starter: string | undefined;
  /** `--node`: the path of Node.js on other hosts; undefined: that of this process, or what PATH has there. */
  node: string | undefined;
  /** `--interface`, by name or CIDR: the only network to listen on. */
  interface: string | undefined;
  /** `--port-range`: ports to listen on; undefined: any port that the system gives. */
  ports: PortRange | undefined;
  /** Whether messages between hosts are encrypted. */
  encrypt: boolean;
  /** How long it may take until every rank has been started. */
  launchTimeoutMs: number;
  /** What stands before each line of output. */
  tagOutput: "rank" | "host" | undefined;
  /** `--output-ranks`: whose output is shown; undefined: that of all. */
  outputRanks: number[] | undefined;
  /** Which ranks read the standard input. */
  stdin: "all" | "none" | number;
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
  /** What is made of a recording of the run; nothing is recorded if all of it is absent. */
  sight: Sight;
  dryRun: boolean;
  keepGoing: boolean;
  /** `--restarts`: how often a job that failed is started again. */
  restarts: number;
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

/** What ranks are bound to. Mapping ranks by parts of a host means that they are bound to these parts. */
export function bindingOf({ bindTo, mapBy }: RunOptions): BindTo {
  return bindTo ?? (mapBy === "numa" || mapBy === "socket" ? mapBy : "none");
}

/** @throws LaunchError when options do not fit each other, or a job of this size. */
export function checkRanks({ outputRanks = [], stdin, sight }: RunOptions, size: number): void {
  if (sight.allLines && !isRecorded(sight))
    throw usageError("--record-lines: what is to be made of the recording? --report FILE.html, for example");
  const check = (option: string, rank: number | undefined): void => {
    if (rank === undefined || rank < size) return;
    throw usageError(`${option} ${rank}: there is no such rank, the ${size} ranks are numbered from 0`);
  };
  check("--output-ranks", outputRanks.at(-1));
  check("--stdin", typeof stdin === "number" ? stdin : undefined);
}

/** The ranks that read the standard input. */
export function inputRanksOf({ stdin }: RunOptions, size: number): number[] {
  if (stdin === "all") return Array.from({ length: size }, (_, rank) => rank);
  return stdin === "none" ? [] : [stdin];
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
// biome-ignore lint/complexity/noExcessiveLinesPerFunction: one line for each option, a table
export function defaultOptions(script: string, args: string[], isCommand: boolean): RunOptions {
  return {
    script,
    isCommand,
    args,
    ranks: undefined,
    others: [],
    hosts: undefined,
    hostFile: undefined,
    mapBy: "slot",
    ranksPerHost: undefined,
    rankFile: undefined,
    bindTo: undefined,
    gpusPerRank: 0,
    starter: undefined,
    node: undefined,
    interface: undefined,
    ports: undefined,
    encrypt: true,
    launchTimeoutMs: 60_000,
    environment: {},
    directory: workingDirectory(),
    tagOutput: undefined,
    outputRanks: undefined,
    stdin: 0,
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
    sight: { summary: false, live: false, allLines: false },
    dryRun: false,
    keepGoing: false,
    restarts: 0,
    countsFailures: false,
    verbose: false,
    warnings: [],
  };
}

/** The variable is for job scripts that run under several batch systems. */
function givenWalltime(value: string | undefined): number | undefined {
  return value === undefined || value === "" ? undefined : walltime("TSMPI_WALLTIME", value);
}
