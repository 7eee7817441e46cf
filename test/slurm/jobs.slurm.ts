import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { command } from "../support/run-tsmpi.ts";
import { SlurmCluster } from "./cluster.ts";

const library = new URL("../../packages/launcher/dist/index.js", import.meta.url);
const hosts = "tsmpi exec --tag-output hostname | sort";

let cluster: SlurmCluster;
beforeAll(async () => {
  cluster = await SlurmCluster.up(["n1", "n2", "n3"]);
});
afterAll(() => cluster?.down());

const tagged = (...names: string[]): string => names.map((name, rank) => `[${rank}] ${name}\n`).join("");

describe("hosts and slots", () => {
  test.each([
    ["-N2 --ntasks-per-node=2", tagged("n1", "n1", "n2", "n2")],
    ["-N3", tagged("n1", "n2", "n3")],
    ["-n3", tagged("n1", "n1", "n2")],
    ["-n2 -c2", tagged("n1", "n2")],
    ["-N2 --exclusive", tagged("n1", "n1", "n2", "n2")],
    ["-n6 -N2 -O", tagged("n1", "n1", "n1", "n2", "n2", "n2")],
    ["-m arbitrary -w n3,n1,n3 -n3", tagged("n1", "n1", "n3")],
    ["-N2 --export=NONE", tagged("n1", "n2")],
    ["-n1 : -n2 -N2", tagged("n1", "n2", "n3")], // a heterogeneous job
  ])("are those of sbatch %s", async (options, expected) => {
    const { stdout, stderr, code } = await cluster.submit(hosts, options).result;
    expect({ stdout, stderr, code }).toEqual({ stdout: expected, stderr: "", code: 0 });
  });

  test("are the job's beside a step that has all of its CPUs and memory", async () => {
    const { stdout } = await cluster.submit(`srun -n4 sleep 30 & sleep 1; ${hosts}; kill $!`, "-n4").result;
    expect(stdout).toBe(tagged("n1", "n1", "n2", "n2"));
  });

  test("are some of the job's with --hosts and with --hostfile", async () => {
    const named = await cluster.submit("tsmpi exec --hosts n3,n2:2 --tag-output hostname | sort", "-N3").result;
    expect(named.stdout).toBe(tagged("n3", "n2", "n2"));
    const lines = "printf 'n2\\nn1\\nn2\\n' > mine; tsmpi exec --hostfile mine --tag-output hostname | sort";
    expect((await cluster.submit(lines, "-N3").result).stdout).toBe(tagged("n2", "n1", "n2"));
  });

  test("give each rank the array's number", async () => {
    const run = cluster.submit("tsmpi exec sh -c 'echo $SLURM_ARRAY_TASK_ID'", "-N2 -a 7-7");
    expect((await run.result).stdout).toBe("7\n7\n");
  });
});

describe("what starts tsmpi", () => {
  const ofTask = `${process.execPath} ${command}`;

  test("srun with several tasks is refused by each of them", async () => {
    const { code, stderr } = await cluster.submit(`srun -n2 ${ofTask} exec hostname`, "-n2").result;
    expect(code).toBe(2);
    expect(stderr.match(/^tsmpi: .*$/gm)).toEqual(
      Array(2).fill(
        "tsmpi: srun started this command 2 times, and each would run the whole job: write tsmpi exec -n 2 hostname, without srun",
      ),
    );
  });

  test("srun with one task runs it on the step's host", async () => {
    const { stdout } = await cluster.submit(`srun -N1 -n1 -w n2 ${ofTask} exec -n 2 --tag-output hostname`, "-N2")
      .result;
    expect(stdout).toBe(tagged("n2", "n2"));
  });

  test("a shell of srun --pty has the hosts of its step", async () => {
    expect(await typed("srun -N2 -n3 --pty bash /dev/stdin")).toContain(tagged("n1", "n1", "n2"));
  });

  test("a shell of salloc has the hosts of the job, wherever it runs", async () => {
    expect(await typed("salloc -w n2,n3 -N2 bash /dev/stdin")).toContain(tagged("n2", "n3"));
  });

  /** What a shell prints that some command starts, in which tsmpi runs. */
  async function typed(line: string): Promise<string> {
    writeFileSync(join(cluster.hosts.directory, "typed.sh"), `${cluster.define}\n${hosts}\n`);
    const child = cluster.terminal(line.replace("/dev/stdin", "typed.sh"));
    let shown = "";
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      shown += text;
    });
    await new Promise((resolve) => child.once("close", resolve));
    return shown.replaceAll("\r", "");
  }
});

describe("the end of a job", () => {
  test("is told before the time limit", async () => {
    const save = `import { init } from "${library}";
      const world = await init();
      const wait = setInterval(() => {}, 1000);
      world.signal.addEventListener("abort", () => { clearInterval(wait); console.log(world.signal.reason.message); });`;
    writeFileSync(join(cluster.hosts.directory, "save.mjs"), save);
    const { stdout, code } = await cluster.submit("tsmpi run save.mjs", "-N2 -t 1").result;
    expect(stdout.match(/^Slurm ends this job in about \d+ s: its walltime is 60 s$/gm)).toHaveLength(2);
    expect(code).toBe(0);
  });

  test("leaves nothing when the job script ends before tsmpi", async () => {
    const run = cluster.submit(
      "tsmpi exec sh -c 'echo up; sleep 100' & while ! grep -q up job-*.out; do sleep 0.1; done",
      "-N2",
    );
    expect((await run.result).code).toBe(0);
    const deadline = performance.now() + 40_000;
    while (cluster.processes().length > 0 && performance.now() < deadline) await new Promise((r) => setTimeout(r, 200));
    expect(cluster.processes()).toEqual([]);
  });

  test("names a host that is cut off", async () => {
    const run = cluster.submit("tsmpi exec sh -c 'echo up; sleep 100'", "-N3 --no-kill");
    await run.shows("up", 3);
    cluster.hosts.cut("n3");
    try {
      const { code, stderr } = await run.result;
      expect(stderr).toMatch(/^tsmpi: host n3 was lost: no sign of life for \d+ s; stopping the other ranks$/m);
      expect(code).toBe(125);
    } finally {
      cluster.hosts.mend("n3");
    }
  });
});

test("doctor finds nothing wrong", async () => {
  const { stdout, code } = await cluster.submit("tsmpi doctor", "-N2 --ntasks-per-node=2").result;
  expect(stdout).toMatch(/^2 hosts, slots from SLURM_TASKS_PER_NODE \(job \d+\)/);
  expect(stdout).toContain("\nAll is well.\n");
  expect(code).toBe(0);
});
