import { usageError } from "../errors/launch-error.ts";
import { mapOptionTable, optionTable } from "./option-table.ts";

/**
 * An option of another launcher: `mpiexec` of Open MPI, MPICH or Intel, or `srun`. An option that tsmpi has is translated. One
 * whose effect tsmpi always has is accepted. Any other is refused, with one sentence that says what to write.
 */
interface Foreign {
  /** Names without dashes: one dash or two mean the same. */
  names: string;
  /** How many words follow it; none if absent. Of two, the first may hold both: NAME=VALUE. */
  takes?: 1 | 2;
  /** The options of tsmpi for it; absent: tsmpi does it anyway. */
  ours?: (...values: string[]) => string[];
  /** Why it is refused, and what to write; undefined: accepted with this value. */
  refusal?: (value: string) => string | undefined;
}

const slotOrder = "ranks are numbered in the order in which --map-by gives them slots; leave it out";
const threads = (count: string): string =>
  `say ncpus=${count}:ompthreads=${count} in the select line of PBS for threads, -n for ranks`;
/** Values of srun's option. */
const cpuBindings: Readonly<Record<string, string>> = {
  none: "none",
  no: "none",
  cores: "core",
  sockets: "socket",
  ldoms: "numa",
};
const outputPlace = "say > FILE, or --output-dir DIR for a file of each rank";
/** Accepts these values, refuses others. */
const unless =
  (accepted: RegExp, refusal: string) =>
  (value: string): string | undefined =>
    accepted.test(value) ? undefined : refusal;

const foreignOptions: readonly Foreign[] = [
  { names: "n np nprocs ntasks", takes: 1, ours: (value) => ["--np", value] },
  { names: "H host w nodelist", takes: 1, ours: (value) => ["--hosts", value] },
  { names: "f machinefile default-hostfile", takes: 1, ours: (value) => ["--hostfile", value] },
  { names: "x", takes: 1, ours: (value) => ["--env", value] },
  { names: "env genv", takes: 2, ours: (...words) => ["--env", words.join("=")] },
  { names: "envlist genvlist", takes: 1, ours: (list) => list.split(",").flatMap((name) => ["--env", name]) },
  {
    names: "export",
    takes: 1,
    ours: (list) => list.split(",").flatMap((name) => (name === "ALL" ? [] : ["--env", name])),
    refusal: (list) => (list === "NONE" ? "start tsmpi under env -i" : undefined),
  },
  { names: "envall genvall" },
  { names: "envnone genvnone", refusal: () => "start tsmpi under env -i, and pass variables on with --env NAME" },
  { names: "wd chdir D", takes: 1, ours: (value) => ["--wdir", value] },
  { names: "output-filename", takes: 1, ours: (value) => ["--output-dir", value] },
  { names: "o output e error outfile-pattern errfile-pattern", takes: 1, refusal: () => outputPlace },
  { names: "l label prepend-rank", ours: () => ["--tag-output="] },
  { names: "v", ours: () => ["--verbose"] },
  { names: "display", takes: 1, ours: () => ["--display-map"], refusal: unless(/^map$/i, "say --display-map") },
  { names: "do-not-launch", ours: () => ["--dry-run"] },
  { names: "iface", takes: 1, ours: (value) => ["--interface", value] },
  { names: "disable-auto-cleanup enable-recovery", ours: () => ["--keep-going"] },
  { names: "t time", takes: 1, refusal: () => "say --timeout SECONDS" },
  { names: "s", takes: 1, ours: (value) => ["--stdin", value] },
  { names: "overcommit O allow-run-as-root byslot kill-on-bad-exit K unbuffered u" },
  { names: "nooversubscribe", refusal: () => "leave it out; more ranks than slots are told of in one line" },
  { names: "mpi", takes: 1 },
  { names: "rank-by", takes: 1, refusal: unless(/^slot$/i, slotOrder) },
  {
    names: "m distribution",
    takes: 1,
    ours: (value) => ["--map-by", value.startsWith("cyclic") ? "host" : "slot"],
    refusal: unless(/^(block|cyclic)/i, "say --map-by slot or --map-by host"),
  },
  { names: "bynode cyclic rr", ours: () => ["--map-by", "host"] },
  { names: "rf", takes: 1, ours: (value) => ["--rankfile", value] },
  {
    names: "hostmap",
    takes: 1,
    refusal: () => "say --rankfile FILE, whose lines are rank 0=node1",
  },
  { names: "bind-to-core", ours: () => ["--bind-to", "core"] },
  {
    names: "cpu-bind",
    takes: 1,
    ours: (value) => ["--bind-to", cpuBindings[value.toLowerCase()]!],
    refusal: unless(/^(none|no|cores|sockets|ldoms)$/i, "say --bind-to none, core, share, numa or socket"),
  },
  { names: "report-bindings", ours: () => ["--display-map"] },
  { names: "gpus-per-task", takes: 1, ours: (value) => ["--gpus-per-rank", value] },
  { names: "ppn perhost npernode ntasks-per-node", takes: 1, ours: (value) => ["--ranks-per-host", value] },
  { names: "pernode", ours: () => ["--ranks-per-host", "1"] },
  {
    names: "N",
    takes: 1,
    refusal: (value) =>
      `-N counts hosts in srun, ranks for each host elsewhere: say --ranks-per-host ${value} for those`,
  },
  { names: "nodes", takes: 1, refusal: () => "say --hosts a,b" },
  { names: "c", takes: 1, refusal: (value) => `-c counts ranks in mpiexec, CPUs in srun; ${threads(value)}` },
  { names: "cpus-per-task cpus-per-proc cpus-per-rank", takes: 1, refusal: threads },
  {
    names: "mca gmca omca prtemca pmixmca",
    takes: 2,
    refusal: () => "settings of Open MPI mean nothing here; leave it out (--interface chooses the network)",
  },
  { names: "bootstrap launcher rmk", takes: 1, refusal: () => "say --starter NAME, or leave it out" },
  { names: "prefix path", takes: 1, refusal: () => "tsmpi has the same path on all hosts; leave it out" },
];

