import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Hosts, makeHosts, multihost } from "../support/multihost.ts";
import { PbsJob } from "../support/pbs-job.ts";
import { until } from "../support/run-tsmpi.ts";

const launcher = new URL("../../packages/launcher/dist/index.js", import.meta.url);

/** Parents and new ranks exchange messages in both directions and along both groups together. */
const talk = `
  const both = await others.merge({ high: world.parent !== null });
  const { rank, size } = both;
  const large = new Float64Array(300_000).fill(rank);
  const got = await both.sendrecv(large, { dest: (rank + 1) % size, source: (rank + size - 1) % size });
  if (got[299_999] !== (rank + size - 1) % size) console.log("wrong");
  const hosts = await both.allgather(world.host);
  const total = await both.allreduce(rank, sum);
  if (rank === 0) console.log(hosts.join(" "), total);
`;
const program = `import { init, sum } from "${launcher}";
  const world = await init();
  const others = world.parent ?? await world.spawn(4, "work.mjs");
  ${talk}
`;

const survivor = `import { init, sum } from "${launcher}";
  const world = await init();
  let others = world.parent;
  if (others === null) {
    if (world.rank === 3) process.kill(process.pid, "SIGKILL");
    await world.barrier().catch(() => world.revoke());
    const left = await world.shrink();
    others = await left.spawn(1, "work.mjs");
  }
  ${talk}
`;

multihost.each(["ranks that are spawned on several hosts"])("%s", () => {
  let hosts: Hosts;
  let job: PbsJob;

  beforeEach(async () => {
    hosts = await makeHosts(["a", "b", "c", "d"]);
  });

  afterEach(async () => {
    await until(() => job.processes().length === 0, "no process is left");
    await until(() => job.files().length === 0, "no file is left in the hosts' memory");
    job.end();
    hosts.remove();
  });

  const run = (slots: string[], command: string, script: string) => {
    writeFileSync(join(hosts.directory, "work.mjs"), script);
    job = new PbsJob(hosts, slots, "openpbs");
    return job.script(command).result;
  };

  const slots = ["a", "a", "a", "b", "b", "c", "c"];

  test.each(["", " --no-encrypt"])("get the slots that are free, and talk to all others%s", async (option) => {
    const result = await run(slots, `tsmpi run -n 3 --map-by host${option} work.mjs`, program);
    expect(result.stderr).toBe("");
    expect(result.stdout).toBe("a b c a b c a 21\n");
    expect(result.code).toBe(0);
  });

  test("are refused with numbers where there are too few slots", async () => {
    const refused = program
      .replace("spawn(4", "spawn(5")
      .replace("const others", "let others")
      .replace('"work.mjs")', '"work.mjs").catch((error) => { console.log(error.message); process.exit(0); })');
    const result = await run(slots, "tsmpi run -n 3 --map-by host work.mjs", refused);
    expect(result.stdout).toMatch(
      /spawn\(\).*: 4 slots are free for 5 ranks on the hosts of the job's ranks: ask for fewer/,
    );
  });

  test.each([
    ["beside others", ["a", "a", "b", "b"], "a a b b"],
    ["on a host where no other rank runs", ["a", "b", "c", "d"], "a b c d"],
  ] as const)("take the place of one that has died, %s", async (_, given, placed) => {
    const result = await run([...given], "tsmpi run --keep-going work.mjs", survivor);
    const lost = `rank 3 of 4.* on ${given[3]} \\(pid \\d+\\) was killed by SIGKILL; going on without it`;
    expect(result.stderr).toMatch(new RegExp(`^tsmpi: ${lost}$`, "m"));
    expect(result.stdout).toBe(`${placed} 6\n`);
    expect(result.code).toBe(0);
  });
});
