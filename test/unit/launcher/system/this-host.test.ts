import { hostname } from "node:os";
import { expect, it } from "vitest";
import { isAnotherHost, sameHost, thisMachine } from "../../../../packages/launcher/src/system/this-host.ts";

it.each([
  ["its own name", "n1", "n1", false],
  ["its full name", "n1", "n1.cluster", false],
  ["its short name", "n1.cluster", "N1", false],
  ["an address of its", "ip-10-0-0-1", "10.0.0.1", false],
  ["a name of the scheduler's that stands for an address of its", "ip-10-0-0-1", "localhost", false],
  ["a name that is not known", "n9", "vnode7.invalid", false],
  ["another host of the job", "n2", "n1", true],
  ["another host of the job, by its full name", "n2.cluster", "n1", true],
  ["an address that it does not have", "n7", "192.0.2.1", true],
])("a machine that is expected under %s", async (_, name, expected, isAnother) => {
  const machine = { name, addresses: ["127.0.0.1", "10.0.0.1"] };
  expect(await isAnotherHost(machine, expected, ["n1", "n2"])).toBe(isAnother);
});

it("two hosts of one name in two domains are two", () => {
  expect(sameHost("n1.rack1", "n1.rack2")).toBe(false);
  expect(thisMachine().name).toBe(hostname());
});
