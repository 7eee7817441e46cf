import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, test } from "vitest";
import type { Peers } from "../../../../packages/core/src/wire/peers.ts";
import "../../../../packages/core/src/tasks/journal.ts"; // loaded now, for in the simulated time of ranks that takes for ever
import { map } from "../../../../packages/core/src/tasks/map.ts";
import type { TaskGroup } from "../../../../packages/core/src/tasks/task-group.ts";
import { simulate } from "../../../support/simulated-peers.ts";

const journal = join(tmpdir(), `tsmpi-walltime-${process.pid}`);
afterAll(() => rmSync(journal, { force: true }));

/** Far more than are handed out ahead, of which there are the more the faster the machine is: up to a hundred. */
const inputs = Array.from({ length: 3000 }, (_, i) => i);

/** A map over three ranks whose job is told, at its 20th task, that the walltime is nearly over. */
async function run(warned: boolean): Promise<{ begun: number[]; outcome: PromiseSettledResult<unknown> | undefined }> {
  const walltime = new AbortController();
  const begun: number[] = [];
  const task = (x: number): number => {
    begun.push(x);
    if (warned && begun.length === 20) walltime.abort(new Error("the walltime is nearly over"));
    return x * x;
  };
  const program = (peers: Peers): Promise<unknown> => {
    const group: TaskGroup = {
      peers,
      who: { rank: peers.rank, size: 3, host: "n1" },
      members: [0, 1, 2],
      hosts: ["n1", "n1", "n1"],
      signal: walltime.signal,
      showsProgress: false,
      checking: undefined,
      isAtWork: () => false,
      claims: () => undefined,
      show: () => {},
      reportUnresponsive: () => {},
    };
    return map(group, task, inputs, { journal, chunkSize: 1 }, "");
  };
  const { outcomes } = await simulate(3, program, { patience: 1000 });
  return { begun, outcome: outcomes[0] };
}

test("near the walltime nothing more is handed out, what is under way is kept, and a rerun does the rest", async () => {
  const first = await run(true);
  assert.equal(first.outcome?.status, "rejected");
  assert.match(String(first.outcome.reason), /nothing more is handed out: the walltime is nearly over/);
  assert.ok(first.begun.length < inputs.length);
  const second = await run(false);
  assert.deepEqual(second.outcome, { status: "fulfilled", value: inputs.map((x) => x * x) });
  // Every task that was begun is in the journal.
  assert.deepEqual(
    [...first.begun, ...second.begun].sort((a, b) => a - b),
    inputs,
  );
});
