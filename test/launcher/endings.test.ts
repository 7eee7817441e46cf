import { execFileSync } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readPage } from "../docs/rows.ts";
import { folder, shell } from "../support/run-tsmpi.ts";
import { perTier } from "../support/tier.ts";

/** More than pipes hold; the full tier does what the page says. */
const count = perTier({ quick: 8_000, full: 100_000 });

/** Each writes so many lines to each stream and ends in the way that its last argument names. */
const node = `import { closeSync } from "node:fs";
const way = process.argv.at(-1);
for (let i = 0; i < ${count}; i++) { console.log("out " + i); console.error("err " + i); }
if (way === "exit") process.exit(3);
if (way === "throw") throw new Error("thrown");
if (way === "signal") process.kill(process.pid, "SIGKILL");
closeSync(1); closeSync(2);
setTimeout(() => {}, 100);`;

const python = `import os, signal, sys, time
way = sys.argv[-1]
for i in range(${count}):
    print("out", i)
    print("err", i, file=sys.stderr)
if way == "exit": sys.exit(3)
if way == "throw": raise Exception("thrown")
sys.stdout.flush()
if way == "signal": os.kill(os.getpid(), signal.SIGKILL)
os.close(1); os.close(2)
time.sleep(0.1)
os._exit(0)`;

const c = `#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
int main(int argc, char **argv) {
  const char *way = argv[argc - 1];
  for (int i = 0; i < ${count}; i++) { printf("out %d\\n", i); fprintf(stderr, "err %d\\n", i); }
  if (strcmp(way, "exit") == 0) exit(3);
  fflush(stdout);
  if (strcmp(way, "throw") == 0) { fprintf(stderr, "thrown\\n"); abort(); }
  if (strcmp(way, "signal") == 0) raise(SIGKILL);
  fclose(stdout); fclose(stderr);
  usleep(100000);
  return 0;
}`;

const sh = `i=0
while [ $i -lt ${count} ]; do echo "out $i"; echo "err $i" >&2; i=$((i + 1)); done
case $1 in
  exit) exit 3 ;;
  throw) set -u; echo "$thrown" ;;
  signal) kill -KILL $$ ;;
  close) exec >&- 2>&-; sleep 0.1 ;;
esac`;

const programs: Record<string, string> = {
  "a script (`tsmpi run`)": "tsmpi run -n 1 program.mjs",
  "a child of it with inherited streams": "tsmpi run -n 1 parent.mjs",
  "Node under `tsmpi exec`": "tsmpi exec -n 1 node program.mjs",
  Python: "tsmpi exec -n 1 python3 program.py",
  C: "tsmpi exec -n 1 ./program",
  sh: "tsmpi exec -n 1 sh program.sh",
};

const parent = `import { spawnSync } from "node:child_process";
const { status, signal } = spawnSync(process.execPath, ["program.mjs", process.argv.at(-1)], { stdio: "inherit" });
if (signal !== null) process.kill(process.pid, signal);
process.exitCode = status;`;

const ways = ["exit", "throw", "signal", "close"];

function has(program: string): boolean {
  try {
    execFileSync(program, ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
const missing = [...(has("python3") ? [] : ["Python"]), ...(has("cc") ? [] : ["C"])];

/** "all, 3": all lines of both streams have arrived, and this is the exit code. Its reader sleeps at first. */
async function endingOf(cwd: string, command: string, way: string): Promise<string> {
  const line = `{ ${command} ${way} 2> ${way}.err; echo $? > ${way}.code; } | { sleep 0.5; cat > ${way}.out; }`;
  await shell(line, { cwd }).result;
  const read = (stream: string) => readFileSync(join(cwd, `${way}.${stream}`), "utf8");
  const counts = ["out", "err"].map((stream) => {
    const lines = read(stream)
      .split("\n")
      .filter((each) => /^(out|err) \d+$/.test(each));
    return lines.every((each, i) => each === `${stream} ${i}`) ? lines.length : Number.NaN;
  });
  return `${counts.every((each) => each === count) ? "all" : counts.join(" and ")}, ${read("code").trim()}`;
}

describe("the table of endings in docs/reliability.md is right:", () => {
  const page = readPage("reliability.md");
  for (const [program, command] of Object.entries(programs)) {
    it.skipIf(missing.includes(program))(`nothing is lost of ${program}`, async () => {
      const cwd = folder({
        "program.mjs": node,
        "parent.mjs": parent,
        "program.py": python,
        "program.c": c,
        "program.sh": sh,
      });
      if (program === "C") execFileSync("cc", ["-w", "-o", "program", "program.c"], { cwd });
      const cells = await Promise.all(ways.map((way) => endingOf(cwd, command, way)));
      expect(page).toContain(`| ${program} | ${cells.join(" | ")} |`);
    });
  }

  it("100 MB of Node under `tsmpi exec` arrive whole at a slow reader", async () => {
    const script = `process.stdout.write("x".repeat(100 << 20)); process.exit(0);`;
    const cwd = folder({ "program.mjs": script });
    await shell("tsmpi exec -n 1 node program.mjs | { sleep 1; cat > out; }", { cwd }).result;
    expect(statSync(join(cwd, "out")).size).toBe(100 << 20);
  });
});

describe("the streams of a rank", () => {
  // The second time its input has ended long ago: at a named pipe it would wait for a writer for ever.
  const script = `cat /dev/stdin; sleep 0.2; cat /dev/stdin; echo out > /dev/stdout; echo err > /dev/stderr`;

  it("can be opened by name", async () => {
    const running = shell(`echo in | tsmpi exec -n 1 sh -c '${script}'`);
    expect(await running.result).toMatchObject({ code: 0, stdout: "in\nout\n", stderr: "err\n" });
  });

  it("do not fail the writes of other programs after one of Node's", async () => {
    const both = `node -e "console.log(1)"; seq 100000`;
    const { stdout, stderr } = await shell(`tsmpi exec -n 1 sh -c '${both}' | { sleep 0.5; wc -l; }`).result;
    expect({ stdout: stdout.trim(), stderr }).toEqual({ stdout: "100001", stderr: "" });
  });

  it("are sockets where there is no mkfifo, which --verbose tells", async () => {
    const cwd = folder({ "script.mjs": `console.log("here"); process.stdin.pipe(process.stdout);`, "bin/empty": "" });
    const running = shell(`echo in | PATH=bin tsmpi run --verbose -n 1 script.mjs`, { cwd });
    const { code, stdout, stderr } = await running.result;
    expect({ code, stdout }).toEqual({ code: 0, stdout: "here\nin\n" });
    expect(stderr).toMatch(/: mkfifo failed: the ranks' streams are sockets, not pipes$/m);
  });

  it("do not ask a container, which may not see it, for the file that keeps them whole", async () => {
    const cwd = folder({ docker: "", "show.sh": 'echo "<$NODE_OPTIONS>"' });
    const line = `cp "$(command -v sh)" docker; chmod +x docker; export NODE_OPTIONS=--no-warnings
      tsmpi exec -n 1 ./docker show.sh; tsmpi exec -n 1 sh show.sh`;
    const { stdout } = await shell(line, { cwd }).result;
    expect(stdout).toMatch(/^<--no-warnings>\n<--no-warnings --require=\S+\/rank-output\.cjs>\n$/);
  });
});
