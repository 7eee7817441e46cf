import { fileURLToPath } from "node:url";
import { builtFile } from "./own-files.ts";
import { belowHome } from "./seen-paths.ts";

/** The agent's command on its host. Small, and without secrets: everybody can see it in `ps`. */
export function agentCommand(job: string, node: number, at: readonly string[], words: readonly string[]): string[] {
  const program = fileURLToPath(builtFile("agent-main.js"));
  // Where Node came from a module, it may need that module's libraries; a task's environment has nothing of it.
  const { LD_LIBRARY_PATH: libraries } = process.env;
  const start = libraries ? ["/usr/bin/env", `LD_LIBRARY_PATH=${libraries}`] : [];
  return [...start, belowHome(process.execPath), program, `job=${job}`, `node=${node}`, `at=${at.join(",")}`, ...words];
}
