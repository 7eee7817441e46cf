import * as nodeModule from "node:module";
import { codeAt, initialize, load, resolve, takesCommonJS } from "./program-hooks.ts";
import type { ProgramTable } from "./program-table.ts";
import { hookCompilation, hookResolution } from "./required.ts";

// In Node since 22.15, and not in the types of Node 20.
type RegisterHooks = (hooks: { resolve: unknown; load: unknown }) => void;

/**
 * Makes this process load the user's files by {@link resolve} and {@link load}. `directory` is the job's, with the files that
 * are transformed already. Without `registerHooks` this starts a thread, which costs as much as starting Node (83 ms).
 */
export function startHooks(directory?: string): ProgramTable | undefined {
  const table = initialize({ directory });
  const registerHooks = (nodeModule as { registerHooks?: RegisterHooks }).registerHooks;
  (globalThis as { [codeOf]?: typeof codeAt })[codeOf] = codeAt;
  if (registerHooks) {
    registerHooks({ resolve, load });
  } else {
    nodeModule.register(new URL("program-hooks.js", import.meta.url), { data: { directory } });
    hookResolution();
  }
  if (!takesCommonJS) hookCompilation();
  return table;
}

const codeOf = Symbol.for("tsmpi.code");
