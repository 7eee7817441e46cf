import { statSync } from "node:fs";
import { resolve } from "node:path";
import type { PortRange } from "@tsmpi/core/bootstrap";
import { reasonOf, usageError } from "../errors/launch-error.ts";
import { seenPath, workingDirectory } from "../system/seen-paths.ts";

/** What `tsmpi run` is asked to do: complete and checked. */
export interface RunOptions {
  /** What to run: a script (`tsmpi run`) or any program (`tsmpi exec`). */
  script: string;
  isCommand: boolean;
  /** The script's own arguments. */
  args: string[];
  /** Undefined: one for each slot. */
  ranks: number | undefined;
  /** `--hosts`; undefined: whoever knows of hosts is asked. */
  hosts: { name: string; slots: number }[] | undefined;
  /** `--hostfile`: read in place of PBS_NODEFILE. */
  hostFile: string | undefined;
  /** `--starter`: who starts agents; undefined: the first that can. */
  starter: string | undefined;
  /** `--interface`, by name or CIDR: the only one that is listened on. */
  interface: string | undefined;
  /** `--port-range`: what is listened on; undefined: any port that the system gives. */
  ports: PortRange | undefined;
  /** What ranks on different hosts tell each other is encrypted. */
  encrypt: boolean;
  /** How long it may take until every rank has been started. */
  launchTimeoutMs: number;
  /** Changes to the environment that the ranks inherit. */
  environment: Record<string, string>;
  /** Where the ranks start. */
  directory: string;
  tagOutput: boolean;
  /** Each rank has a terminal. */
  pty: boolean;
  outputDirectory: string | undefined;
  timeoutMs: number | undefined;
  /** `--walltime`: when the batch system ends the job, which it says itself where PBS can be asked. */
  walltimeMs: number | undefined;
  killAfterMs: number;
  /** 0: what ranks have started is killed at their end. */
  waitForChildrenMs: number;
  /** 0: a rank may be stopped for ever. */
  silentAfterMs: number;
  /** 0: deadlocks are not looked for. */
  deadlockAfterMs: number;
  nodeOptions: string[];
  displayMap: boolean;
  dryRun: boolean;
  keepGoing: boolean;
  verbose: boolean;
  /** Things that are odd but no reason not to run, a sentence each. */
  warnings: string[];
}

/** One option of the command line: how it is written, what it means, how its text becomes a value. */
interface Option {
  flags: string;
  description: string;
  /** Throws a usage error, in one sentence. */
  apply(options: RunOptions, value: string): void;
}

const mostRanks = 4096;
const longestTimerSeconds = 2_147_483; // setTimeout counts milliseconds in 31 bits

