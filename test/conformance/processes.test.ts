import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { runTsmpi } from "../support/run-tsmpi.ts";
import { full, perTier } from "../support/tier.ts";
import { isRun, type Load, sizes } from "./case.ts";
import { themes } from "./cases/index.ts";

const ranks = fileURLToPath(new URL("ranks.ts", import.meta.url));

interface Outcome {
  theme: string;
  name: string;
  errors: (string | null)[];
}

/** A way for the ranks of one host to talk: the environment, the numbers of ranks, and those that run heavy cases too. */
interface Way {
  way: string;
  env: Record<string, string>;
  counts: readonly number[];
  heavy: readonly number[];
}

/**
 * The quick tier runs heavy cases at 4 ranks in shared memory. ZeroMQ has fewer numbers of ranks here, and no heavy cases:
 * the algorithms for every number are the same on both, and `test/multihost/conformance.test.ts` runs 2 and 8 ranks over
 * ZeroMQ, at 2 the heavy cases too.
 */
const ways: Way[] = [
  { way: "through shared memory", env: { TSMPI_TRANSPORT: "" }, counts: sizes, heavy: [4] },
  {
    way: "over ZeroMQ",
    env: { TSMPI_TRANSPORT: "zeromq" },
    counts: perTier<readonly number[]>({ quick: [2, 3], full: sizes }),
    heavy: [],
  },
  { way: "under --check", env: { TSMPI_TRANSPORT: "", TSMPI_CHECK: "1" }, counts: [3], heavy: [] },
];
const jobs = ways.flatMap(({ counts, heavy, ...way }) =>
  counts.map((size) => ({ ...way, size, load: (full || heavy.includes(size) ? "all" : "light") as Load })),
);

/**
 * What `--check` rightly finds in the cases: communicators that they leave open, and tasks that tell their rank or count.
 * Anything else is a false alarm, or a mistake of ours.
 */
const expectedFindings =
  /^tsmpi: (warning: test\/conformance\/cases\/([\w/-]+\.ts:\d+: a (communicator|window|counter|mutex|shared array) was made here and never closed; .*|[\w/-]+\.ts:\d+: task \w+ gave another result on .*)|--check found (at least )?\d+ mistakes)$/;

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
