import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, describe, expect, test } from "vitest";
import { asRoot, asUser, directory, hasRoot, type Job, setPath, start, submit, write } from "./cluster.ts";

const repository = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");

/** The example, with a pause before each save: a job of 40 s that is warned after 20 s comes to 6 saves at most. */
const survivor = repository("packages/examples/survivor.ts").replace(
  "if (step % 250 === 0) {",
  "if (step % 250 === 0) {\n    await new Promise((resolve) => setTimeout(resolve, 4000));",
);
/** 20 saves: work for at least four such jobs. */
const steps = 5000;

/** Saves without a pause, does not look at `world.signal`, and finds out whether what it loads is the state of that step. */
const heedless = `import { init, sum } from "tsmpi";
const world = await init();
const store = await world.checkpoints("heedless");
const after = (steps) => { let x = world.rank + 1; for (let i = 0; i < steps; i++) x = (3 * x + 1) % 1000003; return x; };
const last = await store.load();
const from = last?.step ?? 0;
const u = last?.state ?? new Float64Array(2_000_000).fill(world.rank + 1);
if (!u.every((x) => x === after(from))) throw new Error(\`rank \${world.rank} has not the state of step \${from}\`);
if (world.rank === 0) console.log("from", from);
const more = Number(process.argv[2] ?? Infinity);
for (let step = from + 1; step <= from + more; step++) {
  u.fill((3 * u[0] + 1) % 1000003);
  await store.save(step, u);
  console.log("saved", step);
}
const total = await world.allreduce(u[0], sum);
if (world.rank === 0) console.log("step", from + more, "total", total);
`;

/** What `heedless` prints at its end on four ranks that were never killed. */
function totalAfter(steps: number): number {
  const values = [1, 2, 3, 4];
  for (let i = 0; i < steps; i++) for (const rank of values.keys()) values[rank] = (3 * values[rank]! + 1) % 1000003;
  return values.reduce((a, b) => a + b);
}

/** The job scripts of the page, with a short walltime and the steps of this test. */
const [, section = ""] = repository("docs/pbs.md").split("\n## Longer than the walltime\n");
const [resubmits, submits, chained] = [...section.split("\n## ")[0]!.matchAll(/```sh\n(.*?)```/gs)].map(
  ([, script = ""]) => script.replaceAll("1000000", String(steps)).replace("walltime=01:00:00", "walltime=00:00:40"),
) as [string, string, string];

const four = "4:ncpus=1";
const numbers = (word: string, text: string): number[] =>
  [...text.matchAll(new RegExp(`^${word} (\\d+)`, "gm"))].map(([, step]) => Number(step));

async function read(name: string): Promise<string> {
  return (await asUser(["cat", `${await directory()}/${name}`])).stdout;
}

/** The last line of a run that nothing ended early. Slow runs and fast ones print the same. */
let uninterrupted: string;

