import { fileURLToPath } from "node:url";
import { builtFile } from "../system/package-files.ts";
import { belowHome } from "../system/seen-paths.ts";
import { agentExit } from "./agent-exits.ts";

/** The program of an agent on its host. */
export const agentProgram: string = fileURLToPath(builtFile("../bin/agent-main.js"));

/** All that comes back of a start that fails is an exit code; a shell costs a millisecond and says what is missing. */
const start = `[ -x "$0" ] || exit ${agentExit.noNode}; [ -r "$1" ] || exit ${agentExit.noTsmpi}; exec "$0" "$@"`;

/** The agent's command on its host. Small, and without secrets: everybody can see it in `ps`. */
export function agentCommand(job: string, node: number, at: readonly string[], words: readonly string[]): string[] {
  // Where Node came from a module, it may need that module's libraries; a task's environment has nothing of it.
  const { LD_LIBRARY_PATH: libraries } = process.env;
  const environment = libraries ? ["/usr/bin/env", `LD_LIBRARY_PATH=${libraries}`] : [];
  const executable = belowHome(process.execPath);
  const agent = [executable, agentProgram, `job=${job}`, `node=${node}`, `at=${at.join(",")}`, ...words];
  return [...environment, "/bin/sh", "-c", start, ...agent];
}
