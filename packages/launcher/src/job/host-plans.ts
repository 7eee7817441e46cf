import { randomBytes } from "node:crypto";
import { isatty } from "node:tty";
import { env } from "@tsmpi/core/bootstrap";
import { rankCommand } from "../agent/rank-command.ts";
import { colourVariables } from "../command/colours.ts";
import type { RunOptions } from "../command/options.ts";
import { agentCommand } from "../hosts/agent-command.ts";
import type { Placement } from "../hosts/placement.ts";
import type { StartCommand } from "../hosts/starter.ts";
import { remoteHosts, startCommands } from "../hosts/starters.ts";
import { cleanVariables, describeTask, keepsSessions, signalsRanks } from "../hosts/task.ts";
import type { Executable, HostPlan, OutputStream } from "../link/messages.ts";
import { terminalSize } from "../system/pty.ts";
import { resourceLimits } from "../system/resource-limits.ts";
import { shellWords } from "../system/shell-words.ts";
import type { Program } from "../typescript/index.ts";

/** What each host's agent has to do, in the order of `placement.nodes`. */
export function plansFor(
  options: RunOptions,
  program: Program | Executable,
  placement: Placement,
  showPartialLines: Record<OutputStream, boolean>,
): HostPlan[] {
  const task = describeTask(options.environment);
  const common = {
    job: randomBytes(8).toString("hex"),
    size: placement.size,
    nodes: placement.nodes.length,
    program,
    args: options.args,
    nodeOptions: options.nodeOptions,
    environment: {
      ...shellVariables(options.directory),
      ...(options.pty ? {} : colourVariables({ ...process.env, ...options.environment }, options.outputDirectory)),
      [env.deadlockAfter]: String(options.deadlockAfterMs / 1000),
      ...options.environment,
    },
    directory: options.directory,
    umask: process.umask(),
    ownSessions: !keepsSessions(),
    signalsRanks: signalsRanks(),
    showPartialLines,
    promptsAtOnce: placement.size === 1 || isatty(0),
    ...(options.pty && { terminal: terminalSize() }),
    waitForChildrenMs: options.waitForChildrenMs,
    shell: { limits: resourceLimits(), ...(task === undefined ? {} : { task }) },
  };
  return placement.nodes.map(({ host, ranks }, node) => ({ ...common, node, host: host.name, ranks }));
}

/** PWD names the directory that the ranks start in. */
function shellVariables(directory: string): Record<string, string> {
  const variables = cleanVariables(process.env as Record<string, string>);
  return { ...variables, ...(variables["PWD"] === undefined ? {} : { PWD: directory }) };
}

/** `--dry-run`: the command that would start each agent (where one is needed) and each host's ranks. */
export function describeCommands(options: RunOptions, program: Program | Executable, placement: Placement): string {
  const { file, args } = rankCommand({ ...options, program }, "<job directory>");
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
    `${host.name}: ${ranks.length} x ${shellWords([file, ...args])}`,
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
