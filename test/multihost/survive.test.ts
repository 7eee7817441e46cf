import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type Hosts, makeHosts, multihost } from "../support/multihost.ts";
import { PbsJob } from "../support/pbs-job.ts";
import { until } from "../support/run-tsmpi.ts";

const launcher = new URL("../../packages/launcher/dist/index.js", import.meta.url);

/** Works until ranks are lost, goes on with those that are left for a while, and says how many they are and what they agree on. */
const program = `import { writeFileSync } from "node:fs";
  import { init, MpiError, min, sum } from "${launcher}";
  let world = await init();
  const first = world.size;
  writeFileSync("rank-" + world.rank + ".pid", String(process.pid));
  await world.barrier();
  console.log("up");
  let steps = 0;
  for (let done = false; !done; ) {
    let ok = true;
    try {
      for (let left = world.size === first ? 1e9 : 20; left > 0; left--) {
        if ((await world.allreduce(1, sum)) !== world.size) console.log("wrong");
        const right = (world.rank + 1) % world.size, source = (world.rank + world.size - 1) % world.size;
        const sent = new Float64Array(20_000).fill(world.rank);
        const got = await world.sendrecv(sent, { dest: right, source });
        if (got[19_999] !== source) console.log("wrong");
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    } catch (error) {
      if (!(error instanceof MpiError && ["rank-failed", "revoked"].includes(error.code))) throw error;
      ok = false;
      await world.revoke();
    }
    done = await world.agree(ok);
    if (!done) world = await world.shrink();
  }
  console.log("left", world.size, await world.agree(world.rank, min));
`;

interface Loss {
  what: string;
  act(hosts: Hosts): void;
  left: number;
  says: RegExp;
}

const losses: Loss[] = [
  {
    what: "a rank that is killed",
    act: (hosts) => void hosts.shell("c", "kill -KILL $(pgrep -f '[w]ork.mjs' | tail -1)"),
    left: 5,
    says: /^tsmpi: rank \d of 6 on c \(pid \d+\) was killed by SIGKILL; going on without it$/m,
  },
  {
    what: "rank 0",
    act: (hosts) => void hosts.shell("a", `kill -KILL $(cat ${join(hosts.directory, "rank-0.pid")})`),
    left: 5,
    says: /^tsmpi: rank 0 of 6 on a \(pid \d+\) was killed by SIGKILL; going on without it$/m,
  },
  {
    what: "an agent that is killed",
    act: (hosts) => void hosts.shell("b", "pkill -KILL -f '[a]gent-main.js'"),
    left: 4,
    says: /^tsmpi: host b was lost: the connection was closed there; going on without its ranks$/m,
  },
  {
    what: "an agent that is stopped",
    act: (hosts) => void hosts.shell("b", "pkill -STOP -f '[a]gent-main.js'"),
    left: 4,
    says: /^tsmpi: host b was lost: no sign of life for \d+ s; going on without its ranks$/m,
  },
  {
    what: "a host that is cut off",
    act: (hosts) => hosts.cut("c"),
    left: 4,
    says: /^tsmpi: host c was lost: no sign of life for \d+ s; going on without its ranks$/m,
  },
  {
    what: "the link between two hosts that the launcher reaches",
    act: (hosts) => {
      const rules =
        "add table ip f; add chain ip f in { type filter hook input priority 0; }; add rule ip f in ip saddr 10.88.0.2 drop";
      hosts.shell("c", `nft '${rules}'`);
    },
    left: 4,
    says: /^tsmpi: rank 5 of 6 on c \(pid \d+\) was killed by SIGKILL \(its host and b cannot reach each other\); going on without it$/m,
  },
];

multihost.each(losses)("the loss of $what", ({ act, left, says }) => {
  test("is survived by a program that shrinks its world", async () => {
    const hosts = await makeHosts(["a", "b", "c"]);
    const job = new PbsJob(hosts, ["a", "a", "b", "b", "c", "c"], "openpbs");
    writeFileSync(join(hosts.directory, "work.mjs"), program);
    try {
      const running = job.script("tsmpi run --keep-going --silent-after 2 work.mjs & wait $!");
      await running.shows("up", 6);
      act(hosts);
      const result = await running.result;
      expect(result.stderr).toMatch(says);
      expect(result.stdout.split("\n").filter((line) => line !== "up" && line !== "")).toEqual(
        Array(left).fill(`left ${left} 0`),
      );
      expect(result.code).toBe(0);
      await until(() => job.processes().length === 0, "no process is left");
      await until(() => job.files().length === 0, "no file is left in the hosts' memory");
    } finally {
      job.end();
      hosts.remove();
    }
  });
});
