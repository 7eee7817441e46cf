import type { CommandEnd, CommandStarter, Explanation } from "../starter.ts";
import { linesOfHost } from "./node-file-lines.ts";
import { pbsTool } from "./tools.ts";

/**
 * One pbsdsh for each host of the PBS job. `-n LINE -- program` is what old and new OpenPBS and TORQUE agree on; other
 * options mean different things (`-o`: "do not wait" or "capture") or exist in one of them only.
 *
 * It carries the arguments and nothing else that can be relied on: no environment, directory, output or signals. It prints
 * the exit status, but ends with 0. A long command line can hang it (seen from 360 KB on), so the arguments are few.
 */
export const pbsdsh: CommandStarter = {
  kind: "command",
  name: "pbsdsh",
  serves: (host) => linesOfHost(host)?.first !== undefined,
  commands: (targets, there) =>
    targets.map(({ node, host }) => ({
      nodes: [node],
      words: [pbsTool("pbsdsh"), "-n", String(linesOfHost(host)?.first), "--", ...there(node)],
    })),
  // It would pass signals of PBS on to ranks that get them from the launcher. The task runs on without it.
  onceConnected: "kill",
  endSignal: "SIGKILL",
  hangs: "the host or its pbs_mom hangs",
  explain: (_, { printed }) => explain(printed),
  describePlace: (host) => `line ${linesOfHost(host)?.first} of the node file that pbsdsh counts`,
};

const aborted =
  "Node.js aborted there: a limit leaves it too few addresses or threads (ulimit -v, ulimit -u; vmem and pvmem of PBS)";

/** Exit statuses that mean more under PBS than elsewhere. 254 is its own; 256 and more: killed by a signal. */
const causes: Readonly<Record<number, string>> = {
  133: aborted,
  134: aborted,
  254: "/bin/sh cannot be started there",
  261: aborted,
  262: aborted,
  265: "the agent was killed there (SIGKILL): memory, or a limit of the job",
};

function explain(printed: CommandEnd["printed"]): Explanation {
  const status = /exit status (\d+)/.exec(printed)?.[1];
  if (status !== undefined) {
    const agentExit = Number(status);
    const cause = causes[agentExit];
    return { agentExit, ...(cause === undefined ? {} : { cause }) };
  }
  const error = /error (\d+) on spawn/.exec(printed)?.[1];
  if (error === undefined) return {};
  return {
    cause: `PBS cannot start a task there (error ${error}): the home directory is missing or cannot be entered there, or the account is unknown`,
  };
}
