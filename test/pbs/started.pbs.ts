import { beforeAll, describe, expect, test } from "vitest";
import { submit, tsmpi, write } from "./cluster.ts";

const programs = {
  "ran.ts": `import { init } from "tsmpi"; await using world = await init(); console.log("rank", world.rank, "of", world.size);`,
  "outer.ts": `import { init } from "tsmpi"; import { execFileSync } from "node:child_process"; import { hostname } from "node:os";
    await using world = await init();
    const inner = execFileSync(process.execPath, [${JSON.stringify(tsmpi)}, "run", "--hosts", "localhost:2", "inner.ts"], { encoding: "utf8" });
    const all = await world.gather([hostname(), inner]);
    if (all) for (const [host, text] of all) console.log(host, text.trim());`,
  "inner.ts": `import { init, sum } from "tsmpi"; import { hostname } from "node:os";
    await using world = await init();
    const total = await world.allreduce(world.rank + 1, sum);
    if (world.rank === 0) console.log(hostname(), world.size, total);`,
  "whole.ts": `import { init } from "tsmpi"; import { execFileSync } from "node:child_process";
    await using world = await init();
    if (world.rank === 0) process.stdout.write(execFileSync(process.execPath, [${JSON.stringify(tsmpi)}, "run", "inner.ts"]));
    await world.barrier();`,
  "pair.ts": `import { init } from "tsmpi"; import { existsSync, writeFileSync } from "node:fs"; import { setTimeout as sleep } from "node:timers/promises";
    await using world = await init();
    const [mine, other] = process.argv.slice(2);
    if (world.rank === 0) writeFileSync(mine, "");
    while (!existsSync(other)) await sleep(50); // it runs at the same time, or this never ends
    if (world.rank === 0) console.log(mine, world.size);`,
};
const command = `"${process.execPath}" "${tsmpi}"`;

beforeAll(() => write(programs));

describe("tsmpi run as several processes of something else", () => {
  // A task prints to PBS's own files for the job, so its words are put where they can be read.
  test.each(["-n 0", "-n 1", ""])("of pbsdsh %s is refused", async (which) => {
    const { stdout } = await submit(
      "2:ncpus=1",
      `pbsdsh ${which} -- /bin/sh -c 'cd "$1"; exec ${command} run ran.ts 7 > "said.$PBS_TASKNUM" 2>&1' sh "$PWD" | sed 's/0x[0-9a-f]*/N/'
      cat said.*; rm said.*`,
    );
    const times = which === "" ? 2 : 1;
    const refusal =
      "tsmpi: pbsdsh started this command, once for each slot, and each would run the whole job: write tsmpi run ran.ts 7 in the job script, without pbsdsh\n";
    expect(stdout).toBe("pbsdsh: task N exit status 2\n".repeat(times) + refusal.repeat(times));
  });

  test("of Open MPI's mpiexec is refused", async ({ skip }) => {
    const { stdout, stderr } = await submit(
      "4:ncpus=1",
      `command -v mpiexec.openmpi || exit
      mpiexec.openmpi --oversubscribe --host localhost -np 4 ${command} run ran.ts`,
    );
    skip(stdout === "", "no mpiexec.openmpi");
    expect(stderr).toContain(
      "tsmpi: mpiexec (Open MPI) started this command 4 times, and each would run the whole job: write tsmpi run -n 4 ran.ts, without mpiexec\n",
    );
    expect(stdout).not.toContain("rank");
  });
});

/** A job within a job may be meant, or not. */
const note = (rank: number, size: number): string =>
  `tsmpi: rank ${rank} of ${size} of another job has started this job, and so may each of its ranks: if one job is meant, write tsmpi run alone\n`;

describe("several runs in a job", () => {
  test("of ranks, each on its own host", async () => {
    const { nodes, code, stdout, stderr } = await submit("2:ncpus=1", "tsmpi run outer.ts");
    const lines = nodes.map((host) => `${host} ${host} 2 3\n`).join("");
    const notes = stderr.split(/(?<=\n)/).sort();
    expect({ code, stdout, notes }).toEqual({ code: 0, stdout: lines, notes: [note(0, 2), note(1, 2)] });
  });

  test("of a rank, on all hosts of the job", async () => {
    const { nodes, code, stdout, stderr } = await submit("3:ncpus=1", "tsmpi run whole.ts");
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: `${nodes[0]} 3 6\n`, stderr: note(0, 3) });
  });

  test("at once", async () => {
    const { code, stdout, stderr } = await submit(
      "3:ncpus=1",
      `tsmpi run -n 2 pair.ts a b > a.out & tsmpi run pair.ts b a > b.out & wait; cat a.out b.out`,
    );
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: "a 2\nb 3\n", stderr: "" });
  });

  test("one after the other: the second begins with all that the first had", async () => {
    const { code, stdout } = await submit("2:ncpus=1", "for i in 1 2 3; do tsmpi run ran.ts | sort; done");
    expect({ code, stdout }).toEqual({ code: 0, stdout: "rank 0 of 2\nrank 1 of 2\n".repeat(3) });
  });
});
