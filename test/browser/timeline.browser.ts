import assert from "node:assert/strict";
import { afterAll, beforeAll, describe, test } from "vitest";
import { type ReportData, segmentFields } from "../../packages/launcher/src/performance/report-data.ts";
import { large, slowRank, star } from "../report/fixtures.ts";
import { type OpenPage, PageBrowser } from "./browser.ts";

let browser: PageBrowser;

beforeAll(async () => {
  browser = await PageBrowser.start();
});

afterAll(async () => {
  await browser.close();
});

/** Where a rank is in the timeline at a share of its width. */
async function pointAt(page: OpenPage, rank: number, share: number): Promise<void> {
  await page.page.$eval("#timeline", (section) => section.scrollIntoView());
  const place = await page.page.$eval(
    "#timeline canvas",
    (canvas, asked) => {
      const { left, top, width } = canvas.getBoundingClientRect();
      const rows = JSON.parse((canvas as HTMLCanvasElement).dataset["rows"] ?? "[]") as [number, number][];
      const row = rows.find(([rank]) => rank === asked.rank)!;
      return { x: left + 64 + (width - 64) * asked.share, y: top + row[1] };
    },
    { rank, share },
  );
  await page.page.mouse.move(place.x - 3, place.y);
  await page.page.mouse.move(place.x, place.y);
  await page.settled();
}

describe("timeline", () => {
  test("is zoomed and moved by the wheel, the keyboard, the buttons and by dragging", () =>
    browser.on(slowRank(), async (page) => {
      const total = slowRank().ending.ms;
      assert.deepEqual(await page.range(), { from: 0, to: total, shows: "calls" });
      await pointAt(page, 3, 0.5);
      await page.page.mouse.wheel({ deltaY: -300 });
      const wheel = await page.range();
      assert.ok(wheel.from > 0 && wheel.to < total, JSON.stringify(wheel));
      const middle = (wheel.from + wheel.to) / 2;
      assert.ok(Math.abs(middle - total / 2) < total / 50, "it zooms at the pointer");

      await page.page.focus("#timeline canvas");
      await page.page.keyboard.press("+");
      const plus = await page.range();
      assert.ok(plus.to - plus.from < wheel.to - wheel.from);
      await page.page.keyboard.press("ArrowRight");
      const right = await page.range();
      assert.ok(right.from > plus.from && right.to > plus.to);
      await page.page.keyboard.press("ArrowLeft");
      assert.ok((await page.range()).from < right.from);
      await page.page.keyboard.press("-");
      assert.ok((await page.range()).to - (await page.range()).from > plus.to - plus.from);

      await pointAt(page, 3, 0.5);
      const before = await page.range();
      await page.page.mouse.down();
      await pointAt(page, 3, 0.3);
      await page.page.mouse.up();
      const dragged = await page.range();
      assert.ok(dragged.from > before.from, "dragging to the left shows later times");

      await page.page.keyboard.press("0");
      assert.deepEqual(await page.range(), { from: 0, to: total, shows: "calls" });
      await page.page.click('#timeline button[aria-label="Zoom in"]');
      assert.ok((await page.range()).from > 0);
      await page.page.click('#timeline button[aria-label="Show the whole run"]');
      assert.equal(await page.text("#timeline .range"), "Whole run, 1.05 s");
    }));

  test("shows shares far out and calls near, and names what is pointed at", () =>
    browser.on(large(), async (page) => {
      const data = large();
      assert.equal((await page.range()).shows, "shares");
      await pointAt(page, 7, 0.5);
      assert.match(await page.tip(), /^rank 7, .* to .*\n(computing|messages|collectives) \d+ %/);
      await page.page.focus("#timeline canvas");
      for (let i = 0; i < 8; i++) await page.page.keyboard.press("+");
      const near = await page.range();
      assert.equal(near.shows, "calls");
      const [began, ms] = longestIn(data, 7, near.from, near.to);
      await pointAt(page, 7, (began + ms / 2 - near.from) / (near.to - near.from));
      assert.match(await page.tip(), /^(recv|allreduce|barrier|send) {1,2}large\.ts:\d+\nrank 7, at .*, took /);
    }));

  test("says which rank a call waited for, and what that rank did meanwhile", () =>
    browser.on(slowRank(), async (page) => {
      const data = slowRank();
      await page.page.click("#advice li:first-child button");
      const { from, to } = await page.range();
      const [began, ms] = longestIn(data, 0, from, to);
      await pointAt(page, 0, (began + ms / 2 - from) / (to - from));
      const words = await page.tip();
      assert.match(words, /^allreduce {1,2}solver\.ts:52\nrank 0, at /);
      assert.match(words, /\n8 B of data\nwaited 3\d(\.\d)? ms for rank 3\nrank 3 meanwhile: computing$/);
    }));

  test("names the source, size and tag of a message", () =>
    browser.on(star(), async (page) => {
      const { timeline, operations, ending } = star();
      const recv = operations.indexOf("recv");
      const at = timeline.segments[0]!.findIndex(
        (_, i, all) => i % segmentFields === 0 && all[i + 2] === recv && all[i + 1]! > 5,
      );
      const [began, ms, , , peer] = timeline.segments[0]!.slice(at, at + 5) as [number, number, number, number, number];
      await pointAt(page, 0, (began + ms / 2) / ending.ms);
      assert.match(
        await page.tip(),
        new RegExp(`^recv +star\\.ts:24\\n.*\\nfrom rank ${peer}, 3\\.81 MiB of data, tag 5\\n`),
      );
    }));

  /** Beginning and duration of the longest call of a rank that is wholly in a range. */
  function longestIn({ timeline }: ReportData, rank: number, from: number, to: number): [number, number] {
    const flat = timeline.segments[rank]!;
    let best: [number, number] = [from, 0];
    for (let i = 0; i < flat.length; i += segmentFields) {
      const [began, ms] = flat.slice(i, i + 2) as [number, number];
      if (began >= from && began + ms <= to && ms > best[1]) best = [began, ms];
    }
    return best;
  }
});
