import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { table } from "../conformance/cases/value-table.ts";
import { runScript, runTsmpi } from "../support/run-tsmpi.ts";

const ranks = fileURLToPath(new URL("values-ranks.ts", import.meta.url));

test.each(["", "zeromq"])(
  "what is left behind is warned of once for the job, with the line (transport: %j)",
  async (transport) => {
    const env = { TSMPI_TRANSPORT: transport };
    const { code, stdout, stderr } = await runTsmpi(["run", "-n", "3", "--timeout", "60", ranks], { env });
    expect({ code, stdout }).toEqual({ code: 0, stdout: "all rows hold\n" });
    const lines = stderr.trimEnd().split("\n");
    const warned = table.flatMap((row) => (row.warned === undefined ? [] : [row.warned]));
    expect(new Set(lines).size).toBe(lines.length);
    for (const line of lines) expect(line).toMatch(/^tsmpi: warning: \S*cases\/values\.ts:\d+: /);
    const times = warned.map((each) => lines.filter((line) => each.test(line)).length);
    // Each line that sends an array with names is told, where the call knows it; of a class the first line alone.
    expect(times[0]).toBeGreaterThanOrEqual(3);
    expect(times.slice(1)).toEqual([1]);
    expect(lines).toHaveLength((times[0] as number) + 1);
  },
);

describe("a class that is not the same on all ranks", () => {
  const vector = `
    import { init, registerClass } from "tsmpi";
    class Vector { constructor(x) { this.x = x; } norm() { return this.x; } }
    await using world = await init();`;

  test("is refused by its name on the rank that has not registered it", async () => {
    const { code, stderr } = await runScript(
      `${vector}
      if (world.rank === 0) registerClass(Vector, { write: (v) => v.x, read: (x) => new Vector(x) });
      if (world.rank === 0) await world.send(new Vector(3), { dest: 1 });
      else await world.recv({ source: 0 });`,
      ["-n", "2"],
    );
    expect(code).not.toBe(0);
    expect(stderr).toMatch(
      /recv\(.*an instance of Vector arrived, which is not registered on this rank; call registerClass/,
    );
  });
});
