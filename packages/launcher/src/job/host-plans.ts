import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { isatty } from "node:tty";
import { env } from "@tsmpi/core/bootstrap";
import { pbsVariables } from "../agent/environment.ts";
import { rankCommand } from "../agent/rank-command.ts";
import { colourVariables } from "../command/colours.ts";
import type { RunOptions } from "../command/options.ts";
import { agentCommand } from "../hosts/agent-command.ts";
import { pbsChoseThreads } from "../hosts/pbs/environment.ts";
import type { Placement } from "../hosts/placement.ts";
import { starterFor } from "../hosts/starters.ts";
import type { Executable, HostPlan, OutputStream } from "../link/messages.ts";
import { terminalSize } from "../system/pty.ts";
import { resourceLimits } from "../system/resource-limits.ts";
import { seenPath } from "../system/seen-paths.ts";
import type { Program } from "../typescript/index.ts";

/** What each host's agent has to do, in the order of `placement.nodes`. */
export function plansFor(
  options: RunOptions,
  program: Program | Executable,
  placement: Placement,
  showPartialLines: Record<OutputStream, boolean>,
): HostPlan[] {
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
    ownSessions: process.env["PBS_JOBID"] === undefined,
    showPartialLines,
    promptsAtOnce: placement.size === 1 || isatty(0),
    ...(options.pty && { terminal: terminalSize() }),
    waitForChildrenMs: options.waitForChildrenMs,
    shell: { limits: resourceLimits(), ...nodeFile(), ofPbs: pbsVariables(options.environment) },
  };
  return placement.nodes.map(({ host, ranks }, node) => ({ ...common, node, host: host.name, ranks }));
}

/**
 * OMP_NUM_THREADS without a word from the user is what PBS gave the first host: each host has its own number. And ranks may
 * start in another directory than the one in which PBS_NODEFILE was made, and that PWD names.
 */
function shellVariables(directory: string): Record<string, string> {
  const { OMP_NUM_THREADS: threads, PBS_NODEFILE: path, ...rest } = process.env as Record<string, string>;
  return {
    ...rest,
    ...(rest["PWD"] === undefined ? {} : { PWD: directory }),
    ...(threads === undefined || pbsChoseThreads() ? {} : { OMP_NUM_THREADS: threads }),
    ...(path === undefined ? {} : { PBS_NODEFILE: path && seenPath(path) }),
  };
}

function nodeFile(): { nodeFile?: string } {
  try {
    return { nodeFile: readFileSync(process.env["PBS_NODEFILE"] ?? "", "utf8") };
  } catch {
    return {};
  }
}

/** `--dry-run`: the command that would start each agent (where one is needed) and each host's ranks. */
export function describeCommands(options: RunOptions, program: Program | Executable, placement: Placement): string {
  const { file, args } = rankCommand({ ...options, program }, "<job directory>");
  const lines = placement.nodes.flatMap(({ host, ranks }, node) => {
    const starter = starterFor(host, options.starter);
    const agent = starter.command(host, agentCommand("<job>", node, ["<address:port>"], ["key=<directory>"]));
    return [
      ...(agent === undefined ? [] : [`${host.name}: ${shellWords(agent)}`]),
      `${host.name}: ${ranks.length} x ${shellWords([file, ...args])}`,
    ];
  });
  return lines.join("\n");
}

/** As it could be typed into a shell. */
function shellWords(words: readonly string[]): string {
  return words.map((word) => (/^[\w@%+=:,./<>-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(" ");
}
