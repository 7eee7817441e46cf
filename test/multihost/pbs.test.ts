import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Hosts, makeHosts, multihost } from "../support/multihost.ts";
import { type Flavour, PbsJob } from "../support/pbs-job.ts";
import { until } from "../support/run-tsmpi.ts";
import { full } from "../support/tier.ts";

const flavours: Flavour[] = ["openpbs", "torque"];

multihost.each(flavours)("a job under %s", (flavour) => {
  let hosts: Hosts;
  let job: PbsJob;
  // Equal hosts need not be adjacent.
  const lines = ["a", "b", "a", "c", "b"];

  beforeAll(async () => {
    hosts = await makeHosts(["a", "b", "c"]);
    job = new PbsJob(hosts, lines, flavour);
  });
  afterAll(() => {
    job?.end();
    hosts?.remove();
  });

  test("runs rank i on line i of the node file", async () => {
    const { stdout, stderr, code } = await job.script("tsmpi exec --tag-output hostname | sort").result;
    expect({ stdout, stderr, code }).toEqual({
      stdout: lines.map((host, rank) => `[${rank}] ${host}\n`).join(""),
      stderr: "",
      code: 0,
    });
  });

  test("gives ranks what the shell has and pbsdsh does not carry", async () => {
    const setUp =
      "export FROM_SCRIPT='a b\n$c'; PATH=$PATH:/from/script; umask 027; ulimit -c 0; mkdir -p work; cd work;";
    const show =
      'echo "$TSMPI_RANK|$FROM_SCRIPT|${PATH##*:}|$(pwd)|$(umask)|$(ulimit -c)|$(trap)|$(cat "$PBS_NODEFILE" | tr "\\n" " ")" | tr "\\n" " "; echo';
    const { stdout } = await job.script(`${setUp} tsmpi exec sh -c '${show.replaceAll("'", "'\\''")}' | sort`).result;
    const each = (rank: number): string => `${rank}|a b $c|/from/script|${hosts.directory}/work|0027|0||a b a c b  \n`;
    expect(stdout).toBe(lines.map((_, rank) => each(rank)).join(""));
  });

  test("leaves each host its own numbers in the job and its own TMPDIR", async () => {
    const { stdout } = await job.script(`tsmpi exec sh -c 'echo $(hostname) $PBS_NODENUM $TMPDIR' | sort -u`).result;
    const each = (host: string, index: number): string => `${host} ${index} ${job.temporary(host)}\n`;
    expect(stdout).toBe(["a", "b", "c"].map(each).join(""));
  });

  test("writes to where the launcher's output goes, whole lines, and nothing to the job's own files", async () => {
    const write = `const line = (process.env.TSMPI_RANK + " ").repeat(50) + "\\n"; for (let i = 0; i < 20; i++) process.stdout.write(line.repeat(1000)); process.stdout.write("end");`;
    writeFileSync(join(hosts.directory, "write.mjs"), write);
    const { stdout } = await job.script("tsmpi run write.mjs > out; grep -v end out | sort | uniq -c | tr -s ' '")
      .result;
    const each = (_: string, rank: number): string => ` 20000 ${`${rank} `.repeat(50)}\n`;
    expect(stdout).toBe(lines.map(each).join(""));
    expect(readFileSync(join(hosts.directory, "out"), "utf8").match(/end/g)).toHaveLength(lines.length);
    expect(job.printed).toBe("");
  });

  test("passes on input, signals and exit codes", async () => {
    const shout = await job.script(`echo hello | tsmpi exec -n 2 sh -c 'tr a-z A-Z'`).result;
    expect(shout.stdout).toBe("HELLO\n");
    const failed = await job.script(`tsmpi exec sh -c 'test $TSMPI_RANK != 3 || exit 7; sleep 100'`).result;
    expect(failed.code).toBe(7);
    expect(failed.stderr).toMatch(/rank 3 of 5 on c \(pid \d+\) ended with exit code 7/);
    const script = `trap "echo got it; exit 3" TERM; echo up; while :; do sleep 0.1; done`;
    const running = job.script(`tsmpi exec --tag-output sh -c '${script}' & wait; wait`);
    await running.shows("up", 5);
    hosts.shell("a", "pkill -TERM -f '[t]smpi.js exec'");
    await running.shows("got it", 5);
    await running.result;
  });

  test("tells each rank once of qdel, which PBS tells all processes of the first host, and of a signal to tsmpi", async () => {
    const count = `import { init } from "${new URL("../../packages/launcher/dist/index.js", import.meta.url)}";
      const world = await init();
      let times = 0;
      process.on("SIGTERM", () => {
        if (times++ === 0) setTimeout(() => (console.log("told", times), process.exit()), 1500);
      });
      setInterval(() => {}, 1000);
      console.log("up");`;
    writeFileSync(join(hosts.directory, "count.mjs"), count);
    const toAll = (): void => job.terminate();
    const toLauncher = (): void => void hosts.shell("a", "pkill -TERM -f '[t]smpi.js run'");
    for (const end of [toAll, toLauncher]) {
      const running = job.script("trap : TERM; tsmpi run count.mjs & wait; wait");
      await running.shows("up", 5);
      end();
      const { stdout } = await running.result;
      expect(stdout.match(/told .*/g), stdout).toEqual(Array(5).fill("told 1"));
    }
  });

  test("leaves no process, and no key, on any host", async () => {
    await job.script("tsmpi exec true").result;
    await until(() => job.processes().length === 0, `no process is left of ${job.processes().join("\n")}`);
    expect(readdirSync(join(hosts.directory, "home")).filter((name) => name.startsWith(".tsmpi"))).toEqual([]);
  });

  test("tells nobody its keys by the process table", async () => {
    const running = job.script("tsmpi exec sh -c 'echo up; sleep 2'");
    await running.shows("up", 5);
    const words = job.processes().flatMap((line) => line.split(/\s+/));
    // 32 bytes take 43 characters in base64; what is long here is a path, a host's address or the job's name.
    expect(words.filter((word) => /^[\w+=-]{40,}$/.test(word))).toEqual([]);
    await running.result;
  });

  // What follows does not depend on what tasks get from PBS, so in the quick tier one flavour shows it.
  if (flavour !== "openpbs" && !full) return;

  test("can be one of two that run at once, and start one within a rank", async () => {
    const both = job.script(
      `tsmpi exec sh -c 'sleep 1; hostname' > one & tsmpi exec sh -c 'sleep 1; hostname' > two; wait; sort one two | uniq -c | tr -s ' '`,
    );
    expect((await both.result).stdout).toBe(" 4 a\n 4 b\n 2 c\n");
    const command = join(import.meta.dirname, "../../packages/launcher/bin/tsmpi.js");
    const nested = job.script(
      `tsmpi exec --hosts b -n 1 "${process.execPath}" ${command} exec --tag-output hostname | sort`,
    );
    expect((await nested.result).stdout).toBe(lines.map((host, rank) => `[${rank}] ${host}\n`).join(""));
  });

  test("does not count the time in which it was suspended", async () => {
    const qstat = `#!/bin/sh\necho "    Resource_List.walltime = 00:00:16"\n`;
    writeFileSync(join(hosts.directory, "job/qstat"), qstat, { mode: 0o755 });
    const wait = `import { init } from "${new URL("../../packages/launcher/dist/index.js", import.meta.url)}";
      const world = await init();
      console.log("up");
      const [wait, since] = [setInterval(() => {}, 1000), performance.now()];
      world.signal.addEventListener("abort", () => {
        clearInterval(wait);
        console.log("told after", performance.now() - since);
      });`;
    writeFileSync(join(hosts.directory, "wait.mjs"), wait);
    const running = job.script("tsmpi run -n 1 wait.mjs");
    await running.shows("up");
    const signal = (name: string): string => hosts.shell("a", `pkill -${name} -f '[t]smpi.js run'`);
    signal("STOP");
    await new Promise((resolve) => setTimeout(resolve, 7000));
    signal("CONT");
    const { stdout } = await running.result;
    const [, ms] = /told after (\d+)/.exec(stdout) ?? [];
    expect(Number(ms), stdout).toBeGreaterThan(10_000); // about 8 s of its own, and 7 s in which it was stopped
  });

  test("tells ranks when its walltime is nearly over", async () => {
    // The server's clock is an hour ahead. What it says first, qalter changes later.
    const qstat = `#!/bin/sh
      test -e asked && limit=24 || limit=20; touch asked
      echo "Job Id: $2"; echo "    Resource_List.walltime = 00:00:$limit"
      date -d "+1 hour" "+    stime = %a %b %e %H:%M:%S %Y"`;
    writeFileSync(join(hosts.directory, "job/qstat"), qstat, { mode: 0o755 });
    const save = `import { init, sum } from "${new URL("../../packages/launcher/dist/index.js", import.meta.url)}";
      const world = await init();
      const wait = setInterval(() => {}, 1000);
      const save = async () => {
        clearInterval(wait);
        console.log(await world.allreduce(1, sum), world.signal.reason.message);
      };
      if (world.signal.aborted) await save();
      else world.signal.addEventListener("abort", save);`;
    writeFileSync(join(hosts.directory, "save.mjs"), save);
    const { stdout, stderr, code } = await job.script("rm -f asked; tsmpi run save.mjs").result;
    expect({ stderr, code }).toEqual({ stderr: "", code: 0 });
    expect(stdout.match(/^5 PBS ends this job in about \d+ s: its walltime is 24 s$/gm)).toHaveLength(5);
  });
});

describe.runIf(multihost.possible)("hosts that share no directory", () => {
  test("still find a key, made from the job's cookie, and --verbose says so", async () => {
    const hosts = await makeHosts(["a", "b"], { sharesHome: false });
    const job = new PbsJob(hosts, ["a", "b"], "openpbs");
    try {
      const { stdout, stderr } = await job.script("tsmpi exec --verbose hostname | sort").result;
      expect(stdout).toBe("a\nb\n");
      expect(stderr).toMatch(/agent on b is here, at 10\.88\.0\.1, with the key from the job's cookie/);
    } finally {
      job.end();
      hosts.remove();
    }
  });
});
