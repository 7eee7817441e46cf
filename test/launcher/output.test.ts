import { readdirSync, readFileSync, statSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { command, folder, runScript, shell, startScript, until } from "../support/run-tsmpi.ts";

const rank = "const rank = Number(process.env.TSMPI_RANK);\n";
const sleep = "const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));\n";

describe("lines", () => {
  it("all arrive, in the order in which each rank wrote them", async () => {
    const { code, stdout } = await runScript(`${rank}for (let i = 0; i < 2000; i++) console.log(rank, i);`, [
      "-n",
      "4",
    ]);
    const lines = stdout.trimEnd().split("\n");
    expect(code).toBe(0);
    for (const each of [0, 1, 2, 3]) {
      const own = lines.filter((line) => line.startsWith(`${each} `));
      expect(own).toEqual(Array.from({ length: 2000 }, (_, i) => `${each} ${i}`));
    }
  });

  it("of 200 kB stay whole while other ranks write", async () => {
    const script = `${rank}for (let i = 0; i < 10; i++) { console.log(String(rank).repeat(200_000)); console.error("e" + rank); }`;
    const { stdout } = await runScript(script, ["-n", "4"]);
    const lines = stdout.trimEnd().split("\n");
    expect(lines).toHaveLength(40);
    for (const line of lines) expect(line.length === 200_000 && line === line[0]!.repeat(200_000)).toBe(true);
  });

  it("keep characters of several bytes intact, however they are cut", async () => {
    const script = `${sleep}
      for (const byte of Buffer.from("naïve – 𝛑 😀\\n")) { process.stdout.write(Buffer.from([byte])); await sleep(5); }`;
    const { stdout } = await runScript(script, ["-n", "3"]);
    expect(stdout).toBe("naïve – 𝛑 😀\n".repeat(3));
  });

  it("can be bytes that are no text", async () => {
    const cwd = folder({ "script.mjs": "process.stdout.write(Buffer.from(Array.from({ length: 256 }, (_, i) => i)))" });
    await shell("tsmpi run -n 1 script.mjs > bytes", { cwd }).result;
    expect([...readFileSync(join(cwd, "bytes"))]).toEqual(Array.from({ length: 256 }, (_, i) => i));
  });

  it("keep stdout and stderr apart, and stdout free of the launcher's own words", async () => {
    const { stdout, stderr } = await runScript(`console.log("out"); console.error("err"); process.exit(1)`, [
      "-n",
      "1",
    ]);
    expect(stdout).toBe("out\n");
    expect(stderr).toMatch(/^err\ntsmpi: rank 0 of 1 on /);
  });
});

describe("lines without an end", () => {
  it("are shown after a moment: a prompt", async () => {
    const running = startScript(
      `process.stdout.write("name? "); process.stdin.once("data", (d) => { console.log("hello " + d); process.exit() });`,
      ["-n", "1"],
    );
    await running.shows("name? ");
    running.child.stdin!.write("Ada\n");
    expect((await running.result).stdout).toBe("name? hello Ada\n\n");
  });

  it("are left by the other ranks, which begin a fresh line", async () => {
    const script = `${rank}${sleep}
      if (rank === 0) { process.stdout.write("working"); process.stdin.once("data", () => { console.log(" done"); process.exit(); }); }
      else { await sleep(1500); console.log("line"); }`;
    const running = startScript(script, ["-n", "2"]);
    await running.shows("line");
    running.child.stdin!.write("\n");
    expect((await running.result).stdout).toBe("working\nline\n done\n");
  });

  it("wait for their rest when the output goes to a file", async () => {
    const script = `${rank}${sleep}
      if (rank === 0) { process.stdout.write("working"); await sleep(2500); console.log(" done"); }
      else { await sleep(1000); console.log("line"); }`;
    const cwd = folder({ "script.mjs": script });
    await shell("tsmpi run -n 2 script.mjs > out 2> err", { cwd }).result;
    expect(readFileSync(join(cwd, "out"), "utf8")).toBe("line\nworking done\n");
  });

  it("are kept at the end, and nothing is added", async () => {
    expect((await runScript(`process.stdout.write("no newline")`, ["-n", "1"])).stdout).toBe("no newline");
  });
});

describe("the last bytes", () => {
  it.each([
    ["process.exit()", "process.exit(3)"],
    ["an exception", "throw new Error('boom')"],
    ["SIGKILL", "process.kill(process.pid, 'SIGKILL')"],
  ])("before %s are kept, also when the reader is slow", async (_name, end) => {
    const script = `for (let i = 0; i < 300; i++) console.log("x".repeat(9_999));\nprocess.stdout.write("LAST");\n${end}`;
    const running = shell("tsmpi run -n 1 script.mjs | (sleep 1; cat)", { cwd: folder({ "script.mjs": script }) });
    const { stdout } = await running.result;
    expect(stdout.length).toBe(3_000_004);
    expect(stdout.endsWith("LAST")).toBe(true);
  });

  it("of a rank come before the sentence about its end", async () => {
    const { stderr } = await runScript("throw new Error('boom')", ["-n", "1"]);
    expect(stderr).toMatch(/Error: boom[\s\S]*tsmpi: rank 0 of 1 on \S+ \(pid \d+\) ended with exit code 1\n$/);
  });
});

describe("a reader", () => {
  it("that is slow makes the ranks wait, and costs the launcher no memory", async () => {
    const script = `const line = "x".repeat(9_999); for (let i = 0; i < 20_000; i++) console.log(line);`;
    const running = startScript(script, ["-n", "2"]);
    running.child.stdout!.pause();
    await new Promise((resolve) => setTimeout(resolve, 3000));
    const kB = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${running.child.pid}/status`, "utf8"))![1]);
    expect(kB).toBeLessThan(250_000);
    let bytes = 0;
    running.child.stdout!.removeAllListeners("data");
    running.child.stdout!.on("data", (text: string) => {
      bytes += text.length;
    });
    running.child.stdout!.resume();
    expect((await running.result).code).toBe(0);
    expect(bytes).toBe(2 * 20_000 * 10_000);
  });

  it("that goes away ends the job quietly with 141", async () => {
    const cwd = folder({ "script.mjs": `for (;;) console.log("y");` });
    const { stdout, stderr } = await shell("tsmpi run -n 2 script.mjs | head -n 2; echo ${PIPESTATUS[0]}", { cwd })
      .result;
    expect(stdout).toBe("y\ny\n141\n");
    expect(stderr).not.toMatch(/rank \d|EPIPE|Error/);
  });

  it("that is a full disk is an error in one sentence", async () => {
    const cwd = folder({ "script.mjs": `for (let i = 0; i < 1000; i++) console.log("y");` });
    const { stdout, stderr } = await shell("tsmpi run -n 1 script.mjs > /dev/full; echo $?", { cwd }).result;
    expect({ stdout, stderr }).toEqual({
      stdout: "1\n",
      stderr: "tsmpi: cannot write the output: no space left on device; stopping all ranks\n",
    });
  });

  it("that is a full disk is an error also when all ranks have ended well by then", async () => {
    for (let i = 0; i < 5; i++) {
      const cwd = folder({ "script.mjs": `console.log("y");` });
      const { stdout } = await shell("tsmpi run -n 1 script.mjs > /dev/full; echo $?", { cwd }).result;
      expect(stdout).toBe("1\n");
    }
  });

  it.skipIf(process.getuid?.() !== 0)("that is a full disk under --output-dir names the file", async () => {
    const endless = `for (let i = 0; i < 40_000; i++) console.log("x".repeat(99)); setInterval(() => {}, 1000);`;
    const cwd = folder({ "script.mjs": endless, "disk/keep": "" });
    const mounted = `mount -t tmpfs -o size=1m none disk && "$NODE" "$TSMPI" run -n 3 --output-dir disk/out script.mjs`;
    const line = `exec unshare --mount bash -c '${mounted}'`;
    const running = shell(line, { cwd, env: { NODE: process.execPath, TSMPI: command } });
    const { code, stderr } = await running.result;
    expect(stderr).toMatch(
      /^tsmpi: cannot write \/\S+\/disk\/out\/rank\.\d\.out: no space left on device; stopping all ranks\n$/,
    );
    expect(code).toBe(1);
  });
});

describe("--tag-output", () => {
  it("puts the rank before each line of both streams", async () => {
    const { stdout, stderr } = await runScript(`console.log("a\\n\\nb"); console.error("c")`, [
      "-n",
      "2",
      "--tag-output",
    ]);
    for (const each of [0, 1]) {
      const own = stdout.split("\n").filter((line) => line.startsWith(`[${each}]`));
      expect(own).toEqual([`[${each}] a`, `[${each}] `, `[${each}] b`]);
      expect(stderr).toContain(`[${each}] c\n`);
    }
  });

  it("tags the rest of a prompt only when another rank wrote in between", async () => {
    const script = `${sleep} process.stdout.write("a"); await sleep(1000); console.log("b");`;
    expect((await runScript(script, ["-n", "1", "--tag-output"])).stdout).toBe("[0] ab\n");
  });
});

describe("--output-dir", () => {
  it("makes files that sort, one for each rank and stream, and shows nothing", async () => {
    const cwd = folder({ "script.mjs": `${rank}console.log("out", rank); process.stderr.write("err " + rank);` });
    const { stdout, stderr } = await shell("tsmpi run -n 11 --output-dir a/b script.mjs", { cwd }).result;
    expect(stdout).toBe("");
    expect(stderr).not.toContain("err");
    expect(readdirSync(join(cwd, "a/b"))).toHaveLength(22);
    expect(readFileSync(join(cwd, "a/b/rank.07.out"), "utf8")).toBe("out 7\n");
    expect(readFileSync(join(cwd, "a/b/rank.10.err"), "utf8")).toBe("err 10");
  });

  it("empties or removes the files of an earlier run, and no others", async () => {
    const old = {
      "out/rank.0.out": "old",
      "out/rank.17.err": "old",
      "out/rank.0.outer": "mine",
      "out/rank.x.out": "mine",
    };
    const cwd = folder({ "script.mjs": "", ...old });
    await shell("tsmpi run -n 1 --output-dir out script.mjs", { cwd }).result;
    expect(readdirSync(join(cwd, "out")).sort()).toEqual(["rank.0.err", "rank.0.out", "rank.0.outer", "rank.x.out"]);
    expect(statSync(join(cwd, "out/rank.0.out")).size).toBe(0);
  });

  it("is refused in one sentence where there can be none", async () => {
    const cwd = folder({ "script.mjs": "" });
    const { stdout, stderr } = await shell("tsmpi run -n 1 --output-dir /proc/x/y script.mjs; echo $?", { cwd }).result;
    expect({ stdout, stderr }).toEqual({
      stdout: "2\n",
      stderr: "tsmpi: --output-dir /proc/x/y: no such file or directory\n",
    });
  });

  it.skipIf(process.getuid?.() !== 0)("that cannot be written is an error in one sentence", async () => {
    const cwd = folder({ "script.mjs": "", "disk/keep": "" });
    const run = (path: string) => `"$NODE" "$TSMPI" run -n 1 --output-dir ${path} script.mjs; echo $?`;
    const line = `exec unshare --mount bash -c 'mount -t tmpfs -o ro none disk && { ${run("disk")}; ${run("disk/a/b")}; }'`;
    const { stdout, stderr } = await shell(line, { cwd, env: { NODE: process.execPath, TSMPI: command } }).result;
    expect(stdout).toBe("1\n1\n");
    expect(stderr).toMatch(
      /^tsmpi: --output-dir \S+disk: cannot write there: the file system is read-only\ntsmpi: --output-dir \S+disk\/a\/b: the file system is read-only\n$/,
    );
  });
});

describe("--output-ranks", () => {
  const script = `const rank = Number(process.env.TSMPI_RANK); console.log("from", rank); if (rank === 2 && process.argv[2]) { console.error("the reason"); process.exit(3); }`;

  it("shows the output of these ranks only", async () => {
    const { stdout, stderr } = await runScript(script, ["-n", "4", "--output-ranks", "0,2-3", "--tag-output=host"]);
    const lines = [0, 2, 3].map((rank) => `[${rank} ${hostname()}] from ${rank}`);
    expect([stdout.trimEnd().split("\n").toSorted(), stderr]).toEqual([lines, ""]);
  });

  it("writes files of these ranks only", async () => {
    const cwd = folder({ "script.mjs": script });
    await shell("tsmpi run -n 3 --output-ranks 1 --output-dir out script.mjs", { cwd }).result;
    expect(readdirSync(join(cwd, "out")).toSorted()).toEqual(["rank.1.err", "rank.1.out"]);
  });

  it("tells the last lines of another rank that fails", async () => {
    // Rank 2 fails when rank 0 has written its line, however late that is.
    const begin = `import { existsSync, writeFileSync } from "node:fs";
if (process.env.TSMPI_RANK === "2") while (!existsSync("written"));
process.on("exit", () => process.env.TSMPI_RANK === "0" && writeFileSync("written", ""));`;
    const cwd = folder({ "script.mjs": `${begin}\n${script}` });
    const { stdout, stderr } = await shell("tsmpi run -n 3 --output-ranks 0 script.mjs fail", { cwd }).result;
    expect(stdout).toBe("from 0\n");
    expect(stderr).toMatch(/rank 2 of 3 .* exit code 3(.*\n)+? {2}its last lines:\n {2}\| the reason\n/);
  });
});

it("output appears while the job runs", async () => {
  const running = startScript(`console.log("first"); process.stdin.on("end", () => console.log("last")).resume();`, [
    "-n",
    "1",
  ]);
  await running.shows("first\n");
  expect(running.stdout).toBe("first\n");
  running.child.stdin!.end();
  await until(() => running.stdout === "first\nlast\n", "the rest of the output");
  expect((await running.result).code).toBe(0);
});
