import { readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { folder, runTsmpi } from "../support/run-tsmpi.ts";

test("tsmpi map runs a command for each input, quoted, and shows whole outputs in the order of the inputs", async () => {
  const inputs = ["a", "b  c", "d'e", "$HOME", "{}", "-n", "; exit 7"];
  const { code, stdout, stderr } = await runTsmpi(["map", "-n", "3", "printf '<%s>\\n' {}", ":::", ...inputs]);
  expect(stdout).toBe(inputs.map((input) => `<${input}>\n`).join(""));
  expect(stderr).toBe("");
  expect(code).toBe(0);
});

test("tsmpi map reads inputs from standard input, by lines or by NUL, and no input is no work", async () => {
  const lines = await runTsmpi(["map", "-n", "2", "echo", "got"], { input: "x\ny z\n\nlast" });
  expect(lines.stdout).toBe("got x\ngot y z\ngot last\n");
  const nul = await runTsmpi(["map", "-n", "2", "-0", "printf '<%s>'"], { input: "x\ny\0z\0" });
  expect(nul.stdout).toBe("<x\ny><z>");
  const none = await runTsmpi(["map", "-n", "2", "false"]);
  expect([none.code, none.stdout, none.stderr]).toEqual([0, "", ""]);
});

test("the exit code of tsmpi map is the number of failed commands, which are named and do not stop the others", async () => {
  const cwd = folder();
  const args = [
    "map",
    "-n",
    "2",
    "--retries",
    "1",
    "echo {} >> tried; test {} != b -a {} != d",
    ":::",
    "a",
    "b",
    "c",
    "d",
  ];
  const { code, stderr } = await runTsmpi(args, { cwd });
  expect(code).toBe(2);
  expect(stderr).toMatch(
    /^tsmpi map: input 2, "b": exit code 1 on rank \d \(\S+\)\ntsmpi map: input 4, "d": exit code 1 on rank \d \(\S+\)\n$/,
  );
  expect(readFileSync(`${cwd}/tried`, "utf8").split("\n").sort().join("")).toBe("abbcdd");
});

test("a second tsmpi map with the same journal does what has failed, and --task-timeout ends a command", async () => {
  const cwd = folder();
  const command = "echo {} >> tried; test -e ready -o {} != b && echo {}";
  const args = ["map", "-n", "2", "--journal", "done", command, ":::", "a", "b"];
  const first = await runTsmpi(args, { cwd });
  expect([first.code, first.stdout]).toEqual([1, "a\n"]);
  writeFileSync(`${cwd}/ready`, "");
  const second = await runTsmpi(args, { cwd });
  expect([second.code, second.stdout, second.stderr]).toEqual([0, "a\nb\n", ""]);
  expect(readFileSync(`${cwd}/tried`, "utf8").split("\n").sort().join("")).toBe("abb");
  const limit = await runTsmpi(["map", "-n", "2", "--task-timeout", "0.2", "sleep {}", ":::", "600"], { cwd });
  expect(limit.code).toBe(1);
  expect(limit.stderr).toMatch(/^tsmpi map: input 1, "600": the task took more than 200 ms on rank \d \(\S+\)\n$/);
});

test("tsmpi map without a command, or with one option too many, says what to write", async () => {
  const { code, stderr } = await runTsmpi(["map", "-n", "2"]);
  expect([code, stderr]).toEqual([2, 'tsmpi: which command? For example: tsmpi map -n 4 "gzip {}" ::: a.txt b.txt\n']);
});
