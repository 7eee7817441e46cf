import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { type Hosts, makeHosts, multihost } from "../support/multihost.ts";
import { PbsJob } from "../support/pbs-job.ts";
import { runTsmpi } from "../support/run-tsmpi.ts";

const launcher = new URL("../../packages/launcher/dist/index.js", import.meta.url);
const head = `import { init, sum } from "${launcher}"; import { setTimeout as sleep } from "node:timers/promises";
  const world = await init();
`;

/** What each rank does; the link from c to a is closed from the start, or when rank 0 says so. */
const programs: Record<string, string> = {
  // The last call is a send: it resolves as soon as the message is on its way.
  send: "if (world.rank === 1) await world.send(42, { dest: 0 }); else await world.recv({ source: 1 });",
  // Where the scope ends the rank leaves, which waits for what it has sent.
  using: `await using scope = world;
    if (world.rank === 1) await world.send(42, { dest: 0 }); else await world.recv({ source: 1 });`,
  large:
    "if (world.rank === 1) await world.send(new Float64Array(1e6), { dest: 0 }); else await world.recv({ source: 1 });",
  collective: "for (;;) await world.allreduce(world.rank, sum);",
  // It works at first.
  later: `for (let i = 0; ; i++) {
    await world.allreduce(world.rank, sum);
    if (i === 10 && world.rank === 0) console.log("now");
    await sleep(20);
  }`,
  // Both go on living, and wait for each other.
  broken: `await world.barrier();
    if (world.rank === 0) { console.log("now"); await world.recv({ source: 1 }); await world.send(1, { dest: 1 }); }
    else { await sleep(2000); await world.send(42, { dest: 0 }); await world.recv({ source: 0 }); }`,
  // The last message of a rank that ends before anybody can see that it has not arrived.
  exit: `await world.barrier();
    if (world.rank === 1) { await sleep(2000); void world.send(42, { dest: 0 }); process.exit(); }
    console.log("now");
    await world.recv({ source: 1 });`,
};

