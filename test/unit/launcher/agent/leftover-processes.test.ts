import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";
import { killLeftovers } from "../../../../packages/launcher/src/agent/leftover-processes.ts";
import { agentMark } from "../../../../packages/launcher/src/system/guardian.ts";

/** A process with the environment of a rank of this agent. */
function rankOf(node: number): ReturnType<typeof spawn> {
  const [name, value] = agentMark({ job: "0123456789abcdef", node }).split("=") as [string, string];
  return spawn("sleep", ["100"], { env: { ...process.env, [name]: value } });
}

test("an agent kills what its own ranks have left, not those of another agent of the job on the same machine", async () => {
  const [one, twelve] = [rankOf(1), rankOf(12)];
  await Promise.all([once(one, "spawn"), once(twelve, "spawn")]);
  const gone = once(one, "exit");
  expect(killLeftovers(agentMark({ job: "0123456789abcdef", node: 1 }))).toBe(1);
  expect(await gone).toEqual([null, "SIGKILL"]);
  expect(twelve.exitCode ?? twelve.signalCode).toBeNull();
  twelve.kill("SIGKILL");
});
