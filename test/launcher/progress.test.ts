import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { bar } from "../../packages/launcher/src/io/progress-display.ts";
import { folder, runScript } from "../support/run-tsmpi.ts";

const command = fileURLToPath(new URL("../../packages/launcher/bin/tsmpi.js", import.meta.url));

const script = (options: string): string => `
  import { init } from "tsmpi";
  await using world = await init();
  async function render(x) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    if (x === 20) console.log("half");
    return x;
  }
  await world.map(render, Array.from({ length: 40 }, (_, i) => i), ${options});
`;

/** What a command writes to a terminal of its own. */
async function onTerminal(line: string, cwd: string): Promise<string> {
  const child = spawn("script", ["-qec", line, "/dev/null"], { cwd, stdio: ["ignore", "pipe", "ignore"] });
  let text = "";
  for await (const chunk of child.stdout) text += chunk;
  return text;
}

describe("progress of a map", () => {
  test("is a line at the end in a log file, by the script's wish or by --progress", async () => {
    const summary = /^tsmpi: render: 40\/40 \(100 %\), \d+\/s, took 0:0\d\n$/;
    const asked = await runScript(script("{ progress: true }"), ["-n", "2"]);
    expect([asked.stdout, asked.stderr]).toEqual(["half\n", expect.stringMatching(summary)]);
    const forced = await runScript(script("{}"), ["-n", "2", "--progress"]);
    expect([forced.stdout, forced.stderr]).toEqual(["half\n", expect.stringMatching(summary)]);
  });

  test("is not shown where nobody asks for it, nor where the script forbids it", async () => {
    expect((await runScript(script("{}"), ["-n", "2"])).stderr).toBe("");
    expect((await runScript(script("{ progress: false }"), ["-n", "2", "--progress"])).stderr).toBe("");
  });

  test.skipIf(!existsSync("/usr/bin/script"))("is a bar below the ranks' lines on a terminal", async () => {
    const cwd = folder({ "script.mjs": script("{ progress: true }") });
    const text = await onTerminal(`"${process.execPath}" "${command}" run -n 2 script.mjs`, cwd);
    expect(text).toMatch(/█+[▏▎▍▌▋▊▉]? +render: \d+\/40 \(\d+ %\), .*\d\/2 ranks busy/);
    // Every drawing is wiped before the next thing is written.
    const lines = text.split("\r\n").map((line) => line.split("\r\x1b[K").at(-1));
    expect(lines).toContain("half");
    expect(lines.filter((line) => line?.includes("█"))).toEqual([]);
    expect(text).toMatch(/tsmpi: render: 40\/40 \(100 %\), \d+\/s, took 0:0\d\r\n$/);
  });

  test("a report names the task that the others have left behind, with its rank", async () => {
    // Input 2 is held back until a report says that only its task is left.
    const slow = `
      import { init } from "tsmpi";
      await using world = await init();
      let straggler;
      const progress = ({ done, slowest: [task, ...others] }) => {
        if (done < 5 || task?.index !== 2 || straggler !== undefined) return;
        straggler = { ...task, others };
        void world.send("go on", { dest: task.rank });
      };
      const ranks = await world.map(
        async (x, { rank }) => {
          if (x === 2) await world.recv({ source: 0 });
          return rank;
        },
        [0, 1, 2, 3, 4, 5],
        { rootWorks: false, progress },
      );
      if (ranks) console.log(JSON.stringify({ ...straggler, isThere: straggler.rank === ranks[2] }));
    `;
    const { stdout } = await runScript(slow, ["-n", "3"]);
    const number = expect.any(Number);
    const named = { task: "map", index: 2, rank: number, host: expect.any(String), ms: number };
    expect(JSON.parse(stdout)).toEqual({ ...named, others: [], isThere: true });
  });

  test("the bar fills by eighths of a cell", () => {
    expect(bar({ done: 0, total: 10 })).toBe(" ".repeat(25));
    expect(bar({ done: 10, total: 10 })).toBe(`${"█".repeat(24)} `);
    expect(bar({ done: 1, total: 48 })).toBe(`▌${" ".repeat(24)}`);
    expect(bar({ done: 1, total: undefined })).toBe("");
    expect(bar({ done: 1, total: 2 }, 11)).toBe(`█████${" ".repeat(6)}`);
    expect(bar({ done: 1, total: 2 }, 6)).toBe("");
  });
});
