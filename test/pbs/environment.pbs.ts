import { beforeAll, describe, expect, test } from "vitest";
import { asUser, directory, submit, write } from "./cluster.ts";

const programs = {
  "variables.ts": `import { init } from "tsmpi";
    await using world = await init();
    const values = await world.gather(process.argv.slice(2).map((name) => process.env[name] ?? "-").join(" "));
    if (values) console.log(values.join("\\n"));`,
  "directory.ts": `import { init } from "tsmpi"; import { realpathSync } from "node:fs"; import { hostname } from "node:os";
    await using world = await init();
    const places = await world.gather([process.env.PWD, realpathSync(process.cwd()), hostname()]);
    if (places) for (const [pwd, real] of places) console.log(pwd, real);`,
};
const threads = "variables.ts OMP_NUM_THREADS NCPUS";
const twoKinds = "1:ncpus=4+1:ncpus=1";

beforeAll(() => write(programs));

/** What a job prints, which ends well and complains of nothing. */
async function printed(select: string, lines: string, options: readonly string[] = []): Promise<string> {
  const { code, stdout, stderr } = await submit(select, lines, options);
  expect({ code, stderr }, stdout).toEqual({ code: 0, stderr: "" });
  return stdout;
}

describe("OMP_NUM_THREADS and NCPUS of a rank", () => {
  test.each([
    { select: "1:ncpus=4:ompthreads=4+1:ncpus=1", run: "", expected: ["4 4", "1 1"] },
    { select: "1:ncpus=4:ompthreads=2+1:ncpus=1", run: "", expected: ["2 2", "1 1"] },
    { select: "1:ncpus=4:mpiprocs=2+1:ncpus=1", run: "", expected: ["2 4", "2 4", "1 1"] },
    { select: "1:ncpus=4", run: "-n 4", expected: ["1 4", "1 4", "1 4", "1 4"] },
    { select: "1:ncpus=4", run: "-n 2", expected: ["2 4", "2 4"] },
    { select: twoKinds, run: "-n 2", expected: ["4 4", "1 1"] },
  ])("are those of its own chunk: $select $run", async ({ select, run, expected }) => {
    expect(await printed(select, `tsmpi run ${run} ${threads}`)).toBe(`${expected.join("\n")}\n`);
  });

  test.each([
    ["the script", `export OMP_NUM_THREADS=3 NCPUS=7; tsmpi run ${threads}`],
    ["--env", `tsmpi run --env OMP_NUM_THREADS=3 --env NCPUS=7 ${threads}`],
  ])("are the user's on all hosts when %s sets them", async (_, run) => {
    expect(await printed(twoKinds, run)).toBe("3 7\n3 7\n");
  });

  test("are PBS's also with qsub -v, which PBS itself does not listen to", async () => {
    const select = twoKinds;
    const stdout = await printed(select, `echo $OMP_NUM_THREADS; tsmpi run -n 2 ${threads}`, [
      "-v",
      "OMP_NUM_THREADS=3",
    ]);
    expect(stdout).toBe("4\n4 4\n1 1\n");
  });
});

describe("variables of the script's", () => {
  test("TMPDIR is the one that PBS has made on the rank's host", async () => {
    const run =
      `tsmpi exec sh -c 'touch "$TMPDIR/$TSMPI_RANK" && ls "$TMPDIR"' | sort; echo $TMPDIR; ` +
      `tsmpi run variables.ts TMPDIR`;
    const [first, second, ...places] = (await printed("2:ncpus=1", run)).trim().split("\n");
    expect([first, second]).toEqual(["0", "1"]); // each directory is one rank's
    expect(new Set(places).size).toBe(1); // of one name
  });

  test("TMPDIR of the user's own with the job's id in its name stays", async () => {
    const run = `export TMPDIR=$PWD/pbs.$PBS_JOBID; mkdir $TMPDIR; echo $TMPDIR; tsmpi run variables.ts TMPDIR`;
    const [own, ...ranks] = (await printed("2:ncpus=1", run)).trim().split("\n");
    expect(ranks).toEqual([own, own]);
  });

  test("PBS_ARRAY_INDEX reaches all ranks of a job of an array", async () => {
    // All jobs of an array have one script, so each writes a file of its own.
    const run = `tsmpi run variables.ts PBS_ARRAY_INDEX PBS_JOBID > array.$PBS_ARRAY_INDEX 2>&1`;
    const { code, stderr } = await submit("2:ncpus=1", run, ["-J", "1-2"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    for (const index of [1, 2]) {
      const { stdout } = await asUser(["cat", `${await directory()}/array.${index}`]);
      expect(stdout).toMatch(new RegExp(`^(${index} \\d+\\[${index}\\]\\S*\\n)\\1$`));
    }
  });
});

describe("a directory behind a symbolic link", () => {
  test("has for the ranks the name that it has for the script", async () => {
    const place = await directory();
    const run = `mkdir real; ln -s real link; cp directory.ts real; cd link; tsmpi run directory.ts`;
    expect(await printed("2:ncpus=1", run)).toBe(`${place}/link ${place}/real\n`.repeat(2));
  });
});

describe("a chunk with several CPUs and one slot", () => {
  test("is not left to one rank in silence", async () => {
    const { stdout, stderr } = await submit("1:ncpus=4", `tsmpi run ${threads}; tsmpi run -n 1 ${threads}`);
    expect({ stdout, stderr }).toEqual({
      stdout: "4 4\n4 4\n",
      stderr:
        "tsmpi: 1 rank started, because the job has one slot, although its chunk has 4 CPUs: write tsmpi run -n 4, or mpiprocs=4 in the select line, for a rank on each CPU, or ompthreads=4 if the CPUs are for threads\n",
    });
  });

  test("nor are several of them", async () => {
    const { stdout, stderr } = await submit("2:ncpus=4", `tsmpi run ${threads}`);
    expect({ stdout, stderr }).toEqual({
      stdout: "4 4\n4 4\n",
      stderr:
        "tsmpi: 2 ranks started, one for each chunk, although a chunk has 4 CPUs: write mpiprocs=4 in the select line, for a rank on each CPU, or ompthreads=4 if the CPUs are for threads\n",
    });
  });

  test.each([
    { select: "1:ncpus=4:mpiprocs=4", expected: "1 4\n".repeat(4) },
    { select: "1:ncpus=4:ompthreads=4", expected: "4 4\n" },
  ])("is no reason to talk where the select line tells what they are for: $select", async ({ select, expected }) => {
    expect(await printed(select, `tsmpi run ${threads}`)).toBe(expected);
  });

  test("has no room for more ranks than CPUs, and one line says so", async () => {
    const { code, stderr } = await submit("1:ncpus=4", "tsmpi run -n 5 variables.ts");
    expect(code).toBe(0);
    expect(stderr).toMatch(/^tsmpi: 5 ranks on 1 slot from PBS_NODEFILE \S+: ranks share slots\n$/);
  });
});
