import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { folder, shell, command as tsmpi } from "../support/run-tsmpi.ts";

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

describe("ranks of a launcher on a terminal", () => {
  it("are told of its colours, unless the user has chosen or the output goes elsewhere", async () => {
    const cwd = folder({
      "script.mjs": `console.log("colour " + process.env.FORCE_COLOR + " " + process.env.NO_COLOR);`,
    });
    const run = (words: string) => `env -u NO_COLOR -u FORCE_COLOR -u COLORTERM -u CI ${words}`;
    const command = `node "$TSMPI" run -n 1`;
    const LINE = [
      run(`TERM=xterm-256color ${command} script.mjs`),
      run(`TERM=dumb ${command} script.mjs`),
      run(`TERM=xterm ${command} --env NO_COLOR=1 script.mjs`),
      run(`TERM=xterm ${command} --env FORCE_COLOR=0 script.mjs`),
      run(`TERM=xterm ${command} script.mjs > out; cat out`),
    ].join("; ");
    const env = { SHELL: "/bin/bash", TSMPI: tsmpi, LINE };
    const { stdout } = await shell('script -qec "$LINE" /dev/null', { cwd, env }).result;
    expect(stdout.match(/(?<=colour ).*(?=\r)/g)).toEqual([
      "2 undefined",
      "undefined undefined",
      "undefined 1",
      "0 undefined",
      "undefined undefined",
    ]);
  });
});