/** Every option of `tsmpi run`, in the order in which the help shows them. */
export const optionTable: readonly Option[] = [
  {
    flags: "-n, --np <N>",
    description: "number of ranks, also -np N (default: one for each slot of the job, or CPU that may be used)",
    apply(options, value) {
      options.ranks = wholeNumber("-n", value, { least: 1, most: mostRanks });
    },
  },
  {
    flags: "--hosts <HOSTS>",
    description: "hosts to use and their slots, a:4,b:4, also -H (default: those of the job)",
    apply(options, value) {
      options.hosts = hosts(value);
    },
  },
  {
    flags: "--hostfile <FILE>",
    description: "file of hosts of the job, one a line, a slot each, also -f, -machinefile (default: PBS_NODEFILE)",
    apply(options, value) {
      if (value === "") throw usageError("--hostfile: a file is missing");
      options.hostFile = resolve(value);
    },
  },
  {
    flags: "--env <NAME[=VALUE]>",
    description: "set a variable for the ranks, or pass on the present one, also -x; may be repeated",
    apply(options, value) {
      const equals = value.indexOf("=");
      const name = equals < 0 ? value : value.slice(0, equals);
      if (name === "") throw usageError(`--env ${value}: a name is missing (NAME=VALUE, or NAME alone)`);
      const present = Object.hasOwn(process.env, name) ? process.env[name] : undefined; // not what every object has
      const given = equals < 0 ? present : value.slice(equals + 1);
      if (given === undefined)
        options.warnings.push(`--env ${name}: ${name} is not set, so ranks will not see it either`);
      else options.environment[name] = given;
    },
  },
  {
    flags: "--wdir <DIR>",
    description: "directory in which the ranks start (default: this one)",
    apply(options, value) {
      options.directory = existingDirectory("--wdir", value);
    },
  },
  {
    flags: "--tag-output",
    description: "put the rank before each line: [3] text",
    apply(options) {
      options.tagOutput = true;
    },
  },
  {
    flags: "--output-dir <DIR>",
    description: "write files DIR/rank.3.out and DIR/rank.3.err instead of showing the output",
    apply(options, value) {
      if (value === "") throw usageError("--output-dir: a directory is missing");
      options.outputDirectory = resolve(value);
    },
  },
  {
    flags: "--pty",
    description:
      "give each rank a terminal of its own, for programs that behave in another way without; stderr is stdout there",
    apply(options) {
      options.pty = true;
    },
  },
  {
    flags: "--timeout <SECONDS>",
    description: "end the job after this time, with exit code 124",
    apply(options, value) {
      options.timeoutMs = seconds("--timeout", value) * 1000;
    },
  },
  {
    flags: "--walltime <TIME>",
    description: "time that the batch system leaves the job: 01:00:00, 60:00 or seconds (default: PBS is asked)",
    apply(options, value) {
      options.walltimeMs = walltime("--walltime", value);
    },
  },
  {
    flags: "--deadlock-after <SECONDS>",
    description:
      "end the job when all ranks have waited for each other so long, with exit code 123 (default: 30; 0: never)",
    apply(options, value) {
      options.deadlockAfterMs = value === "0" ? 0 : seconds("--deadlock-after", value) * 1000;
    },
  },
  {
    flags: "--kill-after <SECONDS>",
    description: "how long ranks may go on after they were told to end (default: 3)",
    apply(options, value) {
      options.killAfterMs = seconds("--kill-after", value) * 1000;
    },
  },
  {
    flags: "--silent-after <SECONDS>",
    description: "kill a rank that somebody has stopped (SIGSTOP) for so long (default: 60; 0: never)",
    apply(options, value) {
      options.silentAfterMs = value === "0" ? 0 : seconds("--silent-after", value) * 1000;
    },
  },
  {
    flags: "--wait-for-children <SECONDS>",
    description:
      "how long processes that ranks have started may hold their output open after a good end (default: 60; 0: not at all)",
    apply(options, value) {
      options.waitForChildrenMs = value === "0" ? 0 : seconds("--wait-for-children", value) * 1000;
    },
  },
  {
    flags: "--node-options <OPTIONS>",
    description: 'options of node for the ranks: "--max-old-space-size=4096"',
    apply(options, value) {
      options.nodeOptions.push(...words(value));
    },
  },
  {
    flags: "--interface <NAME|CIDR>",
    description: "network to use between hosts: eth0, 10.1.0.0/16 (default: the first that works)",
    apply(options, value) {
      options.interface = value;
    },
  },
  {
    flags: "--port-range <A-B>",
    description: "ports to listen on, where a firewall between the hosts leaves only some open: 50000-50999",
    apply(options, value) {
      options.ports = portRange(value);
    },
  },
  {
    flags: "--starter <NAME>",
    description: "what starts processes on other hosts: pbsdsh",
    apply(options, value) {
      options.starter = value;
    },
  },
  {
    flags: "--launch-timeout <SECONDS>",
    description: "how long it may take to start all ranks (default: 60)",
    apply(options, value) {
      options.launchTimeoutMs = seconds("--launch-timeout", value) * 1000;
    },
  },
  {
    flags: "--no-encrypt",
    description:
      "what ranks on different hosts tell each other can be read by who can see the network, but not changed or forged",
    apply(options) {
      options.encrypt = false;
    },
  },
  {
    flags: "--display-map",
    description: "show hosts, slots and ranks",
    apply(options) {
      options.displayMap = true;
    },
  },
  {
    flags: "--dry-run",
    description: "show the map and the commands, and start nothing",
    apply(options) {
      options.dryRun = true;
    },
  },
  {
    flags: "--progress",
    description: "show how far maps and pools have come, also where the script does not ask for it",
    apply(options) {
      options.environment["TSMPI_PROGRESS"] = "1";
    },
  },
  {
    flags: "--check",
    description:
      "look for mistakes, several times slower: exit code 1 when there are any; what it finds is in docs/check.md",
    apply(options) {
      options.environment["TSMPI_CHECK"] = "1";
    },
  },
  {
    flags: "--keep-going",
    description: "go on without ranks that fail: maps and pools give their tasks to others; rank 0 sets the exit code",
    apply(options) {
      options.keepGoing = true;
    },
  },
  {
    flags: "--verbose",
    description: "tell what happens, with times",
    apply(options) {
      options.verbose = true;
    },
  },
];

