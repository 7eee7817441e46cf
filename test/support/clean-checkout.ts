import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/**
 * Fails the run when it has left new files in the checkout. Another test would meet them or not, depending on which of
 * them comes first.
 */
export default function setup(): () => void {
  const before = untracked();
  return () => {
    const left = untracked().filter((file) => !before.includes(file));
    if (left.length === 0) return;
    process.exitCode = 1; // Vitest shows what a teardown throws, and ends with 0
    throw new Error(`the tests have left files in the checkout: ${left.join(", ")}`);
  };
}

function untracked(): string[] {
  const cwd = fileURLToPath(new URL("../..", import.meta.url));
  try {
    const args = ["ls-files", "--others", "--exclude-standard", "--directory"];
    return execFileSync("git", args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] })
      .split("\n")
      .filter((line) => line !== "");
  } catch {
    return []; // the sources without their repository
  }
}