describe.runIf(multihost.possible)("a link between hosts that carries nothing", () => {
  const names = ["a", "b"];
  let hosts: Hosts;
  let job: PbsJob;

  beforeAll(async () => {
    hosts = await makeHosts(names);
    job = new PbsJob(hosts, names, "openpbs");
    for (const [name, program] of Object.entries(programs))
      writeFileSync(join(hosts.directory, `${name}.mjs`), head + program);
  });
  afterAll(() => {
    job?.end();
    hosts?.remove();
  });
  afterEach(() => hosts.shell("a", "nft flush ruleset"));

  /** Host a takes nothing from b any more but what comes to the launcher, which listens on the last port. */
  const close = (how: string): string =>
    hosts.shell(
      "a",
      `nft add table ip f; nft 'add chain ip f in { type filter hook input priority 0; }'; nft add rule ip f in iifname eth0 tcp dport 50100-50198 ${how}`,
    );
  const options = "--port-range 50100-50199";

  test.each([
    { program: "send", how: "reject with tcp reset" },
    { program: "send", how: "drop" },
    { program: "using", how: "reject with tcp reset" },
    { program: "large", how: "drop" },
    { program: "collective", how: "reject" },
  ])("$program ends with a sentence that names both ends: $how", async ({ program, how }) => {
    hosts.shell("a", "nft flush ruleset");
    close(how);
    const { code, stderr } = await job.script(`tsmpi run ${options} --kill-after 1 "${program}.mjs"`).result;
    expect(stderr).toMatch(/^tsmpi: rank 1 of 2 on b cannot reach rank 0 of 2 on a: /m);
    const outcome = how === "drop" ? "no answer" : "refused";
    expect(stderr).toMatch(new RegExp(`^ {2}b 10\\.88\\.0\\.2 -> a 10\\.88\\.0\\.1:5010\\d  ${outcome}`, "m"));
    expect(stderr).toContain("--port-range");
    expect(code).toBe(125);
  });

  test.each(["reject with tcp reset", "drop"])("that worked at first: %s", async (how) => {
    const running = job.script(`tsmpi run ${options} later.mjs`);
    await running.shows("now");
    close(how);
    const { code, stderr } = await running.result;
    expect(stderr).toMatch(/^tsmpi: rank 1 of 2 on b cannot reach rank 0 of 2 on a: /m);
    expect(stderr).toMatch(/^ {2}b 10\.88\.0\.2 -> a 10\.88\.0\.1:5010\d {2}/m);
    expect(code).toBe(125);
  });

  test("for a moment, in which a connection broke with a message in it", async () => {
    const running = job.script(`tsmpi run ${options} --deadlock-after 4 broken.mjs`);
    await running.shows("now");
    close("reject with tcp reset");
    await sleep(3000);
    hosts.shell("a", "nft flush ruleset");
    const { code, stderr } = await running.result;
    expect(stderr).toMatch(/^tsmpi: 1 packet that rank 1 of 2 on b sent never arrived at rank 0 of 2 on a /m);
    expect(code).toBe(125);
  });

  test("after its rank has ended", async () => {
    const running = job.script(`tsmpi run ${options} exit.mjs`);
    await running.shows("now");
    close("drop");
    const { code, stderr } = await running.result;
    expect(stderr).toMatch(
      /^tsmpi: 1 packet that rank 1 of 2 on b sent never arrived at rank 0 of 2 on a \(.*tcp:\/\/10\.88\.0\.1:5010\d/m,
    );
    expect(code).toBe(125);
  });

  test("is told to the program as `undelivered`, on all ranks", async () => {
    close("reject with tcp reset");
    writeFileSync(
      join(hosts.directory, "caught.mjs"),
      `${head} try { for (;;) await world.allreduce(world.rank, sum); } catch (error) { console.log(error.code, error.message); }`,
    );
    const { stdout } = await job.script(`tsmpi run ${options} caught.mjs`).result;
    expect(
      stdout
        .split("\n")
        .map((line) => line.split(" ")[0])
        .filter(Boolean),
    ).toEqual(["undelivered", "undelivered"]);
    expect(stdout).toMatch(/\[rank 0\/2 on a\] allreduce\(.*rank 1 of 2 on b cannot reach rank 0 of 2 on a/);
    expect(stdout).toMatch(/\[rank 1\/2 on b\] allreduce\(.*rank 0 on a cannot be reached from here \(refused/);
  });
});

describe.runIf(multihost.possible)("--port-range", () => {
  const names = ["a", "b", "c"];
  const script = `${head} console.log((await world.allreduce(new Float64Array(1e5).fill(1), sum))[0], await world.allreduce(world.rank, sum));`;
  const jobOfFour = async (): Promise<{ hosts: Hosts; job: PbsJob }> => {
    const hosts = await makeHosts(names);
    const job = new PbsJob(hosts, ["a", "b", "b", "c"], "openpbs");
    onTestFinished(() => {
      job.end();
      hosts.remove();
    });
    writeFileSync(join(hosts.directory, "sum.mjs"), script);
    return { hosts, job };
  };

  test("is all that is listened on: with every other port dropped on all hosts a job runs", async () => {
    const { hosts, job } = await jobOfFour();
    for (const name of names)
      hosts.shell(
        name,
        `nft add table ip f; nft 'add chain ip f in { type filter hook input priority 0; }'
        nft add rule ip f in iifname != lo meta l4proto != tcp drop
        nft 'add rule ip f in iifname != lo tcp flags & (syn | ack) == syn tcp dport != 50100-50109 drop'`,
      );
    for (const more of ["", "--no-encrypt"]) {
      const { code, stdout, stderr } = await job.script(`tsmpi run --port-range 50100-50109 ${more} sum.mjs`).result;
      expect({ code, stdout }, stderr).toEqual({ code: 0, stdout: "4 6\n".repeat(4) });
    }
    // The firewall is real: without the option no agent comes in.
    const without = await job.script("tsmpi run --launch-timeout 4 sum.mjs").result;
    expect(without.code).toBe(125);
    expect(without.stderr).toContain("did not connect");
  });

  test("says so when it is too narrow", async () => {
    const { job } = await jobOfFour();
    const { code, stderr } = await job.script("tsmpi run --port-range 50100-50100 sum.mjs").result;
    expect(code).toBe(125);
    expect(stderr).toMatch(
      /init\(\): no address of this host can be listened on \(.*no port from 50100 to 50100 is free/,
    );
  });

  test.each(["50100", "200-100", "0-10", "1-70000", "a-b"])("%s makes no sense", async (range) => {
    const { code, stderr } = await runTsmpi(["run", "--port-range", range, "x.mjs"]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^tsmpi: --port-range .*two ports from 1 to 65535 are needed/);
  });
});
