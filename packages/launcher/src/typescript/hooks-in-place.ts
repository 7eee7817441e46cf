import * as nodeModule from "node:module";

// In Node since 22.15, and not in the types of Node 20.
type RegisterHooks = (hooks: { resolve: unknown; load: unknown }) => void;

/**
 * Node's `registerHooks`, where it does what we need: the first versions that had it (up to 24.5 at least) ran CommonJS that
 * was imported with a `require` without hooks. These are the first of each line that all our projects ran on.
 */
export function hooksInPlace(): RegisterHooks | undefined {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const isReady = major >= 26 || (major === 24 && minor >= 22) || (major === 22 && minor >= 23);
  return isReady ? (nodeModule as { registerHooks?: RegisterHooks }).registerHooks : undefined;
}
