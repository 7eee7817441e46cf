import { local } from "tsmpi/testing";
import { describe, test } from "vitest";
import { sizes } from "./case.ts";
import { themes } from "./cases/index.ts";

for (const [theme, cases] of Object.entries(themes)) {
  describe(`memory: ${theme}`, () => {
    for (const size of sizes) {
      for (const { name, from = 1, program } of cases) {
        if (size >= from) test(`${size} ranks: ${name}`, () => local(size, program));
      }
    }
  });
}
