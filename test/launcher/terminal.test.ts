import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { folder, shell, start, command as tsmpi } from "../support/run-tsmpi.ts";

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

describe("--pty", () => {
  it("gives each rank a terminal, with input, lines, signals and exit codes as before", async () => {
    const script = `const rank = process.env.TSMPI_RANK;
      console.log(rank, String([process.stdout, process.stderr, process.stdin].every(({ isTTY }) => isTTY)), process.env.SHELL);
      process.on("SIGTERM", () => { console.log(rank + " saved"); process.exit(); });
      setInterval(() => {}, 1000);
      process.stdin.on("data", (text) => console.log(rank + " " + JSON.stringify(String(text)))).on("end", () => console.log(rank + " end"));`;
    const running = start(["run", "-n", "2", "--pty", "script.mjs"], {
      cwd: folder({ "script.mjs": script }),
      env: { SHELL: "/bin/it's mine", NO_COLOR: "1" },
    });
    running.child.stdin!.end("typed\n");
    await running.shows(" end", 2);
    running.child.kill("SIGTERM");
    const { code, stdout } = await running.result;
    expect(code).toBe(143);
    const lines = [
      "0 true /bin/it's mine",
      `0 "typed\\n"`,
      "0 end",
      "0 saved",
      "1 true /bin/it's mine",
      "1 end",
      "1 saved",
    ];
    expect(stdout.trimEnd().split("\n").sort()).toEqual(lines.sort());
  });

  it("is refused in a sentence where there is no such script", async () => {
    const line =
      'ln -s "$(command -v node)" "$(command -v sh)" bin; PATH=$PWD/bin tsmpi run -n 1 --pty script.mjs; echo $?';
    const { stdout, stderr } = await shell(line, { cwd: folder({ "script.mjs": "", "bin/empty": "" }) }).result;
    expect(stdout).toBe("125\n");
    expect(stderr).toBe(
      "tsmpi: cannot start the ranks: --pty needs the program script of util-linux, which is not in PATH on this host\n",
    );
  });
});
