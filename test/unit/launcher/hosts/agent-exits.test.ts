import { expect, test } from "vitest";
import { agentExit, meaningOfExit } from "../../../../packages/launcher/src/hosts/agent-exits.ts";

const places = { node: "/opt/node", tsmpi: "/opt/tsmpi", noKey: "HOME is not shared" };

test("every exit code of an agent that did not connect has a reason, with the path that it is about", () => {
  for (const code of Object.values(agentExit)) expect(meaningOfExit(code, places)).not.toContain("ended with");
  expect(meaningOfExit(126, places)).toContain("/opt/node");
  expect(meaningOfExit(agentExit.noKey, places)).toBe("no key: HOME is not shared");
  expect(meaningOfExit(137, places)).toContain("SIGKILL");
  expect(meaningOfExit(3, places)).toBe("the agent ended with 3 there; what it printed is in the job's error file");
});
