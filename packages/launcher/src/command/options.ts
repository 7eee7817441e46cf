import type { PortRange } from "@tsmpi/core/bootstrap";
import { workingDirectory } from "../system/seen-paths.ts";
import { type NamedHost, walltime } from "./option-values.ts";

/** What the command line asks for: complete and checked. */
export interface RunOptions {
  /** What to run: a script (`tsmpi run`) or any program (`tsmpi exec`). */
  script: string;
  isCommand: boolean;
  /** The script's own arguments. */
  args: string[];
  /** Undefined: one rank for each slot. */
  ranks: number | undefined;
  /** `--hosts`; undefined: those that the scheduler gives, or this machine. */
  hosts: NamedHost[] | undefined;
  /** `--hostfile`: hosts from a file. */
  hostFile: string | undefined;
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
  /** Changes to the environment that the ranks inherit. */
  environment: Record<string, string>;
  /** The working directory of the ranks. */
  directory: string;
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
  nodeOptions: string[];
  displayMap: boolean;
  dryRun: boolean;
  keepGoing: boolean;
  /** The exit code of rank 0 is a number of failures (`tsmpi map`). */
  countsFailures: boolean;
  verbose: boolean;
  /** Odd things that do not stop the job, a sentence each. */
  warnings: string[];
}

/** The options of a command line that gives none. */
export function defaultOptions(script: string, args: string[], isCommand: boolean): RunOptions {
  return {
    script,
    isCommand,
    args,
    ranks: undefined,
    hosts: undefined,
    hostFile: undefined,
    starter: undefined,
    node: undefined,
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
