import { randomBytes } from "node:crypto";
import { isatty } from "node:tty";
import { env } from "@tsmpi/core/bootstrap";
import { rankCommand } from "../agent/rank-command.ts";
import { programDirectory, programIndex } from "../agent/rank-program.ts";
import { colourVariables } from "../command/colours.ts";
import { bindingOf, inputRanksOf, isRecorded, programsOf, type RunOptions } from "../command/options.ts";
import { agentCommand } from "../hosts/agent-command.ts";
import type { Placement } from "../hosts/placement.ts";
import type { StartCommand } from "../hosts/starter.ts";
import { remoteHosts, startCommands } from "../hosts/starters.ts";
import { cleanVariables, describeTask, keepsSessions, signalsRanks } from "../hosts/task.ts";
import type { Executable, HostPlan, OutputStream, RankProgram } from "../link/messages.ts";
import { terminalSize } from "../system/pty.ts";
import { resourceLimits } from "../system/resource-limits.ts";
import { shellWords } from "../system/shell-words.ts";
import type { Program } from "../typescript/index.ts";
import { recordedEvents } from "./recordings.ts";

/** What each host's agent has to do, in the order of `placement.nodes`. */
export function plansFor(
  options: RunOptions,
  programs: readonly (Program | Executable)[],
  placement: Placement,
  showPartialLines: Record<OutputStream, boolean>,
  restart: number,
): HostPlan[] {
  const task = describeTask(options.environment);
  const inputRanks = inputRanksOf(options, placement.size);
  const common = {
    job: randomBytes(8).toString("hex"),
    restart,
    size: placement.size,
    nodes: placement.nodes.length,
    programs: rankPrograms(options, programs),
    environment: {
      ...shellVariables(options.directory),
      ...(options.pty ? {} : colourVariables({ ...process.env, ...options.environment }, options.outputDirectory)),
      [env.deadlockAfter]: String(options.deadlockAfterMs / 1000),
      ...options.environment,
    },
    stays: options.keepGoing && !options.isCommand,
    umask: process.umask(),
    seating: {
      bindTo: bindingOf(options),
      mapBy: options.mapBy,
      gpusPerRank: options.gpusPerRank,
      shown: options.displayMap,
    },
    ownSessions: !keepsSessions(),
    signalsRanks: signalsRanks(),
    keepGoing: options.keepGoing,
    showPartialLines,
    promptsAtOnce: placement.size === 1 || (isatty(0) && inputRanks.length === 1),
    ...(options.pty && { terminal: terminalSize() }),
    waitForChildrenMs: options.waitForChildrenMs,
    ...(isRecorded(options.sight) && { recording: recordingPlan(options, placement) }),
    shell: { limits: resourceLimits(), ...(task === undefined ? {} : { task }) },
  };
  return placement.nodes.map(({ host, ranks, cpus }, node) => {
    const seating = cpus === undefined ? common.seating : { ...common.seating, cpus };
    const readers = ranks.filter((rank) => inputRanks.includes(rank));
    return { ...common, node, host: host.name, ranks, seating, inputRanks: readers };
  });
}

function recordingPlan({ sight }: RunOptions, { size }: Placement): NonNullable<HostPlan["recording"]> {
  return { events: recordedEvents(size, sight.live), allLines: sight.allLines };
}

/** `programs` are the prepared ones, in the order of the options. */
function rankPrograms(options: RunOptions, programs: readonly (Program | Executable)[]): RankProgram[] {
  let firstRank = 0;
  return programsOf(options).map(({ args, nodeOptions, environment: given, directory, ranks }, index) => {
    const program = { firstRank, program: programs[index]!, args, nodeOptions, given, directory };
    firstRank += ranks ?? 0;
    return program;
  });
}

/** PWD names the directory that the ranks start in. */
function shellVariables(directory: string): Record<string, string> {
  const variables = cleanVariables(process.env as Record<string, string>);
  return { ...variables, ...(variables["PWD"] === undefined ? {} : { PWD: directory }) };
}

/** `--dry-run`: the command that would start each agent (where one is needed) and each host's ranks. */
export function describeCommands(
  options: RunOptions,
  programs: readonly (Program | Executable)[],
  placement: Placement,
): string {
  const plan = { programs: rankPrograms(options, programs) };
  const remotes = remoteHosts(placement, options.starter);
  const starts = startCommands(remotes, (node) =>
    agentCommand({
      job: "<job>",
      node,
      at: ["<address:port>"],
      words: ["key=<directory>"],
      executable: options.node,
    }),
  );
  const lines = placement.nodes.flatMap(({ host, ranks }, node) => [
    ...starts
      .filter(({ command }) => command.nodes[0] === node)
      .map(({ command }) => `${hostNames(placement, command.nodes)}: ${shellLine(command)}`),
    ...plan.programs.flatMap((program, index) => {
      const { file, args } = rankCommand(program, programDirectory("<job directory>", index));
      const many = ranks.filter((rank) => programIndex(plan, rank) === index).length;
      return many === 0 ? [] : [`${host.name}: ${many} x ${shellWords([file, ...args])}`];
    }),
  ]);
  return lines.join("\n");
}

function hostNames({ nodes }: Placement, wanted: readonly number[]): string {
  return wanted.map((node) => nodes[node]!.host.name).join(" ");
}

/** As it could be typed into a shell. */
function shellLine({ words, input }: StartCommand): string {
  return `${shellWords(words)}${input === undefined ? "" : ` <<< ${shellWords([input.trimEnd()])}`}`;
}
