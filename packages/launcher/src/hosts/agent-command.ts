import { fileURLToPath } from "node:url";
import { builtFile } from "../system/package-files.ts";
import { belowHome } from "../system/seen-paths.ts";
import { agentExit } from "./agent-exits.ts";
import type { NodeTable } from "./starter.ts";

/** The program of an agent on its host. */
export const agentProgram: string = fileURLToPath(builtFile("../bin/agent-main.js"));

/** An exit code is all that comes back of a start that fails. A shell costs a millisecond and says what is missing. */
const start = `[ -x "$0" ] || exit ${agentExit.noNode}; [ -r "$1" ] || exit ${agentExit.noTsmpi}; exec "$0" "$@"`;

/** The agent's command on its host. Small, and without secrets: every user can see it in `ps`. */
export function agentCommand(
  job: string,
  node: number | NodeTable,
  at: readonly string[],
  words: readonly string[],
): string[] {
  // Where Node came from a module, it may need that module's libraries; a task's environment does not have them.
  const { LD_LIBRARY_PATH: libraries } = process.env;
  const environment = libraries ? ["/usr/bin/env", `LD_LIBRARY_PATH=${libraries}`] : [];
  const executable = belowHome(process.execPath);
  const agent = [executable, agentProgram, `job=${job}`, `node=${nodeWord(node)}`, `at=${at.join(",")}`, ...words];
  return [...environment, "/bin/sh", "-c", start, ...agent];
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
