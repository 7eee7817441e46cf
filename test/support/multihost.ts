import { describe, it } from "vitest";
import { type HostOptions, Hosts, obstacle } from "./hosts.ts";

export { Hosts };

/** Where hosts cannot be made, CI fails; elsewhere the tests are left out, and the summary says why. */
const required = process.env["CI"] !== undefined;
const possible = obstacle === undefined;

if (!possible && !required) {
  it.skip(`SEVERAL HOSTS ARE NOT TESTED: ${obstacle}`, () => {});
} else if (!possible) {
  it("makes hosts out of network namespaces", () => {
    throw new Error(obstacle);
  });
}

/** `describe` for what needs several hosts. */
export const multihost: {
  possible: boolean;
  each: <T>(cases: readonly T[]) => (name: string, body: (value: T) => void) => void;
} = {
  possible,
  each: (cases) => (name, body) => describe.runIf(possible).each([...cases])(name, body),
};

/** Hosts for tests: `names` in the order of their addresses, 10.88.0.1 and following. */
export function makeHosts(names: readonly string[], options?: HostOptions): Promise<Hosts> {
  return Hosts.make(names, options);
}
