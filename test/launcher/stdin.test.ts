import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { folder, runScript, shell, startScript } from "../support/run-tsmpi.ts";

const rank = "const rank = Number(process.env.TSMPI_RANK);\n";
const cat = "process.stdin.pipe(process.stdout);";

describe("standard input", () => {
  it("goes to rank 0; the others see its end at once", async () => {
    const script = `${rank}let text = ""; for await (const part of process.stdin) text += part; console.log(rank, text + ".");`;
    const { stdout } = await runScript(script, ["-n", "3"], { input: "hello" });
    expect(stdout.trimEnd().split("\n").sort()).toEqual(["0 hello.", "1 .", "2 ."]);
  });

  it("goes to the rank that --stdin names, to all ranks, or to none", async () => {
    const script = `${rank}let text = ""; for await (const part of process.stdin) text += part; console.log(rank, text + ".");`;
    const read = async (who: string): Promise<string> => {
      const { stdout } = await runScript(script, ["-n", "3", "--stdin", who], { input: "hello" });
      return stdout.trimEnd().split("\n").toSorted().join(" ");
    };
    expect(await read("1")).toBe("0 . 1 hello. 2 .");
    expect(await read("all")).toBe("0 hello. 1 hello. 2 hello.");
    expect(await read("none")).toBe("0 . 1 . 2 .");
  });

  it("that all ranks get arrives whole at each, also where one reads late and one has ended", async () => {
    const input = Buffer.alloc(2 << 20, "0123456789abcdef\n");
    const script = `${rank}if (rank === 2) process.exit();
      if (rank === 1) await new Promise((resolve) => setTimeout(resolve, 300));
      let bytes = 0; for await (const part of process.stdin) bytes += part.length; console.log(bytes);`;
    const { stdout } = await runScript(script, ["-n", "3", "--stdin", "all"], { input });
    expect(stdout).toBe(`${input.length}\n${input.length}\n`);
  });

  it("arrives whole, however much it is and however slowly it is read", async () => {
    const input = Buffer.alloc(20 << 20, "0123456789abcdef\n");
    const script = `import { createHash } from "node:crypto"; const hash = createHash("sha256");
      await new Promise((resolve) => setTimeout(resolve, 1000));
      for await (const part of process.stdin) hash.update(part); console.log(hash.digest("hex"));`;
    const { stdout } = await runScript(script, ["-n", "1"], { input });
    expect(stdout.trim()).toBe(createHash("sha256").update(input).digest("hex"));
  });

  it("may come from a file, or from nowhere", async () => {
    const cwd = folder({ "script.mjs": cat, data: "from a file\n" });
    const { stdout } = await shell(
      "tsmpi run -n 2 script.mjs < data; tsmpi run -n 2 script.mjs < /dev/null; tsmpi run -n 2 script.mjs <&-",
      { cwd },
    ).result;
    expect(stdout).toBe("from a file\n");
  });

  it("that nobody reads does not keep the job", async () => {
    const running = startScript(`console.log("done");`, ["-n", "2"]);
    expect(await running.result).toMatchObject({ code: 0, stdout: "done\ndone\n" }); // its input is still open
  });

  it("that is larger than anybody reads is no error", async () => {
    const script = `process.stdin.once("data", () => process.exit(0));`;
    const { code } = await runScript(script, ["-n", "1"], { input: Buffer.alloc(8 << 20) });
    expect(code).toBe(0);
  });

  it("at a terminal reaches rank 0 while it is typed", async () => {
    const script = `process.stdin.once("data", (line) => { console.log("got " + line); process.exit(); }); process.stdout.write("? ");`;
    const cwd = folder({ "script.mjs": script });
    const running = shell(`script -qec "$(declare -f tsmpi); tsmpi run -n 1 script.mjs" /dev/null`, {
      cwd,
      env: { SHELL: "/bin/bash" },
    });
    await running.shows("? ");
    running.child.stdin!.write("typed\n");
    const { code, stdout } = await running.result;
    expect(code).toBe(0);
    expect(stdout).toContain("got typed");
  });

  it("at a terminal does not stop a launcher in the background", async () => {
    const cwd = folder({ "script.mjs": `setTimeout(() => console.log("still here"), 500);` });
    const line = "set -m; tsmpi run -n 1 script.mjs & wait $!; echo ended $?";
    const env = { SHELL: "/bin/bash", LINE: line };
    const { stdout } = await shell(`script -qec "$(declare -f tsmpi); $LINE" /dev/null`, { cwd, env }).result;
    expect(stdout).toContain("still here");
    expect(stdout).toContain("ended 0");
  });
});
