import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { folder, processesWith, shell, start, until } from "../support/run-tsmpi.ts";

describe("children that outlive their rank", () => {
  it("may finish their work", async () => {
    const script = `case $TSMPI_RANK in
      0) exec > >(sleep 1; gzip -c > lines.gz); seq 100000 ;;
      1) (sleep 1; echo late) & echo now ;;
      2) (sleep 0.3; touch touched) > /dev/null 2>&1 & ;;
    esac`;
    const cwd = folder({ "script.sh": script });
    const { code, stdout, stderr } = await shell("tsmpi exec -n 3 bash script.sh; gzip -dc lines.gz | wc -l", { cwd })
      .result;
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: "now\nlate\n100000\n", stderr: "" });
    expect(existsSync(join(cwd, "touched"))).toBe(true);
  });

  it("that hold a stream for too long are named and ended", async () => {
    const cwd = folder({ "script.sh": `setsid env -i /bin/sleep 1001 & echo $!; exit 0` });
    const { stdout, stderr } = await shell("tsmpi exec -n 2 --wait-for-children 1 sh script.sh; echo $?", { cwd })
      .result;
    const [pid, other, code] = stdout.trimEnd().split("\n");
    const sentence = `tsmpi: rank \\d of 2 on \\S+ has ended, but /bin/sleep 1001 \\(pid (${pid}|${other})\\), which it started, holds its output open; it is being ended, and the exit code is 1 \\(--wait-for-children\\)\n`;
    expect(stderr).toMatch(new RegExp(`^(${sentence}){2}$`));
    expect(code).toBe("1");
    expect(isAlive(pid!) || isAlive(other!)).toBe(false);
  });

  it("are not made out of a slow reader, who has the end of the output still to come", async () => {
    // Writes until there is room no more on the whole way: its agent has not read all of it when it ends.
    const script = `use Fcntl; sysopen(F, "/dev/stdout", O_WRONLY | O_NONBLOCK); my ($stuck, $sent) = (0, 0);
      while ($stuck < 50 && $sent < 2e8) { if (my $n = syswrite(F, "x" x 4096)) { $stuck = 0; $sent += $n } else { select(undef, undef, undef, 0.01); $stuck++ } }`;
    const cwd = folder({ "fill.pl": script });
    const line = `tsmpi exec -n 1 --wait-for-children 1 perl fill.pl | { sleep 4; wc -c; }; echo \${PIPESTATUS[0]}`;
    const { stdout, stderr } = await shell(line, { cwd }).result;
    const [bytes, code] = stdout.split("\n");
    expect({ code, stderr }).toEqual({ code: "0", stderr: "" });
    expect(Number(bytes)).toBeGreaterThan(4 << 20);
  });

  it("are not waited for when a rank fails, another one or their own, nor under --wait-for-children 0", async () => {
    const script = `sleep 1002 & if [ $TSMPI_RANK = 1 ]; then sleep 0.5; exit $1; fi`;
    const cwd = folder({ "script.sh": script });
    const line = `tsmpi exec -n 2 sh script.sh 3; echo $?; tsmpi exec -n 2 --wait-for-children 0 sh script.sh 0; echo $?`;
    const { stdout, stderr } = await shell(line, { cwd }).result;
    expect(stdout).toBe("3\n0\n");
    expect(stderr).not.toContain("--wait-for-children");
  });

  it("are interrupted by Ctrl-C, and may tidy up", async () => {
    const child = `trap 'echo tidy; sleep 0.3; echo bye; exit' INT; echo child; while :; do sleep 0.1; done`;
    const cwd = folder({ "child.sh": child, "script.mjs": parent });
    const running = start(["run", "-n", "1", "script.mjs"], { cwd });
    await running.shows("child");
    await until(() => processesWith("script.mjs").length === 1, "the launcher is alone with the child");
    running.child.kill("SIGINT");
    expect(await running.result).toMatchObject({ code: 130, stdout: "child\ntidy\nbye\n" });
  });
});

// A shell would let its child ignore SIGINT.
const parent = `import { spawn } from "node:child_process";
  spawn("bash", ["child.sh"], { stdio: "inherit" }).unref(); setTimeout(() => process.exit(), 500);`;

function isAlive(pid: string): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "latin1"));
  } catch {
    return false;
  }
}
