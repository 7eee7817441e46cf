import { LaunchError } from "../../errors/launch-error.ts";
import { findCommand } from "../../system/find-command.ts";
import { loginShellWords, throughLoginShell } from "../login-shell.ts";
import type { CommandStarter } from "../starter.ts";
import { explain, isRefusal, tryIt } from "./failures.ts";

/**
 * One ssh for each host. Everything about keys, users, ports and jump hosts is the user's own configuration of ssh.
 *
 * | option | why |
 * | --- | --- |
 * | `-x -T`, ClearAllForwardings | no X11, no terminal, and no port of the configuration that a second ssh cannot open |
 * | BatchMode | a password or an unknown host key is an error at once, and no question that waits for ever |
 * | ConnectTimeout | a host that does not answer is named after 10 s |
 * | ServerAlive... | ssh waits for ever when the network is cut; so it ends after about 30 s |
 * | ControlMaster=no | an open connection of the user's is used; one that outlives the job, and holds its output, is not made |
 */
const options = [
  "-x",
  "-T",
  ..."BatchMode=yes ConnectTimeout=10 ServerAliveInterval=10 ServerAliveCountMax=3 ControlMaster=no ClearAllForwardings=yes"
    .split(" ")
    .flatMap((option) => ["-o", option]),
];

/**
 * ssh lives as long as the agent: where a system ends what a login leaves behind, the agent would not survive its end.
 * When ssh or the launcher is killed, the remote process gets no signal, but its standard input ends.
 */
export const ssh: CommandStarter = {
  kind: "command",
  name: "ssh",
  serves: () => true,
  bringsKey: true,
  commands: (targets, there, key) =>
    targets.map(({ node, host }) => ({
      nodes: [node],
      words: [
        tool(),
        ...options,
        ...(host.user === undefined ? [] : ["-l", host.user]),
        "--",
        host.name,
        loginShellWords,
      ],
      ...throughLoginShell(there(node), key),
    })),
  onceConnected: "keep",
  endSignal: "SIGTERM",
  hangs: "the host, or a login script there, hangs",
  explain,
  isRefusal,
  describePlace: (host) => `where \`${tryIt(host)}\` leads`,
};

/** The ssh that the user's PATH offers. */
function tool(): string {
  const found = findCommand("ssh");
  if (found !== undefined) return found;
  throw new LaunchError("ssh was not found in PATH: it starts processes on hosts that are named");
}
