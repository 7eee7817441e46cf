import assert from "node:assert/strict";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, test } from "vitest";
import type { ReportData } from "../../packages/launcher/src/performance/report-data.ts";
import { reportPage } from "../../packages/launcher/src/performance/report-page.ts";
import { slowRank } from "../report/fixtures.ts";
import { type OpenPage, PageBrowser } from "./browser.ts";

/** What the launcher allows its page. */
const policy =
  "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; img-src data:; frame-ancestors 'none'";

let browser: PageBrowser;

beforeAll(async () => {
  browser = await PageBrowser.start();
});

afterAll(async () => {
  await browser.close();
});

/** Serves a page of a running job, and sends it newer data. */
class Job {
  readonly #data: ReportData;
  readonly #server = createServer(({ url = "" }, response) => this.#answer(url, response));
  #events: ServerResponse | undefined;

  constructor(data: ReportData) {
    this.#data = data;
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/?token=42`;
  }

  send(data: ReportData): void {
    this.#events!.write(`data: ${JSON.stringify(data)}\n\n`);
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  #answer(url: string, response: ServerResponse): void {
    if (url === "/events?token=42") {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.flushHeaders();
      this.#events = response;
      return;
    }
    response.writeHead(200, { "content-type": "text/html; charset=utf-8", "content-security-policy": policy });
    response.end(reportPage(this.#data));
  }
}

function running(ms: number): ReportData {
  const data = slowRank();
  return { ...data, live: true, ending: { ...data.ending, ms } };
}

async function badge(page: OpenPage, state: string): Promise<void> {
  await page.page.waitForFunction((text) => document.querySelector("#live")?.textContent === text, {}, state);
}

describe("the page of a running job", () => {
  test("shows newer data as it comes, and says when the job has ended", async () => {
    const job = new Job(running(1100));
    const page = await browser.visit(await job.start());
    await badge(page, "live");
    await page.page.waitForFunction(() =>
      document.querySelector("#ending .outcome")?.textContent?.includes("1.1 s so far"),
    );
    job.send(running(1900));
    await page.page.waitForFunction(() =>
      document.querySelector("#ending .outcome")?.textContent?.includes("1.9 s so far"),
    );
    assert.equal(await page.text("#timeline .range"), "Whole run, 1.9 s");
    job.send({ ...slowRank(), live: false });
    await badge(page, "ended");
    assert.match(await page.text("#ending .outcome"), /^exit code 0 after 1\.05 s\. All ranks ended well\./);
    job.stop();
    assert.deepEqual(page.faults, []);
    await page.close();
  });

  test("says when the launcher does not answer any more", async () => {
    const job = new Job(running(1100));
    const page = await browser.visit(await job.start());
    await badge(page, "live");
    job.send(running(1200));
    await page.page.waitForFunction(() =>
      document.querySelector("#ending .outcome")?.textContent?.includes("1.2 s so far"),
    );
    job.stop();
    await badge(page, "connection lost");
    await page.close();
  });

  test("has no badge once the job has ended", () =>
    browser.on(slowRank(), async (page) => assert.equal(await page.visible("#live"), false)));
});
