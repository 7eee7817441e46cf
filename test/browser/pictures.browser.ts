import assert from "node:assert/strict";
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "vitest";
import { deadlock, slowRank, star, stencil, straggler } from "../report/fixtures.ts";
import { PageBrowser } from "./browser.ts";

/** Where the pictures go: `TSMPI_PICTURES=docs/pictures npm run test:browser -- pictures` makes those of the docs. */
const directory = process.env["TSMPI_PICTURES"] ?? "";

/** The pictures of docs/report.md and the README: of which run, and which part of its page. "" is the beginning of the page. */
const pictures = {
  report: [slowRank, ""],
  "report-how-well": [stencil, "efficiency"],
  "report-advice": [slowRank, "advice"],
  "report-timeline": [slowRank, "timeline"],
  "report-calls": [slowRank, "calls"],
  "report-waits": [slowRank, "waiting"],
  "report-traffic": [stencil, "traffic"],
  "report-balance": [slowRank, "balance"],
  "report-maps": [straggler, "maps"],
  "report-memory": [star, "resources"],
  "report-topology": [stencil, "topology"],
  "report-deadlock": [deadlock, "ending"],
} as const;

test("writes the pictures of the docs", async () => {
  const browser = await PageBrowser.start();
  mkdirSync(directory, { recursive: true });
  for (const [name, [run, section]] of Object.entries(pictures)) {
    const { page, close } = await openOn(browser, run());
    const path = join(directory, `${name}.png`) as `${string}.png`;
    const part = section === "" ? undefined : await page.$(`section#${section}`);
    assert.notEqual(part, null, `the page has no section ${section}`);
    await (part ?? page).screenshot({ path });
    await close();
  }
  await browser.close();
  const written = readdirSync(directory).filter((name) => name.endsWith(".png"));
  assert.deepEqual(
    Object.keys(pictures).filter((name) => !written.includes(`${name}.png`)),
    [],
  );
}, 300_000);

async function openOn(browser: PageBrowser, data: Parameters<PageBrowser["open"]>[0]) {
  const opened = await browser.open(data);
  return { page: opened.page, close: () => opened.close() };
}
