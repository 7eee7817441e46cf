import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { local } from "tsmpi/testing";
import { describe, test } from "vitest";
import { runTsmpi } from "../support/run-tsmpi.ts";
import { perTier } from "../support/tier.ts";

const large = fileURLToPath(new URL("../../bench/memory/large.ts", import.meta.url));

/** Large for every way of sending; `bench/memory/large.ts` goes as far as Node does, by hand. */
const gigabytes = perTier({ quick: 0.08, full: 0.3 });

describe.each([
  { way: "through shared memory", transport: "" },
  { way: "over ZeroMQ", transport: "zeromq" },
])(`${gigabytes} GB $way`, ({ transport }) => {
  test("go there and back in one message, as one Buffer and as arrays in an object", async () => {
    const { code, stdout, stderr } = await runTsmpi(["run", "-n", "2", "--timeout", "50", large, String(gigabytes)], {
      env: { TSMPI_TRANSPORT: transport },
    });
    assert.equal(code, 0, stderr);
    const lines = stdout.split("\n").filter((line) => line.includes(`${gigabytes.toFixed(2)} GiB`));
    assert.deepEqual(
      lines.map((line) => line.split(",")[0]),
      ["16 arrays in an object", "one Buffer"],
      stdout,
    );
  });
});

test(`${gigabytes} GB go from rank to rank in one process`, async () => {
  const bytes = gigabytes * 1e9;
  const ends = await local(2, async (world) => {
    if (world.rank === 0) return world.send(Buffer.alloc(bytes, 3), { dest: 1 });
    const buffer = await world.recv<Buffer>({ source: 0 });
    return [buffer.length, buffer[0], buffer[bytes - 1]];
  });
  assert.deepEqual(ends[1], [bytes, 3, 3]);
});
