import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { runTsmpi } from "../support/run-tsmpi.ts";
import { isRun, loadFor, sizes } from "./case.ts";
import { themes } from "./cases/index.ts";

const ranks = fileURLToPath(new URL("ranks.ts", import.meta.url));

interface Outcome {
  theme: string;
  name: string;
  errors: (string | null)[];
}

/** How the ranks of one host are made to talk, what the environment says then, and with how many ranks. */
const ways = [
  { way: "through shared memory", env: { TSMPI_TRANSPORT: "" }, counts: sizes },
  { way: "over ZeroMQ", env: { TSMPI_TRANSPORT: "zeromq" }, counts: sizes },
  { way: "under --check", env: { TSMPI_TRANSPORT: "", TSMPI_CHECK: "1" }, counts: [3] },
];
const jobs = ways.flatMap(({ counts, ...way }) => counts.map((size) => ({ ...way, size, load: loadFor(size) })));

/**
 * What `--check` rightly finds in the cases: communicators that they leave open, and tasks that tell their rank or count.
 * Anything else is a false alarm, or a mistake of ours.
 */
const expectedFindings =
  /^tsmpi: (warning: test\/conformance\/cases\/([\w/-]+\.ts:\d+: a communicator was made here and never closed; .*|[\w/-]+\.ts:\d+: task \w+ gave another result on .*)|--check found (at least )?\d+ mistakes)$/;

/** The same suite on real processes: one job for each way and size, and a test for each of its cases. */
describe.each(jobs)("processes $way, $size ranks", ({ size, env, load }) => {
  const outcomes = new Map<string, Outcome>();
  let report = "";

  beforeAll(async () => {
    const { code, stdout, stderr } = await runTsmpi(["run", "-n", String(size), "--timeout", "480", ranks, load], {
      env,
    });
    for (const line of stdout.split("\n").filter((each) => each.startsWith("{"))) {
      const outcome = JSON.parse(line) as Outcome;
      outcomes.set(`${outcome.theme}: ${outcome.name}`, outcome);
    }
    report = `exit code ${code}\n${stderr}`;
  }, 510_000);

  for (const [theme, cases] of Object.entries(themes)) {
    for (const each of cases.filter((one) => isRun(one, size, load))) {
      test(`${theme}: ${each.name}`, () => {
        const outcome = outcomes.get(`${theme}: ${each.name}`);
        expect(outcome, `the job did not come to this case; ${report}`).toBeDefined();
        expect(outcome?.errors).toEqual(Array(size).fill(null));
      });
    }
  }

  test("the job ends with exit code 0, and under --check with 1 for what the cases leave open", () => {
    if (!("TSMPI_CHECK" in env)) {
      expect(report).toBe("exit code 0\n");
      return;
    }
    const [code, ...lines] = report.trimEnd().split("\n");
    expect(code).toBe("exit code 1");
    expect(lines.filter((line) => !expectedFindings.test(line))).toEqual([]);
    expect(lines.at(-1)).toMatch(/^tsmpi: --check found /);
  });
});
