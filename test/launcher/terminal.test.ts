import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { shell } from "../support/run-tsmpi.ts";

const agent = fileURLToPath(new URL("../../packages/launcher/bin/agent-main.js", import.meta.url));

describe("an agent whose output is a terminal", () => {
  it("leaves its settings as they are when it ends", async () => {
    // In a job of `qsub -I` on one host it ends when the shell has begun to read the next line.
    const line = `stty echo; "${process.execPath}" "${agent}" job=1 node=1 at=127.0.0.1:9 seconds=4 & sleep 2; stty -echo; wait $!; echo "ended with $?"; stty -a`;
    const env = { SHELL: "/bin/bash", PBS_JOBCOOKIE: "cookie", LINE: line };
    const { stdout } = await shell('script -qec "$LINE" /dev/null', { env }).result;
    expect(stdout).toContain("ended with 66"); // it has waited for a launcher
    expect(stdout).toMatch(/ -echo /);
  });
});
