import assert from "node:assert/strict";
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "vitest";
import { balanced, deadlock, slowRank, star, stencil, straggler } from "../report/fixtures.ts";
import { PageBrowser } from "./browser.ts";

/** Where pictures for the documentation go: `TSMPI_PICTURES=docs/pictures npm run test:browser -- pictures`. */
const directory = process.env["TSMPI_PICTURES"];

test("writes a picture of each section of each run, in both themes", async () => {
  const browser = await PageBrowser.start();
  mkdirSync(directory!, { recursive: true });
  const runs = { balanced, slowRank, star, stencil, straggler, deadlock };
  for (const [name, data] of Object.entries(runs)) {
    for (const theme of ["light", "dark"] as const) {
      const page = await browser.open(data(), theme);
      const file = (part: string): `${string}.png` => `${join(directory!, `${name}-${part}-${theme}`)}.png`;
      await page.page.screenshot({ path: file("page") });
      for (const section of await page.page.$$("section")) {
        const id = await section.evaluate(({ id }) => id);
        await section.screenshot({ path: file(id) });
      }
      await page.close();
    }
  }
  await browser.close();
  assert.equal(readdirSync(directory!).filter((each) => each.endsWith(".png")).length, 6 * 2 * 13);
}, 300_000);
