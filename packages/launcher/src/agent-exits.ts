/** Exit codes of an agent that never came to its work: all that a starter may let through of what went wrong. */
export const agentExit = { noKey: 65, unreachable: 66, usage: 64 } as const;

/** What an agent's exit code, as its starter reports it, is likely to mean. */
export const agentExits: Readonly<Record<number, string>> = {
  [agentExit.noKey]:
    "no key: this host shares neither HOME nor PBS_O_WORKDIR with the launcher's, and has no PBS_JOBCOOKIE",
  [agentExit.unreachable]: "none of the launcher's addresses could be reached from there",
  126: "node cannot be executed there",
  127: "node was not found there, or libraries that it needs",
  254: "node was not found there",
};
