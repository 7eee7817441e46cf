import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type Hosts, makeHosts, multihost } from "../support/multihost.ts";
import { PbsJob } from "../support/pbs-job.ts";
import { type Running, until } from "../support/run-tsmpi.ts";

const launcher = new URL("../../packages/launcher/dist/index.js", import.meta.url);

/** Rank 0 waits for a message that never comes, rank 1 computes without end, the others sleep. */
const program = `import { init } from "${launcher}";
  const world = await init();
  await world.barrier();
  console.log("up");
  if (world.rank === 1) for (;;) {}
  if (world.rank > 1) await new Promise((resolve) => setTimeout(resolve, 1e6));
  await world.recv({ source: world.size - 1 }).catch((error) => console.log(error.code));
`;

/** A job of six ranks on three hosts, all in the middle of their work. */
async function started(): Promise<{ hosts: Hosts; job: PbsJob; running: Running }> {
  const hosts = await makeHosts(["a", "b", "c"]);
  const job = new PbsJob(hosts, ["a", "a", "b", "b", "c", "c"], "openpbs");
  writeFileSync(join(hosts.directory, "work.mjs"), program);
  const running = job.script("tsmpi run --silent-after 2 work.mjs & wait $!");
  await running.shows("up", 6);
  return { hosts, job, running };
}

interface Loss {
  what: string;
  act(hosts: Hosts): void;
  code: number;
  says: RegExp;
}

const losses: Loss[] = [
  {
    what: "a rank that is killed",
    act: (hosts) => void hosts.shell("c", "kill -KILL $(pgrep -f '[w]ork.mjs' | tail -1)"),
    code: 137,
    says: /^tsmpi: rank \d of 6 on c \(pid \d+\) was killed by SIGKILL; stopping the other ranks$/m,
  },
  {
    what: "a rank that is stopped",
    act: (hosts) => void hosts.shell("c", "kill -STOP $(pgrep -f '[w]ork.mjs' | tail -1)"),
    code: 137,
    says: /^tsmpi: rank \d of 6 on c \(pid \d+\) was killed by SIGKILL \(it had been stopped for 2 s, --silent-after\); stopping the other ranks$/m,
  },
  {
    what: "an agent that is killed",
    act: (hosts) => void hosts.shell("b", "pkill -KILL -f '[a]gent-main.js'"),
    code: 125,
    says: /^tsmpi: host b was lost: the connection was closed there; stopping the other ranks$/m,
  },
  {
    what: "an agent that is stopped",
    act: (hosts) => void hosts.shell("b", "pkill -STOP -f '[a]gent-main.js'"),
    code: 125,
    says: /^tsmpi: host b was lost: no sign of life for \d+ s; stopping the other ranks$/m,
  },
  {
    what: "a host that is cut off",
    act: (hosts) => hosts.cut("c"),
    code: 125,
    says: /^tsmpi: host c was lost: no sign of life for \d+ s; stopping the other ranks$/m,
  },
];

multihost.each(losses)("$what", ({ act, code, says }) => {
  test("ends the job, with the reason, and leaves nothing on any host", async () => {
    const { hosts, job, running } = await started();
    try {
      act(hosts);
      const result = await running.result;
      expect(result.stderr).toMatch(says);
      expect({ code: result.code, stdout: result.stdout }).toEqual({
        code,
        stdout: `${"up\n".repeat(6)}rank-failed\n`,
      });
      await until(() => job.processes().length === 0, "no process is left");
      await until(() => job.files().length === 0, "no file is left in the hosts' memory");
      expect(job.printed).toBe("");
    } finally {
      job.end();
      hosts.remove();
    }
  });
});

multihost.each(["KILL", "TERM"])("a launcher that gets SIG%s", (signal) => {
  test("leaves nothing on any host", async () => {
    const { hosts, job, running } = await started();
    try {
      hosts.shell("a", `pkill -${signal} -f '[t]smpi.js run'`);
      expect((await running.result).code).toBe(signal === "KILL" ? 137 : 143);
      await until(() => job.processes().length === 0, "no process is left");
      await until(() => job.files().length === 0, "no file is left in the hosts' memory");
    } finally {
      job.end();
      hosts.remove();
    }
  });
});
