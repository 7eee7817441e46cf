import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type Hosts, makeHosts, multihost } from "../support/multihost.ts";
import { PbsJob } from "../support/pbs-job.ts";
import { until } from "../support/run-tsmpi.ts";
import { SlurmJob } from "../support/slurm-job.ts";

const launcher = new URL("../../packages/launcher/dist/index.js", import.meta.url);

/** The first start waits for ever; later ones say where their ranks are. */
const program = `import { init } from "${launcher}";
  const world = await init();
  await world.barrier();
  console.log("up", process.env.TSMPI_RESTART);
  if (process.env.TSMPI_RESTART === "0") await world.recv({ source: world.rank });
  const hosts = await world.gather(process.env.TSMPI_HOST);
  if (hosts) console.log(hosts.join(" "));
  await world.close();
`;

interface Loss {
  what: string;
  options: string;
  act(hosts: Hosts): void;
  hosts: string;
  says: RegExp;
}

const losses: Loss[] = [
  {
    what: "a rank is killed: all hosts are used again",
    options: "",
    act: (hosts) => void hosts.shell("c", "kill -KILL $(pgrep -f '[w]ork.mjs' | tail -1)"),
    hosts: "a a b b c c",
    says: /^tsmpi: rank \d of 6 on c was killed by SIGKILL; starting again in 1 s \(restart 1 of 2\)$/m,
  },
  {
    what: "an agent is killed: fewer ranks without -n",
    options: "",
    act: (hosts) => void hosts.shell("b", "pkill -KILL -f '[a]gent-main.js'"),
    hosts: "a a c c",
    says: /^tsmpi: host b was lost; starting again without b in 1 s, with 4 ranks instead of 6 on a, c \(restart 1 of 2\)$/m,
  },
  {
    what: "a host is cut off: as many ranks as -n says, on the other hosts",
    options: "-n 6",
    act: (hosts) => hosts.cut("c"),
    hosts: "a a b b a a",
    says: /^tsmpi: host c was lost; starting again without c in 1 s, with 6 ranks on a, b, which have 4 slots \(restart 1 of 2\)$/m,
  },
];

multihost.each(losses)("$what", ({ options, act, hosts: where, says }) => {
  test("by --restarts, and nothing is left on any host", async () => {
    const hosts = await makeHosts(["a", "b", "c"]);
    const job = new PbsJob(hosts, ["a", "a", "b", "b", "c", "c"], "openpbs");
    try {
      writeFileSync(join(hosts.directory, "work.mjs"), program);
      const running = job.script(`tsmpi run --restarts 2 ${options} work.mjs & wait $!`);
      await running.shows("up 0", 6);
      act(hosts);
      const { code, stdout, stderr } = await running.result;
      expect(stderr).toMatch(says);
      expect(stdout.trimEnd().split("\n").at(-1)?.split(" ").sort()).toEqual(where.split(" ").sort());
      expect(code).toBe(0);
      await until(() => job.processes().length === 0, "no process is left");
      await until(() => job.files().length === 0, "no file is left in the hosts' memory");
    } finally {
      job.end();
      hosts.remove();
    }
  });
});

multihost.each(["a host that cannot start an agent"])("%s", () => {
  test("is left out of the next start", async () => {
    const hosts = await makeHosts(["a", "b", "c"]);
    const job = new PbsJob(hosts, ["a", "b", "c"], "openpbs");
    job.broken.set("c", "homeless");
    try {
      writeFileSync(join(hosts.directory, "work.mjs"), program);
      const { code, stdout, stderr } = await job.script("tsmpi run --restarts 2 work.mjs & wait $!").result;
      expect(stderr).toMatch(
        /; starting again without c in 1 s, with 2 ranks instead of 3 on a, b \(restart 1 of 2\)$/m,
      );
      expect(stdout).toBe("up 1\nup 1\na b\n");
      expect(code).toBe(0);
      await until(() => job.processes().length === 0, "no process is left");
    } finally {
      job.end();
      hosts.remove();
    }
  });
});

multihost.each(["under Slurm"])("an agent that is killed %s", () => {
  test("costs its host: srun starts the others again", async () => {
    const hosts = await makeHosts(["a", "b", "c"]);
    const job = new SlurmJob(hosts, ["a", "b", "c"]);
    try {
      writeFileSync(join(hosts.directory, "work.mjs"), program);
      const running = job.script("tsmpi run --restarts 1 work.mjs & wait $!");
      await running.shows("up 0", 3);
      hosts.shell("b", "pkill -KILL -f '[a]gent-main.js'");
      const { code, stdout, stderr } = await running.result;
      expect(stderr).toMatch(
        /^tsmpi: host b was lost; starting again without b in 1 s, with 2 ranks instead of 3 on a, c/m,
      );
      expect({ code, last: stdout.trimEnd().split("\n").at(-1) }).toEqual({ code: 0, last: "a c" });
      await until(() => job.processes().length === 0, "no process is left");
    } finally {
      job.end();
      hosts.remove();
    }
  });
});
