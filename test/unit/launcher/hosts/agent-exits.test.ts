import { expect, test } from "vitest";
import { agentExit, meaningOfExit, meaningOfWords } from "../../../../packages/launcher/src/hosts/agent-exits.ts";

const paths = { node: "/opt/node", tsmpi: "/opt/tsmpi" };

test("every exit code of an agent that did not come has a reason, with the path that it is about", () => {
  for (const code of Object.values(agentExit)) expect(meaningOfExit(code, paths)).not.toContain("ended with");
  expect(meaningOfExit(126, paths)).toContain("/opt/node");
  expect(meaningOfExit(265, paths)).toContain("SIGKILL");
  expect(meaningOfExit(3, paths)).toBe("the agent ended with 3 there; what it printed is in the job's error file");
});

test("a starter's own error has one too, and other words have none", () => {
  expect(meaningOfWords("error 15010 on spawn\n")).toMatch(/^PBS cannot start a task there \(error 15010\)/);
  expect(meaningOfWords("pbsdsh: tm_init failed")).toBeUndefined();
});
