import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { asRoot, hasRoot, start, submit, tsmpi, write } from "./cluster.ts";

const four = "4:ncpus=1";
if (!hasRoot) test.skip("LEFT OUT: TSMPI_PBS_ROOT is not set, so no port is closed and no daemon killed", () => {});
let hosts: string[];

beforeAll(async () => {
  await write({ "hello.ts": 'import { init } from "tsmpi"; const world = await init(); console.log(world.rank);' });
  hosts = (await submit(four, "true")).nodes;
});

/** What is done to the third host, how it is undone, and what is said of it. `docs/pbs.md` has the sentences. */
const faults: { what: string; make: string; undo: string; says: RegExp }[] = [
  {
    what: "node is not there",
    make: `mount --bind /dev/null ${process.execPath}`,
    undo: `umount ${process.execPath}`,
    says: /node was not found there/,
  },
  {
    what: "tsmpi is not there",
    make: `mount -t tmpfs none ${dirname(tsmpi)}`,
    undo: `umount ${dirname(tsmpi)}`,
    says: /tsmpi was not found there/,
  },
  {
    what: "the home directory cannot be entered",
    make: "mount -t tmpfs -o mode=700 none /home",
    undo: "umount /home",
    says: /PBS cannot start a task there \(error 15010\)/,
  },
];

describe.runIf(hasRoot).each(faults)("a host on which $what", ({ make, undo, says }) => {
  afterEach(() => asRoot(hosts[2] as string, undo));

  test("is named by launch and doctor, and the others are ready", async () => {
    await asRoot(hosts[2] as string, make);
    const { code, stdout, stderr } = await submit(
      four,
      "tsmpi doctor --launch-timeout 20; tsmpi run --launch-timeout 20 hello.ts",
    );
    expect(code, stderr).toBe(125);
    expect(stderr).toMatch(new RegExp(`^${hosts[2]} +\\S+ +${says.source}`, "m"));
    for (const other of [0, 1, 3]) expect(stderr).toMatch(new RegExp(`^${hosts[other]} +ready *$`, "m"));
    expect(stdout.match(/^wrong: .*/gm)).toEqual([
      expect.stringMatching(new RegExp(`^wrong: ${hosts[2]}: ${says.source}`)),
    ]);
  });
});

describe.runIf(hasRoot)("a host whose pbs_mom is killed while the job runs", () => {
  test("is named, and the others are ready", async () => {
    const job = await start(four, "echo now; sleep 5; tsmpi run --launch-timeout 15 hello.ts");
    await job.shows("now");
    await asRoot(hosts[2] as string, "kill -KILL $(head -1 /var/spool/pbs/mom_priv/mom.lock)");
    try {
      const { code, stderr } = await job.ended();
      expect(code, stderr).toBe(125);
      expect(stderr).toMatch(new RegExp(`^${hosts[2]} +asked +pbsdsh still waits for this host`, "m"));
      for (const other of [0, 1, 3]) expect(stderr).toMatch(new RegExp(`^${hosts[other]} +ready *$`, "m"));
    } finally {
      await asRoot(hosts[2] as string, "$(sed -n 's/^PBS_EXEC=//p' /etc/pbs.conf)/sbin/pbs_mom");
      await sleep(5000);
    }
  });
});
