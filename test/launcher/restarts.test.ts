import { randomUUID } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { folder, processesWith, runScript, runTsmpi, shell, startScript, until } from "../support/run-tsmpi.ts";

/** Fails in another way at each start: a rank that is killed, one that throws, one that exits with 3. Then it ends well. */
const failing = `
import { init } from "tsmpi";
const world = await init();
const start = Number(process.env.TSMPI_RESTART);
if (world.rank === 0) console.log("start", start);
await world.barrier();
if (world.rank === 1) {
  if (start === 0) process.kill(process.pid, "SIGKILL");
  if (start === 1) throw new Error("no data");
  if (start === 2) process.exit(3);
}
await world.barrier();
await world.close();
`;

const announced = (stderr: string) => stderr.match(/^tsmpi: .*\(restart \d+ of \d+\)$/gm) ?? [];

describe("tsmpi run --restarts", () => {
  test("starts a job that failed again until it ends well, and says each time why", async () => {
    const { code, stdout, stderr } = await runScript(failing, ["-n", "3", "--restarts", "3"]);
    expect(stdout).toBe("start 0\nstart 1\nstart 2\nstart 3\n");
    const [killed, threw, exited, ...more] = announced(stderr);
    expect(killed).toMatch(
      /^tsmpi: rank 1 of 3 on \S+ was killed by SIGKILL; starting again in 1 s \(restart 1 of 3\)$/,
    );
    expect(threw).toMatch(/ended with exit code 1; starting again in 2 s \(restart 2 of 3\)$/);
    expect(exited).toMatch(/ended with exit code 3; starting again in 4 s \(restart 3 of 3\)$/);
    expect(more).toEqual([]);
    expect(stderr.match(/; stopping the other ranks$/gm)?.length).toBe(3);
    expect(stderr).toContain("Error: no data");
    expect(code).toBe(0);
  });

  test("has the exit code of the last start, and says that all restarts are used", async () => {
    const { code, stdout, stderr } = await runScript(failing, ["-n", "2", "--restarts", "1"]);
    expect(stdout).toBe("start 0\nstart 1\n");
    expect(stderr).toMatch(/^tsmpi: not started again: the one restart is used \(--restarts\)$/m);
    expect(code).toBe(1);
  });

  test("runs any program again, with exit code 2 too", async () => {
    const line = "echo $TSMPI_RESTART; [ $TSMPI_RESTART = 1 ] || exit 2";
    const { code, stdout } = await runTsmpi(["exec", "-n", "1", "--restarts", "5", "sh", "-c", line]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: "0\n1\n" });
  });

  test("without it nothing is started again, and the ranks see that this is the first start", async () => {
    const { code, stdout, stderr } = await runScript(failing, ["-n", "2"]);
    expect({ code, stdout }).toEqual({ code: 137, stdout: "start 0\n" });
    expect(stderr).not.toMatch(/again/);
  });

  test.each([
    ["a script that does not exist", ["run", "-n", "2", "--restarts", "3", "none.ts"], 2, /none\.ts/],
    [
      "a program that does not exist",
      ["exec", "-n", "2", "--restarts", "3", "no-such-program"],
      125,
      /no-such-program/,
    ],
    ["-1", ["exec", "--restarts", "-1", "true"], 2, /--restarts -1: at least 0 is needed/],
    ["a word", ["exec", "--restarts", "x", "true"], 2, /--restarts x: a whole number from 0 to 1000000 is needed/],
    ["1e9", ["exec", "--restarts", "1e9", "true"], 2, /--restarts 1e9: a whole number/],
  ])("does not start %s again", async (_what, args, code, says) => {
    const result = await runTsmpi(args);
    expect(result.code).toBe(code);
    expect(result.stderr).toMatch(says);
    expect(result.stderr).not.toMatch(/again/);
  });

  test("a command of tsmpi map that fails is a result, and no failure of the job", async () => {
    const { code, stderr } = await runTsmpi(["map", "-n", "2", "--restarts", "3", "exit {}", ":::", "0", "1"]);
    expect(code).toBe(1);
    expect(stderr).not.toMatch(/again/);
  });

  test("a job that goes on without a rank has not failed", async () => {
    const script = `
      import { init } from "tsmpi";
      const world = await init();
      await world.barrier();
      if (world.rank === 1) process.exit(3);
    `;
    const { code, stderr } = await runScript(script, ["-n", "2", "--keep-going", "--restarts", "3"]);
    expect(stderr).toMatch(/^tsmpi: rank 1 .* ended with exit code 3; going on without it\n$/);
    expect(code).toBe(0);
  });
});