const doctorOptions =
  /--(hosts|hostfile|env|wdir|timeout|walltime|interface|port-range|starter|launch-timeout|no-encrypt|verbose)\b/;

/** Those of `tsmpi doctor`: where, how to get there, how long. */
export const doctorOptionTable: readonly Option[] = optionTable.filter(({ flags }) => doctorOptions.test(flags));

/** The options before any was given. */
export function defaultOptions(script: string, args: string[], isCommand: boolean): RunOptions {
  return {
    script,
    isCommand,
    args,
    ranks: undefined,
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
    verbose: false,
    warnings: [],
  };
}

function wholeNumber(option: string, value: string, { least, most }: { least: number; most: number }): number {
  const number = /^[+-]?\d+$/.test(value.trim()) ? Number(value) : Number.NaN;
  if (Number.isNaN(number)) throw usageError(`${option} ${value}: a whole number from ${least} to ${most} is needed`);
  if (number < least) throw usageError(`${option} ${value}: at least ${least} is needed`);
  if (number > most) throw usageError(`${option} ${value}: at most ${most} ranks are supported`);
  return number;
}

/** `a:4,b,[fe80::1]:2` -> names with slots, 1 where none are given. */
function hosts(value: string): { name: string; slots: number }[] {
  const found = new Map<string, number>();
  for (const word of value.split(",")) {
    const [, bracketed, plain, slots = "1"] = /^(?:\[([^\]]+)\]|([^\s:]+))(?::(\d+))?$/.exec(word.trim()) ?? [];
    const name = bracketed ?? plain;
    if (name === undefined) throw usageError(`--hosts ${value}: names with slots are needed, as in a:4,b:4`);
    found.set(
      name,
      (found.get(name) ?? 0) + wholeNumber(`--hosts ${name}: slots`, slots, { least: 1, most: mostRanks }),
    );
  }
  return [...found].map(([name, count]) => ({ name, slots: count }));
}

/** `50000-50999`, both included. */
function portRange(value: string): PortRange {
  const [, first = Number.NaN, last = Number.NaN] = (/^(\d+)-(\d+)$/.exec(value.trim()) ?? []).map(Number);
  if (first >= 1 && last <= 65_535 && first <= last) return [first, last];
  throw usageError(
    `--port-range ${value}: two ports from 1 to 65535 are needed, the lower one first, as in 50000-50999`,
  );
}

function seconds(option: string, value: string): number {
  const number = /^\d*\.?\d+$/.test(value.trim()) ? Number(value) : Number.NaN;
  if (Number.isNaN(number) || number === 0)
    throw usageError(`${option} ${value}: a number of seconds above 0 is needed`);
  if (number > longestTimerSeconds)
    throw usageError(`${option} ${value}: at most ${longestTimerSeconds} seconds are supported`);
  return number;
}

/** The variable is for job scripts that run under several systems. */
function givenWalltime(value: string | undefined): number | undefined {
  return value === undefined || value === "" ? undefined : walltime("TSMPI_WALLTIME", value);
}

function walltime(option: string, value: string): number {
  const ms = /^\d+(:\d+){0,2}$/.test(value) ? durationMs(value) : 0;
  if (ms === 0) throw usageError(`${option} ${value}: hours:minutes:seconds are needed, as in 01:00:00, or seconds`);
  return ms;
}

/** `90`, `1:30` and `0:01:30`, as PBS and people write times, are the same. */
export function durationMs(text: string): number {
  return text.split(":").reduce((sum, part) => sum * 60 + Number(part), 0) * 1000;
}

function existingDirectory(option: string, value: string): string {
  const directory = seenPath(value);
  try {
    if (statSync(directory).isDirectory()) return directory;
  } catch (error) {
    throw usageError(`${option} ${value}: ${reasonOf(error)}`);
  }
  throw usageError(`${option} ${value}: not a directory`);
}

/** `a "b c" d\ e` -> a, b c, d e: as a shell would, without any other magic. */
function words(text: string): string[] {
  const found = text.match(/(?:[^\s"'\\]|\\.|"[^"]*"|'[^']*')+/g) ?? [];
  return found.map((word) => word.replace(/\\(.)|"([^"]*)"|'([^']*)'/g, "$1$2$3"));
}
