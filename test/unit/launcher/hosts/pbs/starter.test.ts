import { expect, it } from "vitest";
import { pbsdsh } from "../../../../../packages/launcher/src/hosts/pbs/starter.ts";

const host = { name: "b", slots: 1, here: false };

/** What pbsdsh says of a host's agent when it has printed this; its own exit code is 0 whatever happens. */
function explain(printed: string) {
  return pbsdsh.explain(host, { code: 0, signal: null, printed });
}

it("takes the exit status of the agent from what pbsdsh prints", () => {
  expect(explain("pbsdsh: task 0x00000000 exit status 66\n")).toEqual({ agentExit: 66 });
  expect(explain("pbsdsh: task 0x00000000 exit status 265\n").cause).toContain("SIGKILL");
});

it("names the cause that PBS itself tells, and none for other words", () => {
  expect(explain("error 15010 on spawn\n").cause).toMatch(/^PBS cannot start a task there \(error 15010\)/);
  expect(explain("pbsdsh: tm_init failed")).toEqual({});
});

it("does not serve a host that PBS has no line for", () => {
  expect(pbsdsh.serves(host)).toBe(false);
});