/** The words of a command line with foreign options translated. Words from the script on belong to the script. */
export function inOurWords(words: readonly string[]): string[] {
  const [command, ...rest] = words;
  if (command !== "run" && command !== "exec" && command !== "map" && command !== "doctor") return [...words];
  const { options, rest: others } = splitOptions(rest);
  return [command, ...options, ...others];
}

/** The options that words begin with, in words of tsmpi, and the words from the script on, as they are. */
export function splitOptions(words: readonly string[]): { options: string[]; rest: string[] } {
  const rest = [...words];
  const options: string[] = [];
  while (rest[0] !== undefined && /^-./.test(rest[0]) && rest[0] !== "--") options.push(...nextOption(rest));
  return { options, rest };
}

/** Takes an option and its values from `rest`. Returns them in options of tsmpi. */
function nextOption(rest: string[]): string[] {
  const word = rest.shift()!;
  if (/^--inspect(-brk|-wait)?(=|$)/.test(word)) return ["--node-options", word]; // as for node itself
  if (takesNextWord(word)) return [word, ...rest.splice(0, 1)];
  const [, dashes = "", name = "", attached] =
    /^(--?)(np|ppn|[A-Za-z])=?(\d+)$/.exec(word) ?? /^(--?)([^=]+)(?:=(.*))?$/s.exec(word) ?? [];
  const own = ownFlags.some((flag) => flag === `${dashes}${name}`);
  const found = own ? undefined : foreignOptions.find(({ names }) => names.split(" ").includes(name));
  if (found !== undefined) return translated(found, word, attached, rest);
  if (own && takesAttachedValue(`${dashes}${name}`)) return [`${dashes}${name}=${attached ?? ""}`];
  if (own && dashes === "-" && attached !== undefined) return [`${dashes}${name}`, attached]; // -n4, -n=4
  if (own || !ownFlags.includes(`--${name}`)) return [word];
  rest.unshift(attached === undefined ? `--${name}` : `--${name}=${attached}`); // -timeout is --timeout
  return nextOption(rest);
}

function translated(foreign: Foreign, word: string, attached: string | undefined, rest: string[]): string[] {
  const { takes = 0, ours = () => [], refusal } = foreign;
  const values = takes === 0 ? [] : attached === undefined ? rest.splice(0, 1) : [attached];
  if (takes === 2 && !values[0]?.includes("=")) values.push(...rest.splice(0, 1));
  if (takes > 0 && values.length === 0) throw usageError(`${word}: its value is missing`);
  const why = refusal?.(values[0] ?? "");
  const typed = attached === undefined ? [word, ...values].join(" ") : word;
  if (why !== undefined) throw usageError(`${typed}: ${why}`);
  return ours(...values);
}

/** Options whose value may be left out: the next word is never one. */
function takesAttachedValue(flag: string): boolean {
  return allOptions.some(({ flags }) => flags.includes(" [") && flags.split(" ").includes(flag));
}

const allOptions: readonly { flags: string }[] = [...optionTable, ...mapOptionTable];
const ownFlags: readonly string[] = allOptions.flatMap(({ flags }) => flags.match(/(?<!\S)--?[a-z-]+/g) ?? []);

function takesNextWord(word: string): boolean {
  return allOptions.some(({ flags }) => flags.includes("<") && flags.split(/[ ,]+/).includes(word));
}
