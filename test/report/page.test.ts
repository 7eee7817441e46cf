import assert from "node:assert/strict";
import { describe, test } from "vitest";
import type { ReportData } from "../../packages/launcher/src/performance/report-data.ts";
import { reportPage } from "../../packages/launcher/src/performance/report-page.ts";
import { balanced, empty, large, slowRank } from "./fixtures.ts";

/** The data as the page reads it. */
function dataIn(page: string): ReportData {
  const found = /<script type="application\/json" id="data">(.*?)<\/script>/s.exec(page);
  assert.ok(found);
  return JSON.parse(found[1]!) as ReportData;
}

describe("the page of a report", () => {
  test("contains the data that it was given", () => {
    const data = slowRank();
    assert.deepEqual(dataIn(reportPage(data)), data);
  });

  test("keeps its form whatever the data contains", () => {
    const data = empty();
    const hostile = '</script><script>alert(1)</script><!-- $& $1 \u2028 \u{1f600} 数 "/* data */"';
    data.about.command = hostile;
    data.ending.words = [hostile];
    const page = reportPage(data);
    assert.deepEqual(dataIn(page), data);
    const scripts = (text: string): number => text.split("<script").length;
    assert.equal(scripts(page), scripts(reportPage(empty())));
    assert.ok(!page.includes("<script>alert"));
  });

  test("refers to nothing outside of itself", () => {
    const page = reportPage(balanced());
    const tags = page.match(/<(?:link|script|img|iframe|source)\b[^>]*>/g) ?? [];
    assert.ok(tags.length >= 3);
    for (const tag of tags) assert.doesNotMatch(tag, /(?:src|href)="(?!data:)/, tag);
    assert.doesNotMatch(page, /@import|url\(|import\(/);
    // The names of XML languages are no addresses that anything is loaded from.
    const addresses = page.match(/https?:[^"'`\s]*/g) ?? [];
    assert.deepEqual(
      addresses.filter((each) => !each.startsWith("http://www.w3.org/")),
      [],
    );
  });

  test("has no placeholder left and no marker of the build", () => {
    const page = reportPage(empty());
    for (const mark of ["/* style.css */", "/* main.ts */", '"/* data */"']) assert.ok(!page.includes(mark), mark);
  });

  test("is small: below 150 kB without data, and below 2 MB with 64 ranks of 256 calls", () => {
    assert.ok(reportPage(empty()).length < 150_000);
    const data = large();
    assert.equal(data.timeline.segments.length, 64);
    for (const segments of data.timeline.segments) assert.equal(segments.length, 256 * 9);
    assert.ok(Buffer.byteLength(reportPage(data)) < 2_000_000);
  });
});
