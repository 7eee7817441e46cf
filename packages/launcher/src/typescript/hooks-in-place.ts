import * as nodeModule from "node:module";

// In Node since 22.15, and not in the types of Node 20.
type RegisterHooks = (hooks: { resolve: unknown; load: unknown }) => void;

/**
 * Node's `registerHooks`; undefined if it does not work for all programs. Its first versions (up to 24.5 at least) gave
 * imported CommonJS a `require` without hooks. Below are the first versions of each line that passed all project tests.
 */
export function hooksInPlace(): RegisterHooks | undefined {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const isReady = major >= 26 || (major === 24 && minor >= 22) || (major === 22 && minor >= 23);
  return isReady ? (nodeModule as { registerHooks?: RegisterHooks }).registerHooks : undefined;
}
