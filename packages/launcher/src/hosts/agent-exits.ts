/** 67 and 68 are those of bin/agent-main.js, 71 and 72 those of the shell that starts it. */
export const agentExit = { noKey: 65, unreachable: 66, tooOld: 67, incomplete: 68, noNode: 71, noTsmpi: 72 } as const;

/** What the meaning of an exit code is about: two paths, and why an agent can have no key. */
export interface AgentPlaces {
  node: string;
  tsmpi: string;
  noKey: string;
}

/**
 * Why a host cannot be used when its agent ended with this code before it connected. An exit code is all that a starter
 * lets through.
 */
export function meaningOfExit(code: number, { node, tsmpi, noKey }: AgentPlaces): string {
  switch (code) {
    case agentExit.noKey:
      return `no key: ${noKey}`;
    case agentExit.unreachable:
      return "none of the launcher's addresses could be reached from there";
    case agentExit.tooOld:
      return `Node.js at ${node} is too old there: 20.19 or newer is needed`;
    case agentExit.incomplete:
      return `tsmpi at ${tsmpi} is incomplete there: install it, and @tsmpi/core, on all hosts alike`;
    case agentExit.noNode:
      return `node was not found there, at ${node}, nor in PATH: install it, or say where it is with --node PATH`;
    case agentExit.noTsmpi:
      return `tsmpi was not found there: ${tsmpi} has to be at the same place on all hosts`;
    case 126:
      return `node cannot be executed there: ${node} is for another kind of machine`;
    case 127:
      return `node cannot run there: libraries that ${node} needs are missing`;
    case 133: // SIGTRAP, SIGABRT
    case 134:
      return "Node.js aborted there: a limit leaves it too few addresses or threads (ulimit -v, ulimit -u)";
    case 137:
      return "the agent was killed there (SIGKILL): memory, or a limit of the job";
    default:
      return `the agent ended with ${code} there; what it printed is in the job's error file`;
  }
}
