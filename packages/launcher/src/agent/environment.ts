import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { env } from "@tsmpi/core/bootstrap";
import { withPortOf } from "../command/inspector-ports.ts";
import { hostVariables } from "../hosts/host-variables.ts";
import { variablesThere } from "../hosts/task.ts";
import type { HostPlan, RankProgram, Shell } from "../link/messages.ts";
import { agentMark } from "../system/guardian.ts";
import { builtFile } from "../system/package-files.ts";
import { version } from "../system/version.ts";
import { programIndex } from "./rank-program.ts";

/** How many threads a rank may run. */
export interface Threads {
  /** Its share of the CPUs. */
  share: number;
  /** Threads of native libraries: the same, or fewer where the job asks for fewer. */
  threads: number;
}

/** What an agent gives each of its ranks. */
export interface Share extends Threads {
  /** Where the agent listens to its ranks. */
  socket: string;
  /** Variables that keep native memory small. */
  memory: Record<string, string>;
  /** Variables that name its GPUs. */
  gpus?: Record<string, string> | undefined;
}

/**
 * The environment of one rank: that of the launching shell, the rank's place in the job, and the number of its threads.
 *
 * `OMP_NUM_THREADS` (native libraries) and `UV_THREADPOOL_SIZE` (Node's own threads: at least 2, at most its default of 4)
 * are set only where the user has not set them: eight ranks with eight threads each on eight CPUs slow each other down.
 * The launcher has NODE_OPTIONS too, and the debugger that it may ask for, so the ranks' ports begin one above.
 */
export function environmentOf(
  rank: number,
  plan: HostPlan,
  { share, threads, memory, socket, gpus }: Share,
): Record<string, string> {
  const index = programIndex(plan, rank);
  const { program, given, directory } = plan.programs[index]!;
  const place = plan.environment["PWD"] === undefined ? {} : { PWD: directory };
  const inherited: Record<string, string> = { ...plan.environment, ...place, ...gpus, ...given };
  delete inherited[env.spawned]; // of a rank that has started this job
  const first = plan.first ?? 0;
  return {
    OMP_NUM_THREADS: String(threads),
    UV_THREADPOOL_SIZE: String(Math.min(4, Math.max(2, share))),
    ...memory,
    ...inherited,
    ...nodeOptions(rank, program, inherited["NODE_OPTIONS"]),
    [env.rank]: String(rank - first),
    ...(plan.first === undefined ? {} : { [env.spawned]: String(first) }),
    [env.size]: String(plan.size),
    [env.program]: String(index),
    [env.localRank]: String(plan.ranks.indexOf(rank)),
    [env.localSize]: String(plan.ranks.length),
    [env.node]: String(plan.node),
    [env.nodes]: String(plan.nodes),
    [env.host]: plan.host,
    [env.job]: plan.job,
    [env.restart]: String(plan.restart),
    [env.agent]: agentMark(plan).slice(env.agent.length + 1),
    [env.socket]: socket,
    [env.version]: version,
  };
}

/** In a container the host's directories may be missing. Node ends at once when it cannot find a file to preload. */
const containers = ["apptainer", "bwrap", "ch-run", "chroot", "docker", "enroot", "podman", "shifter", "singularity"];

/** The user's options, and a preload: the file that keeps the output of Node processes whole. */
function nodeOptions(rank: number, program: RankProgram["program"], inherited = ""): { NODE_OPTIONS?: string } {
  const given = withPortOf(rank + 1, inherited);
  const preload = "executable" in program && containers.includes(basename(program.executable)) ? "" : preloadOption();
  const options = [given, preload].filter(Boolean).join(" ");
  return options === "" ? {} : { NODE_OPTIONS: options };
}

function preloadOption(): string {
  const path = fileURLToPath(builtFile("rank-output.cjs"));
  return `--require=${/[\s"\\]/.test(path) ? JSON.stringify(path) : path}`;
}

/** The launching shell's variables as they would be on this host, where an agent's process has next to none of them. */
export function variablesHere(plan: HostPlan, { task }: Shell, directory: string): Record<string, string> {
  const variables = variablesThere(plan.environment, task, directory);
  return hostVariables(variables, process.env, task !== undefined);
}

/** How many threads each of `ranks` ranks may run without slowing down another, when they share `cpus` CPUs. */
export function threadsEach(ranks: number, cpus: number): number {
  return Math.max(1, Math.floor(cpus / ranks));
}
