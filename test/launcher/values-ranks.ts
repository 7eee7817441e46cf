import { strict as assert } from "node:assert";
import { init } from "tsmpi";
import { table } from "../conformance/cases/value-table.ts";
import { isAsCloned, travels } from "../conformance/cases/values.ts";

/** The rows of `docs/values.md` that warn, as a job. */
const world = await init();
for (const row of table.filter(({ apart }) => apart)) {
  for (const value of row.values()) {
    assert.equal(isAsCloned(row, value), row.same, row.kind);
    for (let twice = 0; twice < 2; twice++) await travels(world, row, value);
  }
}
if (world.rank === 0) console.log("all rows hold");
await world.close();