beforeAll(async () => {
  const script = (text: string): string => text.replace(/^(?!#)/m, `${setPath}\n`);
  await write({
    "survivor.ts": survivor,
    "survivor.sh": script(resubmits),
    "chain.sh": script(chained),
    "whole.ts": repository("packages/examples/survivor.ts"),
    "heedless.ts": heedless,
  });
  const { code, stdout, stderr } = await submit("1:ncpus=1", `tsmpi run -n 1 whole.ts ${steps} whole`);
  expect(code, stderr).toBe(0);
  uninterrupted = stdout.trimEnd();
  expect(uninterrupted).toMatch(new RegExp(`^step ${steps}: heat 2000\\.000000, \\d+ cells between hot and cold$`));
});

/** Submits in the directory of the tests, as a user does at a prompt. */
async function atPrompt(lines: string): Promise<void> {
  const { code, stderr } = await asUser(["sh", "-c", `cd "$1"\n${lines}`, "sh", await directory()]);
  expect(code, stderr).toBe(0);
}

/** Waits until no job of this name is left; their exit codes, in the order of submission. */
async function endOf(name: string): Promise<number[]> {
  while ((await asUser(["qselect", "-N", name])).stdout.trim() !== "") await sleep(500);
  const codes: number[] = [];
  for (const id of (await asUser(["qselect", "-x", "-N", name])).stdout.split("\n").filter(Boolean)) {
    const { stdout } = await asUser(["qstat", "-x", "-f", id]);
    codes.push(Number(/Exit_status = (-?\d+)/.exec(stdout)?.[1] ?? Number.NaN)); // NaN: it never ran
  }
  return codes;
}

describe("the page's job scripts, with a program that is longer than the walltime", () => {
  test.each([
    { name: "survivor", submission: "qsub survivor.sh", what: "a script that submits its successor" },
    { name: "chain", submission: submits, what: "jobs that were submitted at once" },
  ])(
    "$what: each job saves in time, the next goes on there, the end is that of one run",
    async ({ name, submission }) => {
      await atPrompt("rm -rf survivor-state");
      // Too few for a slow cluster would be a failure of the test, not of the program.
      await atPrompt(submission.replace("2 3 4", "2 3 4 5 6 7 8"));
      const codes = await endOf(name);
      const stderr = await read(`${name}.err`);
      const lines = (await read(`${name}.out`)).trimEnd().split("\n");
      console.log(lines.join("\n"), codes);
      expect(lines.at(-1), stderr).toBe(uninterrupted);
      const ends = numbers("step", lines.join("\n"));
      expect(ends.length).toBeGreaterThanOrEqual(4);
      expect(numbers("going on from step", lines.join("\n"))).toEqual(ends.slice(0, -1)); // not one step was lost
      expect(
        codes.filter((code) => !Number.isNaN(code)).every((code) => code === 0),
        `${codes}`,
      ).toBe(true);
      expect(stderr.match(/in about \d+ s: its walltime is 40 s/g)).toHaveLength(ends.length - 1);
    },
  );
});

describe("a program that is killed while it saves, without a warning", () => {
  const qdel = async (job: Job, saved: number, ...options: string[]): Promise<void> => {
    await job.shows(`saved ${saved + 3}\n`);
    await asUser(["qdel", ...options, job.id]);
  };
  test.each([
    { what: "the walltime", options: ["-l", "walltime=00:00:20"], kill: async () => {} },
    { what: "qdel", options: [], kill: qdel },
    { what: "qdel -W force", options: [], kill: (job: Job, saved: number) => qdel(job, saved, "-W", "force") },
  ])("by $what, three times: nothing that was saved is lost", async ({ options, kill }) => {
    await atPrompt("rm -rf heedless");
    let [saved, torn] = [0, 0];
    for (let turn = 0; turn < 3; turn++) {
      const job = await start(four, "tsmpi run heedless.ts", options);
      await job.shows("from ");
      await kill(job, Math.max(saved, ...numbers("from", job.stdout)));
      const { code, stdout, stderr } = await job.ended();
      expect(code, stdout).toBe(-1); // the script was killed, too
      expect(stderr).not.toMatch(/not whole|has not the state/);
      const [from = -1] = numbers("from", stdout);
      expect(from).toBeGreaterThanOrEqual(saved);
      saved = Math.max(from, ...numbers("saved", stdout));
      // Either the new checkpoint has no name yet, or the oldest one is still there.
      const left = readdirSync(`${await directory()}/heedless`);
      if (left.some((name) => name.startsWith(".saving-")) || left.filter((name) => name.includes("-step-")).length > 2)
        torn++;
    }
    expect(torn).toBeGreaterThan(0); // it was in the middle of a save
    const { code, stdout, stderr } = await submit(four, "tsmpi run heedless.ts 3");
    expect(code, stderr).toBe(0);
    const [from = -1] = numbers("from", stdout);
    expect(from).toBeGreaterThanOrEqual(saved);
    expect(saved).toBeGreaterThan(0);
    expect(stdout).toContain(`step ${from + 3} total ${totalAfter(from + 3)}\n`);
    expect(readdirSync(`${await directory()}/heedless`).filter((name) => name.startsWith("."))).toEqual([]);
    console.log(`from step ${from}, after ${torn} saves that were cut off`);
  });
});

if (!hasRoot) test.skip("LEFT OUT: TSMPI_PBS_ROOT is not set, so no host is lost", () => {});

describe.runIf(hasRoot)("a host that is lost, under --restarts", () => {
  /** From one moment to the next: the host sends nothing any more, and what the job has there is gone. */
  const lose = async (host: string, job: Job): Promise<void> => {
    await asRoot(
      host,
      `nft add table ip lost; for c in input output; do
        nft "add chain ip lost $c { type filter hook $c priority 0; }"
        for p in sport dport; do nft "add rule ip lost $c tcp $p 30000-65535 drop"; done
      done
      kill -KILL $(grep -lz '^PBS_JOBID=${job.id}$' /proc/[0-9]*/environ | cut -d/ -f3)`,
    );
  };

  test("costs the steps since the last checkpoint, and nothing else", async () => {
    await atPrompt("rm -rf survivor-state");
    const job = await start(four, `tsmpi run --restarts 3 survivor.ts ${steps}`);
    const saves = async (): Promise<number> => {
      const { stdout } = await asUser(["ls", `${await directory()}/survivor-state`]);
      return Math.max(0, ...[...stdout.matchAll(/-step-(\d+)$/gm)].map(([, step]) => Number(step)));
    };
    while ((await saves()) < 1000) await sleep(200);
    const [, host = ""] = job.nodes;
    await lose(host, job);
    try {
      const { code, stdout, stderr } = await job.ended();
      const [going, last] = stdout.trimEnd().split("\n");
      expect(stderr).toMatch(
        new RegExp(`starting again without ${host}.* with 3 ranks instead of 4 on .*restart 1 of 3`),
      );
      expect(going).toMatch(/^going on from step \d+ with 3 ranks$/);
      expect(numbers("going on from step", stdout)[0]).toBeGreaterThanOrEqual(1000);
      expect(last, stderr).toBe(uninterrupted);
      expect(code, stderr).toBe(0);
    } finally {
      await asRoot(host, "nft flush ruleset");
    }
  });
});
