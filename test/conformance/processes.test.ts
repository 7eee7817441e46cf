import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { runTsmpi } from "../support/run-tsmpi.ts";
import { sizes } from "./case.ts";
import { themes } from "./cases/index.ts";

const ranks = fileURLToPath(new URL("ranks.ts", import.meta.url));

interface Outcome {
  theme: string;
  name: string;
  errors: (string | null)[];
}

/** How the ranks of one host are made to talk, and what `TSMPI_TRANSPORT` says then. */
const ways = [
  { way: "through shared memory", transport: "" },
  { way: "over ZeroMQ", transport: "zeromq" },
];
const jobs = ways.flatMap((way) => sizes.map((size) => ({ ...way, size })));

/** The same suite on real processes: one job for each way and size, and a test for each of its cases. */
describe.each(jobs)("processes $way, $size ranks", ({ size, transport }) => {
  const outcomes = new Map<string, Outcome>();
  let report = "";

  beforeAll(async () => {
    const { code, stdout, stderr } = await runTsmpi(["run", "-n", String(size), "--timeout", "120", ranks], {
      env: { TSMPI_TRANSPORT: transport },
    });
    for (const line of stdout.split("\n").filter((each) => each.startsWith("{"))) {
      const outcome = JSON.parse(line) as Outcome;
      outcomes.set(`${outcome.theme}: ${outcome.name}`, outcome);
    }
    report = `exit code ${code}\n${stderr}`;
  }, 150_000);

  for (const [theme, cases] of Object.entries(themes)) {
    for (const { name, from = 1 } of cases) {
      if (size < from) continue;
      test(`${theme}: ${name}`, () => {
        const outcome = outcomes.get(`${theme}: ${name}`);
        expect(outcome, `the job did not come to this case; ${report}`).toBeDefined();
        expect(outcome?.errors).toEqual(Array(size).fill(null));
      });
    }
  }

  test("the job ends with exit code 0", () => {
    expect(report).toBe("exit code 0\n");
  });
});
