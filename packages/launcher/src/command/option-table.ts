import { resolve } from "node:path";
import { usageError } from "../errors/launch-error.ts";
import { numbersIn } from "../system/number-list.ts";
import type { CommandMap } from "./command-map.ts";
import {
  existingDirectory,
  hosts,
  mostRanks,
  mostRestarts,
  oneOf,
  outputFile,
  portRange,
  seconds,
  walltime,
  wholeNumber,
  words,
} from "./option-values.ts";
import { bindings, mapOrders, type RunOptions } from "./options.ts";

/** One option: its flags, its meaning, and how its text becomes a value. */
export interface Option<O = RunOptions> {
  flags: string;
  description: string;
  /** Throws a usage error, in one sentence. */
  apply(options: O, value: string): void;
}

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
    flags: "--app <FILE>",
    description: "file of programs, one a line: -n 2 script.ts [args...]; the same as lone colons between them",
    apply() {
      throw usageError("--app: tsmpi run and tsmpi exec have this option"); // they have put its lines in its place
    },
  },
  {
    flags: "--hosts <HOSTS>",
    description: "hosts to use and their slots, a:4,me@b:4, also -H (default: those of the job)",
    apply(options, value) {
      options.hosts = hosts(value);
    },
  },
  {
    flags: "--hostfile <FILE>",
    description: "file of hosts, one a line: node1 slots=4, also -f, -machinefile (default: those of the job)",
    apply(options, value) {
      if (value === "") throw usageError("--hostfile: a file is missing");
      options.hostFile = resolve(value);
    },
  },
  {
    flags: "--map-by <ORDER>",
    description: "ranks fill the slots of a host after the other (slot, the default) or go round (host, numa, socket)",
    apply(options, value) {
      const [, perHost] = /^ppr:(\d+):(?:node|host)$/i.exec(value) ?? [];
      const order = value.replace(/:oversubscribe$/i, "") || "slot";
      if (perHost !== undefined)
        options.ranksPerHost = wholeNumber("--map-by ppr", perHost, { least: 1, most: mostRanks });
      else options.mapBy = oneOf("--map-by", order, mapOrders, { node: "host", package: "socket" });
    },
  },
  {
    flags: "--ranks-per-host <N>",
    description: "ranks on each host, instead of its slots, also -ppn, -npernode",
    apply(options, value) {
      options.ranksPerHost = wholeNumber("--ranks-per-host", value, { least: 1, most: mostRanks });
    },
  },
  {
    flags: "--rankfile <FILE>",
    description: "the host of each rank, and its CPUs, as lines of a file: rank 0=node1 slot=0-3",
    apply(options, value) {
      if (value === "") throw usageError("--rankfile: a file is missing");
      options.rankFile = resolve(value);
    },
  },
  {
    flags: "--bind-to <WHAT>",
    description: "CPUs of a rank: none (default: all of the job), core, share (equal parts), numa, socket",
    apply(options, value) {
      options.bindTo = oneOf("--bind-to", value, bindings, { package: "socket" });
    },
  },
  {
    flags: "--gpus-per-rank <N>",
    description: "each rank sees so many GPUs of those that its host has for the job (CUDA_VISIBLE_DEVICES, ...)",
    apply(options, value) {
      options.gpusPerRank = wholeNumber("--gpus-per-rank", value, { least: 1, most: mostRanks });
    },
  },
  {
    flags: "--oversubscribe",
    description: "more ranks than slots are not an error: always so, and told in one line",
    apply() {},
  },
  {
    flags: "--env <NAME[=VALUE]>",
    description: "set a variable for the ranks, or pass on the present one, also -x; may be repeated",
    apply(options, value) {
      const equals = value.indexOf("=");
      const name = equals < 0 ? value : value.slice(0, equals);
      if (name === "") throw usageError(`--env ${value}: a name is missing (NAME=VALUE, or NAME alone)`);
      const present = Object.hasOwn(process.env, name) ? process.env[name] : undefined; // not inherited names such as toString
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
    flags: "--tag-output [=host]",
    description: "put the rank before each line: [3] text; with =host the host, too: [3 node1] text",
    apply(options, value) {
      options.tagOutput = value === "" ? "rank" : oneOf("--tag-output", value, ["rank", "host"]);
    },
  },
  {
    flags: "--output-ranks <RANKS>",
    description: "show the output of these ranks only: 0,3-5",
    apply(options, value) {
      options.outputRanks = numbersIn(value);
      if (options.outputRanks === undefined)
        throw usageError(`--output-ranks ${value}: numbers of ranks are needed, as in 0,3-5`);
    },
  },
  {
    flags: "--stdin <WHO>",
    description: "which ranks read the standard input: a rank (default: 0), all, or none",
    apply(options, value) {
      options.stdin = /^\d+$/.test(value) ? Number(value) : oneOf("--stdin", value, ["all", "none"]);
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
    description: "kill a rank that stays stopped (SIGSTOP) for so long (default: 60; 0: never)",
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
    description:
      "what starts processes on other hosts: pbsdsh, srun, blaunch, qrsh, ssh (default: that of the batch job, else ssh)",
    apply(options, value) {
      options.starter = value;
    },
  },
  {
    flags: "--node <PATH>",
    description: "Node.js on other hosts (default: at the same path as here, else in PATH there)",
    apply(options, value) {
      if (!value.startsWith("/")) throw usageError(`--node ${value}: an absolute path is needed`);
      options.node = value;
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
    description: "do not encrypt messages between hosts: the network can read them, but not change or forge them",
    apply(options) {
      options.encrypt = false;
    },
  },
  {
    flags: "--display-map",
    description: "show where ranks run: hosts, slots, programs, CPUs, GPUs",
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
    flags: "--report <FILE.html>",
    description: "record the run, and write a page that shows it: how well it runs in parallel, and what to improve",
    apply(options, value) {
      options.sight.report = outputFile("--report", value, [".html", ".htm"]);
    },
  },
  {
    flags: "--trace <FILE.json>",
    description: "record the run, and write its events for ui.perfetto.dev; also FILE.json.gz",
    apply(options, value) {
      options.sight.trace = outputFile("--trace", value, [".json", ".json.gz"]);
    },
  },
  {
    flags: "--record <FILE.tsrec>",
    description: "record the run, and keep the recording for tsmpi report",
    apply(options, value) {
      options.sight.record = outputFile("--record", value, [".tsrec"]);
    },
  },
  {
    flags: "--live",
    description: "record the run, and show its report while it runs, at an address of this machine that is printed",
    apply(options) {
      options.sight.live = true;
    },
  },
  {
    flags: "--record-lines",
    description:
      "look up the line of every call that is recorded, 10 us each (default: of waiting calls and of a sample)",
    apply(options) {
      options.sight.allLines = true;
    },
  },
  {
    flags: "--summary",
    description: "record the run, and say at its end in ten lines where the time went",
    apply(options) {
      options.sight.summary = true;
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
    description:
      "go on without ranks that fail: maps give their tasks to others, programs shrink their world (docs/survive.md)",
    apply(options) {
      options.keepGoing = true;
    },
  },
  {
    flags: "--restarts <N>",
    description:
      "start a job that failed again, so many times, without hosts that were lost (default: 0); docs/restarts.md",
    apply(options, value) {
      options.restarts = wholeNumber("--restarts", value, { least: 0, most: mostRestarts, of: "restarts" });
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
  /--(hosts|hostfile|env|wdir|timeout|walltime|interface|port-range|starter|node|launch-timeout|no-encrypt|verbose)\b/;

/** The options of `tsmpi doctor`: which hosts, how to reach them, how long. */
export const doctorOptionTable: readonly Option[] = optionTable.filter(({ flags }) => doctorOptions.test(flags));

/** What `tsmpi map` has besides the options of `tsmpi run`. */
export const mapOptionTable: readonly Option<CommandMap>[] = [
  {
    flags: "-0, --null",
    description: "inputs of standard input end with NUL, as find -print0 writes them, and not with a newline",
    apply(map) {
      map.separator = "\0";
    },
  },
  {
    flags: "--unordered",
    description: "show the output of an input as soon as its command has ended (default: in the order of the inputs)",
    apply(map) {
      map.ordered = false;
    },
  },
  {
    flags: "--retries <N>",
    description: "how often a command that failed is tried again, on any rank (default: 0)",
    apply(map, value) {
      map.retries = wholeNumber("--retries", value, { least: 0, most: 1e6 });
    },
  },
  {
    flags: "--journal <FILE>",
    description: "keep what has succeeded in this file; a second run does the rest",
    apply(map, value) {
      if (value === "") throw usageError("--journal: a file is missing");
      map.journal = resolve(value);
    },
  },
  {
    flags: "--task-timeout <SECONDS>",
    description: "longest time of one command; it has failed then",
    apply(map, value) {
      map.taskTimeoutMs = seconds("--task-timeout", value) * 1000;
    },
  },
];
