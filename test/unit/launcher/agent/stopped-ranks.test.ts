import { spawn } from "node:child_process";
import { expect, test } from "vitest";
import { StoppedRanks } from "../../../../packages/launcher/src/agent/stopped-ranks.ts";

test("a stopped process that is being killed is not said to go on", async () => {
  const child = spawn("sleep", ["60"]);
  const pids = new Map([[3, child.pid as number]]);
  const told: [rank: number, stopped: boolean][] = [];
  const ranks = await new Promise<StoppedRanks>((resolve) => {
    const watch = new StoppedRanks(
      () => pids,
      (rank, stopped) => {
        told.push([rank, stopped]);
        resolve(watch);
      },
    );
    child.kill("SIGSTOP");
  });
  ranks.forget(3);
  child.kill("SIGCONT"); // as it runs for its last moment
  await new Promise((resolve) => setTimeout(resolve, 1500));
  ranks.end();
  child.kill("SIGKILL");
  expect(told).toEqual([[3, true]]);
});
