import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { makeHosts, multihost } from "../support/multihost.ts";
import { PbsJob } from "../support/pbs-job.ts";

const ranks = fileURLToPath(new URL("../conformance/ranks.ts", import.meta.url));

/** The suite that every transport passes, with eight ranks on hosts that have to talk over the network. */
describe.runIf(multihost.possible)("the conformance suite, 8 ranks", () => {
  test.each([
    ["2 hosts", ["a", "b"]],
    ["4 hosts", ["a", "b", "c", "d"]],
  ])("on %s", { timeout: 300_000 }, async (_, names) => {
    const hosts = await makeHosts(names);
    const lines = Array.from({ length: 8 }, (_each, rank) => names[Math.floor((rank * names.length) / 8)]!);
    const job = new PbsJob(hosts, lines, "openpbs");
    try {
      const { code, stdout, stderr } = await job.script(`tsmpi run --timeout 270 "${ranks}"`).result;
      const outcomes = stdout.split("\n").filter((line) => line.startsWith("{"));
      const failed = outcomes
        .map((line) => JSON.parse(line) as { theme: string; name: string; errors: (string | null)[] })
        .filter(({ errors }) => errors.some((error) => error !== null));
      expect(failed).toEqual([]);
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      expect(outcomes.length).toBeGreaterThan(50);
    } finally {
      job.end();
      hosts.remove();
    }
  });
});
