import { beforeAll, describe, expect, test } from "vitest";
import { asUser, start, submit, write } from "./cluster.ts";

beforeAll(() =>
  write({
    "signal.ts": `import { init } from "tsmpi"; import { setTimeout as sleep } from "node:timers/promises";
      const world = await init();
      const began = Date.now();
      if (world.rank === 0) console.log("now");
      world.signal.addEventListener("abort", () => { console.log("signal", world.rank, Math.round((Date.now() - began) / 1000)); process.exit(); });
      await sleep(100_000);`,
    "term.ts": `import { init } from "tsmpi"; import { setTimeout as sleep } from "node:timers/promises";
      const world = await init();
      process.on("SIGTERM", () => console.log("TERM", world.rank));
      await world.barrier();
      if (world.rank === 0) console.log("now");
      await sleep(100_000);`,
  }),
);

/** When each rank heard of the end, in seconds. */
const heard = (stdout: string): number[] => [...stdout.matchAll(/^signal \d (\d+)$/gm)].map(([, text]) => Number(text));

describe("world.signal", () => {
  test.each([
    { what: "the walltime", options: ["-l", "walltime=00:01:00"], more: "", after: [20, 35] },
    {
      what: "what qalter made of it",
      options: ["-l", "walltime=00:03:00"],
      alter: "00:01:00",
      more: "",
      after: [20, 35],
    },
    { what: "what --walltime says", options: [], more: "--walltime 00:00:30", after: [5, 29] },
  ])("aborts on all hosts before $what is over", async ({ options, alter, more, after: [least, most] }) => {
    const job = await start("2:ncpus=1", `tsmpi run ${more} signal.ts`, options);
    if (alter !== undefined) {
      await job.shows("now");
      expect((await asUser(["qalter", "-l", `walltime=${alter}`, job.id])).code).toBe(0);
    }
    const { code, stdout, stderr } = await job.ended();
    expect(code, stderr).toBe(0);
    const times = heard(stdout);
    expect(times).toHaveLength(2);
    for (const seconds of times) {
      expect(seconds).toBeGreaterThanOrEqual(least as number);
      expect(seconds).toBeLessThanOrEqual(most as number);
    }
  });
});

test("qdel tells each rank once, on all hosts", async () => {
  const job = await start("2:ncpus=2:mpiprocs=2", "tsmpi run --kill-after 2 term.ts");
  await job.shows("now");
  await asUser(["qdel", job.id]);
  await job.ended();
  const told = job.stdout.match(/^TERM \d$/gm) ?? [];
  expect([...told].sort()).toEqual(["TERM 0", "TERM 1", "TERM 2", "TERM 3"]);
});

describe("a job with a limit of addresses", () => {
  test.each(["ulimit -v 1500000", "ulimit -v 3000000"])("runs: %s", async (limit) => {
    const { code, stdout, stderr } = await submit(
      "2:ncpus=1",
      `${limit}; echo 'import { init, sum } from "tsmpi"; const w = await init(); console.log(await w.allreduce(1, sum))' > v.ts; tsmpi run v.ts`,
    );
    expect({ code, stdout }, stderr).toEqual({ code: 0, stdout: "2\n2\n" });
  });
});

describe("options that people type", () => {
  test.each([
    "-np 4",
    "-machinefile $PBS_NODEFILE -np 4",
    "--oversubscribe -x A=1 -np 4",
    "-n4 --map-by slot",
    "-ppn 2",
    "--map-by node",
  ])("%s", async (options) => {
    const { code, stdout, stderr } = await submit("2:ncpus=2:mpiprocs=2", `tsmpi exec ${options} hostname`);
    expect(code, stderr).toBe(0);
    expect(stdout.trim().split("\n")).toHaveLength(4);
  });

  test.each(["-N 2", "--rank-by node", "--mca btl tcp"])("%s names ours", async (options) => {
    const { code, stderr } = await submit("2:ncpus=1", `tsmpi exec ${options} hostname`);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^tsmpi: -.*: .+\n$/);
  });
});
