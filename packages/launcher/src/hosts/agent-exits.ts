/**
 * Exit codes of an agent that never came to its work: all that a starter may let through of what went wrong. 67 and 68 are
 * those of bin/agent-main.js, 71 and 72 those of the shell that starts it.
 */
export const agentExit = { noKey: 65, unreachable: 66, noNode: 71, noTsmpi: 72 } as const;

/** Why a host cannot be used, when its agent has ended with this code. `node` and `tsmpi` are paths. */
export function meaningOfExit(code: number, { node, tsmpi }: { node: string; tsmpi: string }): string {
  switch (code) {
    case agentExit.noKey:
      return "no key: this host shares neither HOME nor PBS_O_WORKDIR with the launcher's, and has no PBS_JOBCOOKIE";
    case agentExit.unreachable:
      return "none of the launcher's addresses could be reached from there";
    case 67:
      return `Node.js at ${node} is too old there: 20.19 or newer is needed`;
    case 68:
      return `tsmpi at ${tsmpi} is incomplete there: install it, and @tsmpi/core, on all hosts alike`;
    case agentExit.noNode:
      return `node was not found there: ${node} has to be at the same place on all hosts`;
    case agentExit.noTsmpi:
      return `tsmpi was not found there: ${tsmpi} has to be at the same place on all hosts`;
    case 126:
      return `node cannot be executed there: ${node} is for another kind of machine`;
    case 127:
      return `node cannot run there: libraries that ${node} needs are missing`;
    case 133:
    case 134:
    case 261: // 256 and the signal, of PBS
    case 262:
      return "Node.js aborted there: a limit leaves it too few addresses or threads (ulimit -v, ulimit -u; vmem and pvmem of PBS)";
    case 254: // of PBS
      return "/bin/sh cannot be started there";
    case 265: // 256 and the signal, of PBS
      return "the agent was killed there (SIGKILL): memory, or a limit of the job";
    default:
      return `the agent ended with ${code} there; what it printed is in the job's error file`;
  }
}

/** What a starter says when it could start nothing at all; undefined: it says no such thing. */
export function meaningOfWords(words: string): string | undefined {
  const error = /error (\d+) on spawn/.exec(words)?.[1];
  if (error === undefined) return undefined;
  return `PBS cannot start a task there (error ${error}): the home directory is missing or cannot be entered there, or the account is unknown`;
}