describe("an end that is asked for", () => {
  const stays = `console.log("up " + process.env.TSMPI_RESTART);
    if (process.env.TSMPI_RESTART === "0") process.exit(4);
    setInterval(() => {}, 1000);`;

  test.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("by %s ends the pause between two starts", async (signal, code) => {
    const running = startScript("process.exit(4)", ["-n", "2", "--restarts", "20"]);
    await until(() => /restart 3 of 20/.test(running.stderr), "a pause of 4 s");
    running.child.kill(signal);
    const result = await running.result;
    expect(result.code).toBe(code);
    expect(result.stderr).toMatch(new RegExp(`^tsmpi: not started again: interrupted by ${signal}$`, "m"));
  });

  test.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("by %s while a later start runs is the last one", async (signal, code) => {
    const running = startScript(stays, ["-n", "1", "--restarts", "20"]);
    await running.shows("up 1");
    running.child.kill(signal);
    const result = await running.result;
    expect({ code: result.code, stdout: result.stdout }).toEqual({ code, stdout: "up 0\nup 1\n" });
    expect(announced(result.stderr).length).toBe(1);
  });

  test("by SIGINT while a failed job is being stopped prevents the next start", async () => {
    const script = `process.on("SIGTERM", () => console.log("asked"));
      console.log("up");
      if (process.env.TSMPI_RANK === "1") setTimeout(() => process.exit(4), 300);
      setInterval(() => {}, 1000);`;
    const running = startScript(script, ["-n", "2", "--restarts", "20", "--kill-after", "3"]);
    await running.shows("asked");
    running.child.kill("SIGINT");
    const { code, stderr } = await running.result;
    expect(code).toBe(4);
    expect(stderr).not.toMatch(/again/);
  });

  test("by --timeout counts all starts together", async () => {
    const { code, stderr } = await runScript("process.exit(4)", ["-n", "1", "--restarts", "20", "--timeout", "2"]);
    expect(code).toBe(124);
    expect(stderr).toMatch(/^tsmpi: (not started again: )?time limit of 2 s reached/m); // in a pause, or in a start
    const later = await runScript(stays, ["-n", "1", "--restarts", "20", "--timeout", "3"]);
    expect({ code: later.code, stdout: later.stdout }).toEqual({ code: 124, stdout: "up 0\nup 1\n" });
    expect(later.stderr).toMatch(/^tsmpi: time limit of 3 s reached; stopping all ranks$/m);
  });

  test("by a reader of the output that goes away", async () => {
    const line = "tsmpi exec -n 2 --restarts 20 sh -c 'yes; exit 5' | head -1; exit ${PIPESTATUS[0]}";
    const { code, stderr } = await shell(line).result;
    expect({ code, stderr }).toEqual({ code: 141, stderr: "" });
  });
});

describe("each start", () => {
  const reads = `case $TSMPI_RANK in
    0) echo "$TSMPI_RESTART: $(cat | tr '\\n' ' ')"; exit 6 ;;
    *) sleep 100 ;;
  esac`;
  const job = `tsmpi exec -n 2 --restarts 1 sh -c '${reads.replaceAll("'", `'\\''`)}'`;

  test("reads standard input that is a file, from where it was", async () => {
    const cwd = folder({ "in.txt": "a\nb\nc\n" });
    const { stdout } = await shell(`{ head -c 2 > /dev/null; ${job}; } < in.txt`, { cwd }).result;
    expect(stdout).toMatch(/^0: (a )?b c \n1: \1b c \n$/);
    const whole = await shell(`${job} < in.txt`, { cwd }).result;
    expect(whole.stdout).toBe("0: a b c \n1: a b c \n");
  });

  test("but the first finds other standard input empty", async () => {
    const { stdout } = await shell(`printf 'a\\nb\\n' | ${job}`).result;
    expect(stdout).toBe("0: a b \n1: \n");
  });

  test("has its own reports and files of output; those of the last one have the given names", async () => {
    const cwd = folder({ "script.mjs": failing, "out/rank.0.7.out": "of an earlier run" });
    const sight = ["--report", "r.html", "--trace", "r.json.gz", "--record", "r.tsrec", "--output-dir", "out"];
    const { code } = await runTsmpi(["run", "-n", "2", "--restarts", "2", ...sight, "script.mjs"], { cwd });
    expect(code).toBe(3);
    const names = ["html", "json.gz", "tsrec"].flatMap((end) => [`r.0.${end}`, `r.1.${end}`, `r.${end}`]);
    expect(
      readdirSync(cwd)
        .filter((name) => name.startsWith("r."))
        .sort(),
    ).toEqual(names.sort());
    const ends = ["0.out", "1.out", "out"];
    expect(ends.map((end) => readFileSync(join(cwd, "out", `rank.0.${end}`), "utf8"))).toEqual([
      "start 0\n",
      "start 1\n",
      "start 2\n",
    ]);
    expect(readdirSync(join(cwd, "out")).length).toBe(2 * 2 * 3);
  });

  test("finds nothing of the one before, and a launcher that is killed leaves nothing of a later one", async () => {
    const mark = randomUUID();
    const temporary = mkdtempSync("/dev/shm/tsmpi-test-");
    onTestFinished(() => rmSync(temporary, { recursive: true, force: true }));
    const script = `
      import { spawn } from "node:child_process";
      spawn("sleep", ["1000"], { stdio: "ignore", detached: true }).unref();
      console.log("up", process.env.TSMPI_RESTART, process.env.TSMPI_JOB);
      if (process.env.TSMPI_RESTART === "2") for (;;) {}
      if (process.env.TSMPI_RANK === "1") setTimeout(() => process.exit(3), 300);
      else for (;;) {}
    `;
    const running = startScript(script, ["-n", "2", "--restarts", "5", "--kill-after", "0.3"], {
      env: { MARK: mark, TSMPI_TMPDIR: temporary },
    });
    const alive = () => new Set([...processesWith(mark), ...processesWith(temporary)]).size;
    await until(() => /restart 2 of 5/.test(running.stderr), "the second pause");
    expect(alive()).toBe(1); // the launcher
    expect(readdirSync(temporary)).toEqual([]);
    await running.shows("up 2", 2);
    const jobs = new Set(running.stdout.match(/[0-9a-f]{16}/g));
    expect(jobs.size).toBe(3);
    running.child.kill("SIGKILL");
    await until(() => alive() === 0, "no process is left");
    await until(() => readdirSync(temporary).length === 0, "no file is left");
  });
});

describe("inputs of tsmpi map from a pipe", () => {
  const map = "tsmpi map -n 2 --restarts 2 'kill -9 $PPID; echo {}'";

  test("cannot be read again, so the job is not started again", async () => {
    const { code, stderr } = await shell(`printf 'a\nb\n' | ${map}`).result;
    expect(code).toBe(137);
    expect(stderr).toMatch(/^tsmpi: not started again: the inputs came from a pipe, which cannot be read again/m);
  });
});
