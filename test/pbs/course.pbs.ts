import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { jobWithOutput, normal, outputFile, page, programs } from "../../docs/course-page.js";
import { asUser, cpusOfHost, directory, submitScript, Terminal, write } from "./cluster.ts";

const own = {
  "until-ctrl-c.ts": `import { init } from "tsmpi"; import { setTimeout as sleep } from "node:timers/promises";
    await using world = await init();
    console.log("begun");
    for (;;) { await world.barrier(); await sleep(100); }`,
  "stubborn.ts": `import { init } from "tsmpi"; import { setTimeout as sleep } from "node:timers/promises";
    for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => console.log("no"));
    await using world = await init();
    console.log("begun");
    for (;;) await sleep(100);`,
  "endless.ts": `import { init } from "tsmpi"; import { setTimeout as sleep } from "node:timers/promises";
    await using world = await init();
    for (;;) { console.log("line"); await sleep(1); }`,
  "reads.ts": `import { init } from "tsmpi"; import { once } from "node:events";
    await using world = await init();
    if (world.rank === 0) {
      console.log("?");
      const [text] = await once(process.stdin.setEncoding("utf8"), "data");
      console.log("read", text.trim());
      process.stdin.destroy();
    }`,
};

/** The job scripts of the page. Hosts may have fewer CPUs than the course's 8. */
const most = Math.min(8, await cpusOfHost());
const jobs = [...page.matchAll(jobWithOutput)].map(([, , job = "", shown = ""]) => ({
  job: job.replace("ncpus=8", `ncpus=${most}`).replace("-n 8", `-n ${most}`),
  shown,
}));
/** The course's own job script for mpi4py, with only the command changed. */
const [course = ""] = /#PBS[^`]*mpiexec -np 4 python mpi\.py[^`]*/.exec(page) ?? [];
const redone = course.replace("mpiexec -np 4 python mpi.py", "tsmpi run -np 4 mpi.ts");
const hello = jobs.find(({ job }) => job.includes("mpi.ts")) as (typeof jobs)[number];
const named = [...jobs, { ...hello, job: redone }].map((each) => ({
  ...each,
  command: /^tsmpi .*/m.exec(each.job)?.[0],
}));
const selects = [...new Set(jobs.map(({ job }) => selectOf(job)))];

beforeAll(() => write({ ...programs(), ...own }));

function selectOf(job: string): string {
  return /select=(\S+)/.exec(job)?.[1] ?? "";
}

async function read(name: string): Promise<string> {
  return (await asUser(["cat", `${await directory()}/${name}`])).stdout;
}

describe("the course's job scripts print what its page shows", () => {
  test.each(named)("$command", async ({ job, shown }) => {
    expect(await submitScript(job)).toEqual({ code: 0, stdout: "", stderr: "" });
    expect(normal(await read(outputFile(job)))).toBe(normal(shown));
  });
});

describe.each(selects)("the same commands in an interactive job of %s", (select) => {
  let terminal: Terminal;
  beforeAll(async () => {
    terminal = await Terminal.open(select);
  });
  afterAll(() => terminal?.close());

  test.each(named.filter(({ job }) => selectOf(job) === select))("$command", async ({ job, command, shown }) => {
    const name = outputFile(job);
    await terminal.type(`rm -f ${name}`);
    expect(await terminal.type(command as string)).toEqual({ code: 0, shown: "" });
    expect(normal(await read(name))).toBe(normal(shown));
    const again = await terminal.type((command as string).replace(/ > .*/, ""));
    expect(again.code).toBe(0);
    expect(normal(again.shown)).toBe(normal(shown));
  });
});

describe("an interactive job on four hosts", () => {
  let terminal: Terminal;
  beforeAll(async () => {
    terminal = await Terminal.open("4:ncpus=1");
  });
  afterAll(() => terminal?.close());

  /** What there is of a program on all hosts of the job. */
  const left = (program: string) =>
    terminal.type(`tsmpi exec sh -c 'pgrep -u $(id -u) -fl "[${program[0]}]${program.slice(1)}"; true'`);

  test("Ctrl-C ends the ranks, and the prompt is back", async () => {
    terminal.enter("tsmpi run until-ctrl-c.ts");
    await terminal.shows(/(begun\n){4}/);
    terminal.press("\x03");
    const { code, shown } = await terminal.prompt();
    expect(code, shown).toBe(130);
    expect(shown).toContain("tsmpi: ");
    expect(await left("until-ctrl-c.ts")).toEqual({ code: 0, shown: "" });
  });

  test("a second Ctrl-C kills ranks that do not listen to the first", async () => {
    terminal.enter("tsmpi run --kill-after 1000 stubborn.ts");
    await terminal.shows(/(begun\n){4}/);
    terminal.press("\x03");
    await terminal.shows(/(no\n[\s\S]*){4}/);
    terminal.press("\x03");
    const { code, shown } = await terminal.prompt();
    expect(code, shown).toBe(130);
    expect(await left("stubborn.ts")).toEqual({ code: 0, shown: "" });
  });

  test("what is typed reaches rank 0", async () => {
    terminal.enter("tsmpi run reads.ts");
    await terminal.shows(/^\?$/m);
    terminal.press("some words\r");
    const { code, shown } = await terminal.prompt();
    expect({ code, shown }).toEqual({ code: 0, shown: "?\nsome words\nread some words\n" });
  });

  test("head ends a run that would print for ever", async () => {
    const { code, shown } = await terminal.type("tsmpi run endless.ts | head -3; (exit ${PIPESTATUS[0]})");
    expect({ code, shown }).toEqual({ code: 141, shown: "line\n".repeat(3) });
    expect(await left("endless.ts")).toEqual({ code: 0, shown: "" });
  });
});
