import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import type { Load } from "../conformance/case.ts";
import { makeHosts, multihost } from "../support/multihost.ts";
import { PbsJob } from "../support/pbs-job.ts";
import { perTier } from "../support/tier.ts";

const ranks = fileURLToPath(new URL("../conformance/ranks.ts", import.meta.url));

const two = ["a", "b"];
const four = ["a", "b", "c", "d"];

/** How many ranks on which hosts run which cases. Between two hosts, a pair of ranks has every message on the network. The
 * quick tier runs each case once. */
const jobs = perTier<{ size: number; names: string[]; load: Load }[]>({
  quick: [
    { size: 2, names: two, load: "heavy" },
    { size: 8, names: four, load: "light" },
  ],
  full: [
    { size: 2, names: two, load: "all" },
    { size: 8, names: two, load: "all" },
    { size: 8, names: four, load: "all" },
  ],
});

/** The suite that every transport passes, on hosts that have to talk over the network. */
describe.runIf(multihost.possible)("the conformance suite", () => {
  test.each(jobs)("$size ranks on the hosts $names", { timeout: 300_000 }, async ({ size, names, load }) => {
    const hosts = await makeHosts(names);
    const lines = Array.from({ length: size }, (_each, rank) => names[Math.floor((rank * names.length) / size)]!);
    const job = new PbsJob(hosts, lines, "openpbs");
    try {
      const { code, stdout, stderr } = await job.script(`tsmpi run --timeout 270 "${ranks}" ${load}`).result;
      const outcomes = stdout.split("\n").filter((line) => line.startsWith("{"));
      const failed = outcomes
        .map((line) => JSON.parse(line) as { theme: string; name: string; errors: (string | null)[] })
        .filter(({ errors }) => errors.some((error) => error !== null));
      expect(failed).toEqual([]);
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      expect(outcomes.length).toBeGreaterThan(20);
    } finally {
      job.end();
      hosts.remove();
    }
  });
});
