import { existsSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { usableTopology } from "../../packages/launcher/src/system/topology.ts";
import { folder, runTsmpi, shell, start } from "../support/run-tsmpi.ts";

/** A CPU that tests may use. The claims of the jobs here are in a folder of their own. */
const cpus = usableTopology();
const cpu = cpus[0]?.id ?? 0;
const alone = (): Record<string, string> => ({ TSMPI_TMPDIR: folder() });
const show = "console.log(process.env.OMP_NUM_THREADS, process.env.TSMPI_RANK);";
const seen = ["sh", "-c", "grep Cpus_allowed_list /proc/self/status; echo threads $OMP_NUM_THREADS"];

describe.runIf(existsSync("/proc/self/status"))("--bind-to", () => {
  it("binds a rank to CPUs that the job may use, sets its threads, and shows it", async () => {
    const run = `tsmpi exec -n 1 --bind-to share --display-map ${seen.map((word) => `'${word}'`).join(" ")}`;
    const line = `export -f tsmpi; taskset -c ${cpu} bash -c "$RUN"`;
    const { code, stdout, stderr } = await shell(line, { env: { ...alone(), RUN: run } }).result;
    expect(stdout).toBe(`Cpus_allowed_list:\t${cpu}\nthreads 1\n`);
    expect(stderr).toMatch(new RegExp(`^rank +host +CPUs\n0 +${hostname()} +${cpu}$`, "m"));
    expect(code).toBe(0);
  });

  it("refuses more ranks than cores in one sentence", async () => {
    const many = String(cpus.length + 1);
    const { code, stderr } = await runTsmpi(["exec", "-n", many, "--bind-to", "core", "true"], { env: alone() });
    expect(stderr).toMatch(
      /^tsmpi: cannot start the ranks: --bind-to core: \d+ ranks, and \d+ cores? for them on this host; --bind-to share lets ranks share cores\n$/,
    );
    expect(code).toBe(125);
  });

  it("leaves CPUs alone that another job has, until that job ends, however it ends", async () => {
    const env = alone();
    const file = join(folder({ ranks: `rank 0=+n0 slot=${cpu}\n` }), "ranks");
    const bound = ["exec", "--rankfile", file];
    const first = start([...bound, "sh", "-c", "echo up; exec sleep 60"], { env });
    await first.shows("up");
    const second = await runTsmpi([...bound, "true"], { env });
    expect(second.stderr).toContain(
      `rank 0 of --rankfile: its CPUs are not free on this host (other jobs of tsmpi have bound ranks here: process ${first.child.pid} has ${cpu})`,
    );
    first.child.kill("SIGKILL");
    await first.result;
    expect(await runTsmpi([...bound, ...seen], { env })).toMatchObject({
      code: 0,
      stdout: `Cpus_allowed_list:\t${cpu}\nthreads 1\n`,
    });
  });

  it("does not change OMP_NUM_THREADS that the user has set", async () => {
    const cwd = folder({ "script.mjs": show });
    const args = ["run", "-n", "1", "--bind-to", "share", "script.mjs"];
    const { stdout } = await runTsmpi(args, { cwd, env: { ...alone(), OMP_NUM_THREADS: "7" } });
    expect(stdout).toBe("7 0\n");
  });

  it("needs taskset", async () => {
    const { code, stderr } = await runTsmpi(["exec", "-n", "1", "--bind-to", "core", "/bin/true"], {
      env: { ...alone(), PATH: "/nowhere" },
    });
    expect(stderr).toContain("taskset (of util-linux) is not in PATH there");
    expect(code).toBe(125);
  });
});

describe("--gpus-per-rank", () => {
  const run = (env: Record<string, string>, ...args: string[]) =>
    runTsmpi(["exec", "-n", "3", ...args, "sh", "-c", "echo $TSMPI_RANK:$CUDA_VISIBLE_DEVICES"], { env });

  it("gives each rank its GPUs, and tells when they are shared", async () => {
    const { stdout, stderr } = await run({ CUDA_VISIBLE_DEVICES: "4,7" }, "--gpus-per-rank", "1", "--display-map");
    expect(stdout.trim().split("\n").toSorted()).toEqual(["0:4", "1:7", "2:4"]);
    expect(stderr).toContain(`tsmpi: ${hostname()}: 3 ranks with 1 GPU each on 2 GPUs: ranks share GPUs in turn\n`);
    expect(stderr).toMatch(/^rank +host +CPUs +GPUs\n0 .* 4\n1 .* 7\n2 .* 4$/m);
  });

  it("does not win over --env", async () => {
    const { stdout } = await run(
      { CUDA_VISIBLE_DEVICES: "4,7" },
      "--gpus-per-rank",
      "1",
      "-x",
      "CUDA_VISIBLE_DEVICES=9",
    );
    expect(stdout.trim().split("\n").toSorted()).toEqual(["0:9", "1:9", "2:9"]);
  });

  it("is an error where there are too few", async () => {
    const { code, stderr } = await run({ CUDA_VISIBLE_DEVICES: "" }, "--gpus-per-rank", "1");
    expect(stderr).toBe(
      "tsmpi: cannot start the ranks: --gpus-per-rank 1: this host has 0 GPUs for the job (CUDA_VISIBLE_DEVICES=)\n",
    );
    expect(code).toBe(125);
  });
});
