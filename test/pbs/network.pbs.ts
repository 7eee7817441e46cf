import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { asRoot, hasRoot, start, submit, write } from "./cluster.ts";

const head = `import { init, sum } from "tsmpi"; import { setTimeout as sleep } from "node:timers/promises";
const world = await init();
`;
const programs = {
  "send.ts": `${head} if (world.rank === 3) await world.send(42, { dest: 2 }); if (world.rank === 2) await world.recv({ source: 3 });`,
  "collective.ts": `${head} for (;;) await world.allreduce(new Float64Array(1e5), sum);`,
  "later.ts": `${head} for (let i = 0; ; i++) { await world.allreduce(world.rank, sum); if (i === 10 && world.rank === 0) console.log("now"); await sleep(20); }`,
  "sum.ts": `${head} console.log((await world.allreduce(new Float64Array(1e5).fill(1), sum))[0]);`,
};
const four = "4:ncpus=1";
/** The first packet of each. */
const newConnections = "tcp flags & (syn | ack) == syn";
if (!hasRoot) test.skip("LEFT OUT: TSMPI_PBS_ROOT is not set, so no port is closed and no daemon killed", () => {});

describe.runIf(hasRoot)("a link between two hosts that carries nothing", () => {
  let hosts: string[];

  beforeAll(async () => {
    await write(programs);
    hosts = (await submit(four, "true")).nodes;
  });
  afterEach(async () => {
    for (const host of hosts) await asRoot(host, "nft flush ruleset");
  });

  /** The third host takes nothing from the fourth any more, or only no new connections; the launcher is on the first. */
  const close = async (how: string, which = ""): Promise<void> => {
    const from = (await asRoot(hosts[2] as string, `getent hosts ${hosts[3]}`)).split(" ")[0];
    await asRoot(
      hosts[2] as string,
      `nft add table ip f; nft 'add chain ip f in { type filter hook input priority 0; }'; nft 'add rule ip f in ip saddr ${from} tcp dport 30000-65535 ${which} ${how}'`,
    );
  };

  test.each(["send", "collective"].flatMap((program) => ["reject", "drop"].map((how) => ({ program, how }))))(
    "$program, $how: within seconds a sentence that names both ends",
    async ({ program, how }) => {
      await close(how, newConnections); // answers to the third host's own come in, so the other direction is open
      const { code, stderr, seconds } = await submit(four, `tsmpi run ${program}.ts`);
      expect(stderr).toMatch(
        new RegExp(`^tsmpi: rank 3 of 4 on ${hosts[3]} cannot reach rank 2 of 4 on ${hosts[2]}: `, "m"),
      );
      expect(stderr).toMatch(
        new RegExp(`^  ${hosts[3]} [\\d.]+ -> ${hosts[2]} [\\d.]+:\\d+  (refused|no answer)`, "m"),
      );
      expect(code).toBe(125);
      console.log(`${program}, ${how}: ${seconds} s with the start`);
    },
  );

  test.each(["reject with tcp reset", "drop"])("that dies later: %s", async (how) => {
    const job = await start(four, "tsmpi run later.ts");
    await job.shows("now");
    await close(how);
    const closed = Date.now();
    const { code, stderr } = await job.ended();
    expect(stderr).toMatch(/^tsmpi: rank \d of 4 on \S+ cannot reach rank \d of 4 on /m);
    expect(code).toBe(125);
    console.log(`${how}: ${Math.round((Date.now() - closed) / 1000)} s after it`);
  });

  test("--port-range is all that ranks listen on", async () => {
    // Not on the first: PBS itself brings the tasks' output there, to a port of its own choice.
    for (const host of hosts.slice(1))
      await asRoot(
        host,
        `nft add table ip f; nft 'add chain ip f in { type filter hook input priority 0; }'
        nft 'add rule ip f in iifname != lo ${newConnections} tcp dport 16000-65535 tcp dport != 50100-50109 drop'`,
      );
    const { code, stdout, stderr } = await submit(four, "tsmpi run --port-range 50100-50109 sum.ts");
    expect({ code, stdout }, stderr).toEqual({ code: 0, stdout: "4\n".repeat(4) });
    expect((await submit(four, "tsmpi run --launch-timeout 5 sum.ts")).code).toBe(125);
  });
});
