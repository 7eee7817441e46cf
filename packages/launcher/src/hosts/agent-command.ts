import { fileURLToPath } from "node:url";
import { builtFile } from "../system/package-files.ts";
import { belowHome } from "../system/seen-paths.ts";
import { agentExit } from "./agent-exits.ts";
import type { NodeTable } from "./starter.ts";

/** The program of an agent on its host. */
export const agentProgram: string = fileURLToPath(builtFile("../bin/agent-main.js"));

/**
 * An exit code is all that comes back of a start that fails. A shell costs a millisecond and says what is missing. `otherwise`
 * is tried where Node is not at its place.
 */
const start = (otherwise: string): string =>
  `n=$0; [ -x "$n" ] || ${otherwise}exit ${agentExit.noNode}; [ -r "$1" ] || exit ${agentExit.noTsmpi}; exec "$n" "$@"`;

/** What an agent has to be told on its command line. */
export interface AgentWords {
  job: string;
  node: number | NodeTable;
  /** Where the launcher listens. */
  at: readonly string[];
  words: readonly string[];
  /** Node.js on the other hosts (`--node`); undefined: at the same place as here, or in PATH. */
  executable: string | undefined;
}

/** The agent's command on its host. Small, and without secrets: every user can see it in `ps`. */
export function agentCommand({ job, node, at, words, executable }: AgentWords): string[] {
  // Where Node came from a module, it may need that module's libraries; a task's environment does not have them.
  const { LD_LIBRARY_PATH: libraries } = process.env;
  const environment = libraries ? ["/usr/bin/env", `LD_LIBRARY_PATH=${libraries}`] : [];
  // The user may install Node wherever PATH finds it, but means just the one that `--node` names.
  const script = start(executable === undefined ? "n=$(command -v node) || " : "");
  const agent = [
    executable ?? nodeHere(),
    agentProgram,
    `job=${job}`,
    `node=${nodeWord(node)}`,
    `at=${at.join(",")}`,
    ...words,
  ];
  return [...environment, "/bin/sh", "-c", script, ...agent];
}

/** The path of Node.js on this host, as other hosts may have it too. */
function nodeHere(): string {
  return belowHome(process.execPath);
}

/** `3`, or `1,2,5@SLURM_NODEID`. */
function nodeWord(node: number | NodeTable): string {
  return typeof node === "number" ? String(node) : `${node.nodes.join(",")}@${node.variable}`;
}

/** The opposite: which node this agent is. */
export function nodeOfAgent(word: string): number {
  const [numbers = "", variable] = word.split("@");
  const index = variable === undefined ? 0 : Number(process.env[variable]);
  return Number(numbers.split(",")[index]);
}
