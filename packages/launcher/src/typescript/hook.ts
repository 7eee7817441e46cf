import * as nodeModule from "node:module";
import { builtFile } from "../own-files.ts";

// In Node since 22.15, and not in the types of Node 20.
type RegisterHooks = (hooks: { resolve: unknown; load: unknown }) => void;

let hooked: Promise<void> | undefined;

/**
 * Makes this process transform what it imports from now on. On Node 20 this starts a thread, which costs about as much
 * as starting Node. `directory` holds files that are transformed already.
 */
export function hook(directory?: string): Promise<void> {
  hooked ??= start(directory);
  return hooked;
}

async function start(directory?: string): Promise<void> {
  const registerHooks = (nodeModule as { registerHooks?: RegisterHooks }).registerHooks;
  if (registerHooks) {
    const { initialize, resolve, loadSync } = await import("./hooks.ts");
    await initialize(directory);
    registerHooks({ resolve, load: loadSync });
  } else {
    nodeModule.register(builtFile("typescript/hooks.js"), { data: directory });
  }
}
