import { register } from "node:module";
import { hooksInPlace } from "./hooks-in-place.ts";
import { begin, codeAt, load, resolve } from "./program-hooks.ts";
import type { ProgramTable } from "./program-table.ts";
import { hookRequires } from "./required.ts";

/**
 * Makes this process load the user's files by {@link resolve} and {@link load}. `directory` is the job's, which has the files
 * that the launcher has transformed. Without hooks in place this starts a thread, which takes as long as Node's start (83 ms).
 */
export function startHooks(directory?: string): ProgramTable | undefined {
  const table = begin(directory);
  const registerHooks = hooksInPlace();
  (globalThis as { [codeOf]?: typeof codeAt })[codeOf] = codeAt;
  if (registerHooks) {
    registerHooks({ resolve, load });
  } else {
    register(new URL("program-hooks.js", import.meta.url), { data: { directory } });
  }
  hookRequires();
  return table;
}

const codeOf = Symbol.for("tsmpi.code");
