import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Hosts, makeHosts, multihost } from "../support/multihost.ts";
import { PbsJob } from "../support/pbs-job.ts";

const launcher = new URL("../../packages/launcher/dist/index.js", import.meta.url);
const sum = `import { init, sum } from "${launcher}";
  const world = await init();
  console.log(await world.allreduce(world.rank, sum));
`;

describe.runIf(multihost.possible)("hosts with networks that lead nowhere", () => {
  const names = ["a", "b", "c", "d"];
  let hosts: Hosts;
  let job: PbsJob;

  beforeAll(async () => {
    hosts = await makeHosts(names);
    job = new PbsJob(hosts, names, "openpbs");
    writeFileSync(join(hosts.directory, "sum.mjs"), sum);
  });
  afterAll(() => {
    job?.end();
    hosts?.remove();
  });

  test("find the one that works", async () => {
    const { stdout, stderr, code } = await job.script("tsmpi run --verbose sum.mjs").result;
    expect({ stdout, code }, stderr).toEqual({ stdout: "6\n".repeat(4), code: 0 });
    expect(stderr).toMatch(/agents connect to (?=.*172\.17\.0\.1:)(?=.*10\.99\.0\.1:)/);
    expect(stderr.match(/is here, at 10\.88\.0\.1,/g)).toHaveLength(3);
  });

  test.each(["eth0", "10.88.0.0/16"])("use the one that --interface %s names, and listen on no other", async (only) => {
    const { stdout, stderr } = await job.script(`tsmpi run --interface ${only} --verbose sum.mjs`).result;
    expect(stdout).toBe("6\n".repeat(4));
    expect(stderr).toMatch(/agents connect to 10\.88\.0\.1:\d+\n/);
  });

  test("talk without encryption when told to", async () => {
    expect((await job.script("tsmpi run --no-encrypt sum.mjs").result).stdout).toBe("6\n".repeat(4));
  });

  test("say which networks there are when --interface names none of them", async () => {
    const { code, stderr } = await job.script("tsmpi run --interface eth7 sum.mjs").result;
    expect(code).toBe(2);
    expect(stderr).toMatch(/^tsmpi: --interface eth7: this host has no such network \(.*eth0 10\.88\.0\.1.*\)\n$/);
  });

  test("refuse an interface that no other host can reach", async () => {
    const { code, stderr } = await job.script("tsmpi run --interface lo sum.mjs").result;
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: "tsmpi: --interface lo: other hosts cannot reach this one there; name a network between them\n",
    });
  });

  test("tell what was tried when the launcher cannot be reached", async () => {
    const { code, stderr } = await job.script("tsmpi run --interface mgmt0 --launch-timeout 10 sum.mjs").result;
    expect(code).toBe(125);
    expect(stderr).toMatch(/^tsmpi: 3 of 3 agents did not connect/);
    expect(stderr).toMatch(/^b +started +b cannot reach a; /m);
    expect(stderr).toMatch(/^ +launcher at 10\.99\.0\.1:\d+: no (answer|route)$/m);
  });

  test("tell which of them did not come, and how far it came", async () => {
    hosts.cut("c");
    try {
      const { code, stderr } = await job.script("tsmpi run --launch-timeout 10 sum.mjs").result;
      expect(code).toBe(125);
      expect(stderr).toMatch(/^tsmpi: 1 of 3 agents did not connect/);
      expect(stderr).toMatch(/^c +started +c cannot reach a; a cannot reach c either/m);
      expect(stderr).toMatch(/^ +launcher at 10\.88\.0\.1:\d+: no /m);
      for (const host of ["a", "b", "d"]) expect(stderr).toMatch(new RegExp(`^${host} +ready`, "m"));
    } finally {
      hosts.mend("c");
    }
  });

  test("tell what pbsdsh printed when a host cannot start anything", async () => {
    const bad = join(hosts.directory, "no-node");
    const pbsdsh = readFileSync(join(hosts.directory, "job/pbsdsh"), "utf8");
    writeFileSync(bad, pbsdsh.replace('"$@"', "-n 1 -- /no/such/node"), { mode: 0o755 });
    const { code, stderr } = await job.script(
      `mkdir -p bad; cp no-node bad/pbsdsh; PATH=$PWD/bad:$PATH tsmpi run sum.mjs`,
    ).result;
    expect(code).toBe(125);
    expect(stderr).toMatch(/^b +asked +\/bin\/sh cannot be started there$/m);
    expect(stderr).toMatch(/^ +pbsdsh ended with 0: pbsdsh: task 0x00000000 exit status 254$/m);
  });
});

describe.runIf(multihost.possible)("ranks on hosts that cannot reach each other", () => {
  test("fail with a table of what was tried", async () => {
    const hosts = await makeHosts(["a", "b", "c"]);
    const job = new PbsJob(hosts, ["a", "b", "c"], "torque");
    // Both reach the launcher on a, and not each other.
    hosts.shell("b", "ip route add unreachable 10.88.0.3; ip route add unreachable 10.99.0.3");
    writeFileSync(
      join(hosts.directory, "far.mjs"),
      `import { init } from "${launcher}"; const world = await init();
       if (world.rank === 1) await world.send("x".repeat(1e6), { dest: 2 }); else await world.recv({ source: 1 });`,
    );
    try {
      const { code, stderr } = await job.script("tsmpi run far.mjs").result;
      expect(code).toBe(125);
      expect(stderr).toMatch(/\[rank 1\/3 on b\] send\(.*rank 2 on c cannot be reached from here \(no route/);
      expect(stderr).toMatch(/^tsmpi: rank 1 of 3 on b cannot reach rank 2 of 3 on c: /m);
      expect(stderr).toMatch(/^ {2}b .*-> c 10\.88\.0\.3:\d+ {2}no route, \d+ times in \d+ s$/m);
    } finally {
      job.end();
      hosts.remove();
    }
  });
});
