import { loginShellWords, throughLoginShell } from "../login-shell.ts";
import { listedHost } from "../slot-list.ts";
import type { CommandEnd, CommandStarter, Explanation } from "../starter.ts";
import { sgeTool } from "./tools.ts";

/**
 * One `qrsh -inherit` for each host of the job. It hands its words to the login shell, and brings back output and exit code.
 *
 * It is never killed: a task that does not end by itself makes SGE kill the whole job, the script too. An agent ends when its
 * launcher does, and before it has connected when its standard input ends.
 */
export const qrsh: CommandStarter = {
  kind: "command",
  name: "qrsh",
  serves: (host) => listedHost(host, "SGE") !== undefined,
  commands: (targets, there) =>
    targets.map(({ node, host }) => ({
      nodes: [node],
      words: [sgeTool("qrsh", "it starts the agents"), "-inherit", listedHost(host, "SGE")!.name, loginShellWords],
      ...throughLoginShell(there(node)),
    })),
  onceConnected: "keep",
  endSignal: undefined,
  hangs: "the host or its sge_execd hangs",
  explain: (_, end) => explain(end),
  describePlace: (host) => `where \`qrsh -inherit ${host.name}\` leads`,
};

function explain({ code, printed }: CommandEnd): Explanation {
  const [, reason] = /^error: executing task of job \d+ failed: (.*)$/m.exec(printed) ?? [];
  if (reason === undefined) return code === null ? {} : { agentExit: code };
  const refused = /didn't accept task/.test(reason);
  const why = "its parallel environment has not control_slaves TRUE (qconf -sp NAME), or all slots there have tasks";
  return { cause: refused ? `SGE accepts no task there: ${why}` : `SGE cannot start a task there: ${reason}` };
}
