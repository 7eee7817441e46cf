import { local } from "tsmpi/testing";
import { describe, test } from "vitest";
import { full } from "../support/tier.ts";
import { isRun, sizes } from "./case.ts";
import { themes } from "./cases/index.ts";

for (const [theme, cases] of Object.entries(themes)) {
  describe(`memory: ${theme}`, () => {
    for (const size of sizes) {
      const load = full || size === 2 || size === 8 ? "all" : "light";
      for (const each of cases.filter((one) => isRun(one, size, load))) {
        test(`${size} ranks: ${each.name}`, () => local(size, each.program));
      }
    }
  });
}
