import type { Host } from "../host.ts";
import type { CommandEnd, CommandStarter, CommandThere, Explanation, StartCommand, Target } from "../starter.ts";
import { expandNodes } from "./node-list.ts";
import { nodeOfHost, type SlurmNode } from "./slurm-node.ts";
import { slurmTool } from "./tools.ts";

/**
 * One srun for all hosts of the Slurm job, with a task on each of them. A heterogeneous job takes one for each component. The
 * agents are its tasks and end with it, so it lives as long as they do.
 *
 * | option | without it |
 * | --- | --- |
 * | `--jobid` | srun would queue a new job where its variables are missing |
 * | `--overlap --mem=0` | the step waits for CPUs and memory that other steps of the job have |
 * | `--cpu-bind=none`, no `--exact`, no `-c` | the agent and its ranks are bound to one CPU |
 * | `--export=ALL` | after `sbatch --export=NONE` tasks have neither HOME nor PATH |
 * | `--kill-on-bad-exit=0 --wait=0 --no-kill` | the end of one agent, or of one host, ends all others |
 * | `--mpi=none` | a site's plugin for PMI expects something of each task |
 * | `--input=none` | srun reads the launcher's standard input |
 */
export const srun: CommandStarter = {
  kind: "command",
  name: "srun",
  serves: (host) => nodeOfHost(host) !== undefined,
  commands: (targets, there) => [...byGroup(targets).values()].map((each) => commandFor(each, there)),
  onceConnected: "keep",
  // srun kills all tasks of its step then, at once.
  endSignal: "SIGTERM",
  hangs: "the host or its slurmd hangs",
  explain,
  describePlace: (host) => `host ${nodeOfHost(host)?.index} of the job's node list`,
};

type SlurmTarget = Target & { place: SlurmNode };

/** The targets of each component of a heterogeneous job, in Slurm's order, which is that of SLURM_NODEID. */
function byGroup(targets: readonly Target[]): Map<number | undefined, SlurmTarget[]> {
  const groups = new Map<number | undefined, SlurmTarget[]>();
  for (const target of targets) {
    const place = nodeOfHost(target.host)!;
    groups.set(place.group, [...(groups.get(place.group) ?? []), { ...target, place }]);
  }
  for (const group of groups.values()) group.sort((a, b) => a.place.index - b.place.index);
  return groups;
}

function commandFor(targets: readonly SlurmTarget[], there: CommandThere): StartCommand {
  const nodes = targets.map(({ node }) => node);
  const { group } = targets[0]!.place;
  const count = targets.length;
  const words = [
    slurmTool("srun", "it starts the agents"),
    `--jobid=${process.env["SLURM_JOB_ID"]}`,
    ...(group === undefined ? [] : [`--het-group=${group}`]),
    `--nodes=${count}`,
    `--ntasks=${count}`,
    "--ntasks-per-node=1",
    `--nodelist=${targets.map(({ place }) => place.name).join(",")}`,
    ...options,
    "--",
    ...there({ nodes, variable: "SLURM_NODEID" }),
  ];
  // A terminal's Ctrl-C would reach srun too, and twice of it kill the agents.
  return { words, nodes, environment: environment(), ownGroup: true };
}

const options = [
  "--overlap",
  "--mem=0",
  "--cpu-bind=none",
  "--mpi=none",
  "--export=ALL",
  "--input=none",
  "--kill-on-bad-exit=0",
  "--wait=0",
  "--no-kill",
  "--chdir=/",
  "--job-name=tsmpi",
];

/**
 * What srun and the agents begin with. Dropped:
 *
 * - Slurm's variables, because srun takes most of them for options. Those of an outer step, or the user's, would change the
 *   step or make it fail.
 * - Node's options and the marks of an outer rank: the ranks get theirs over the link.
 */
function environment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !isDropped(name)));
}

function isDropped(name: string): boolean {
  if (name === "SLURM_CONF") return false;
  return /^(SLURM|SLURMD|SRUN|TSMPI)_|^NODE_OPTIONS$/.test(name);
}

/** Signals as `strsignal` writes them, and the exit code that a shell would make of them. */
const signalled: Readonly<Record<string, number>> = { Killed: 137, "Trace/breakpoint trap": 133, Aborted: 134 };

/** What srun writes of one host's task, while others may still run. Lists of hosts are compressed. */
function explain(host: Host, { code, printed }: CommandEnd): Explanation {
  const name = nodeOfHost(host)!.name;
  for (const [, nodes = "", what = "", exit] of printed.matchAll(
    /error: (\S+): tasks? [\d,-]+: (Exited with exit code (\d+)|[A-Z][^\n(]*?)(?: \(core dumped\))?$/gm,
  )) {
    if (isAmong(nodes, name)) return { agentExit: exit === undefined ? (signalled[what] ?? 1) : Number(exit) };
  }
  for (const [, node, reason] of printed.matchAll(/Task launch for \S+ failed on node (\S+): (.*)$/gm)) {
    if (node === name) return { cause: `Slurm cannot start a task there: ${reason}` };
  }
  const [, step] = /error: Unable to create step for job \d+: (.*)$/m.exec(printed) ?? [];
  if (step !== undefined) return { cause: `Slurm gives no step there: ${step}` };
  const [, error] = /^srun: error: (.*)$/m.exec(printed) ?? [];
  // While it runs, it may be about another host, or be repaired.
  return code === null || error === undefined ? {} : { cause: `srun failed: ${error}` };
}

function isAmong(list: string, name: string): boolean {
  try {
    return expandNodes(list).includes(name);
  } catch {
    return false; // another line that looks like it
  }
}
