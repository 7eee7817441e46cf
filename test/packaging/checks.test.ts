import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { test } from "vitest";

const cwd = fileURLToPath(new URL("../../", import.meta.url));

// The same commands as by hand, see CONTRIBUTING.md. As tests, they are part of the one number that says all is well.
test.each(["lint", "typecheck", "unused", "clones", "docs:check"])(
  "npm run %s",
  { timeout: 300_000 },
  async (script) => {
    try {
      await promisify(execFile)("npm", ["run", "--silent", script], { cwd });
    } catch (error) {
      const { stdout, stderr } = error as { stdout: string; stderr: string };
      throw new Error(`npm run ${script}\n${stdout}${stderr}`);
    }
  },
);
