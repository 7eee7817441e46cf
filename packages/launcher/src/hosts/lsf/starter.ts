import { throughLoginShell } from "../login-shell.ts";
import { listedHost } from "../slot-list.ts";
import type { CommandStarter } from "../starter.ts";
import { findTool } from "../tools.ts";

/**
 * One `blaunch HOST command` for each host of the job. By its documents it takes the place of ssh: there may be a shell
 * between, the standard input is passed on unless `-n` is given, and it ends with the command's exit code.
 */
export const blaunch: CommandStarter = {
  kind: "command",
  name: "blaunch",
  serves: (host) => listedHost(host, "LSF") !== undefined,
  commands: (targets, there) =>
    targets.map(({ node, host }) => ({
      nodes: [node],
      // A word that means the same with a shell between and without one.
      words: [tool(), listedHost(host, "LSF")!.name, "/bin/sh"],
      ...throughLoginShell(there(node)),
    })),
  onceConnected: "keep",
  endSignal: "SIGTERM",
  hangs: "the host or its LSF daemons (res, sbatchd) hang",
  explain: (_, { code }) => (code === null ? {} : { agentExit: code }),
  describePlace: (host) => `where \`blaunch ${host.name}\` leads`,
};

function tool(): string {
  const { LSF_BINDIR: bin } = process.env;
  const places = bin === undefined ? [] : [bin];
  return findTool("blaunch", { places, scheduler: "LSF", purpose: "it starts the agents" });
}
