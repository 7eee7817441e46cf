import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import puppeteer, { type Browser, type Page } from "puppeteer-core";
import type { ReportData } from "../../packages/launcher/src/performance/report-data.ts";
import { reportPage } from "../../packages/launcher/src/performance/report-page.ts";
import { chromium } from "./chromium.ts";

export type Theme = "light" | "dark";

/** A browser without a window, with pages that are opened from files. Closing it removes the files. */
export class PageBrowser {
  readonly #browser: Browser;
  readonly #directory = mkdtempSync(join(tmpdir(), "tsmpi-page-"));
  #pages = 0;

  private constructor(browser: Browser) {
    this.#browser = browser;
  }

  static async start(): Promise<PageBrowser> {
    const args = ["--no-sandbox", "--disable-gpu", "--force-color-profile=srgb", "--hide-scrollbars"];
    return new PageBrowser(await puppeteer.launch({ executablePath: chromium, args }));
  }

  /** Opens the report of this data. */
  async open(data: ReportData, theme: Theme = "light", width = 1400, height = 900): Promise<OpenPage> {
    const file = join(this.#directory, `${++this.#pages}.html`);
    writeFileSync(file, reportPage(data));
    const page = await this.#browser.newPage();
    await page.setViewport({ width, height });
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: theme }]);
    const opened = new OpenPage(page, pathToFileURL(file).href);
    await opened.load();
    return opened;
  }

  /** Opens a report for a test. The page must have done nothing that it must not. */
  async on(data: ReportData, body: (page: OpenPage) => Promise<void>, theme: Theme = "light"): Promise<void> {
    const page = await this.open(data, theme);
    try {
      await body(page);
      assert.deepEqual(page.faults, []);
    } finally {
      await page.close();
    }
  }

  /** Opens a page of a server. */
  async visit(url: string): Promise<OpenPage> {
    const page = new OpenPage(await this.#browser.newPage(), url);
    await page.load();
    return page;
  }

  async close(): Promise<void> {
    await this.#browser.close();
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

/** An open report. Notes what it must not do: errors, and requests for anything but its file. */
export class OpenPage {
  readonly page: Page;
  readonly faults: string[] = [];
  readonly #url: string;

  constructor(page: Page, url: string) {
    this.page = page;
    this.#url = url;
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warn") this.faults.push(message.text());
    });
    page.on("pageerror", (error) => this.faults.push(String(error)));
  }

  async load(): Promise<void> {
    await this.page.setRequestInterception(true);
    this.page.on("request", (request) => {
      const isOwn = [this.#url, this.#url.replace("/?", "/events?"), "data:,"].includes(request.url());
      if (!isOwn) this.faults.push(`it asks for ${request.url()}`);
      void (isOwn ? request.continue() : request.abort());
    });
    await this.page.goto(this.#url);
    await this.settled();
  }

  /** Waits until what is drawn with the next frame has been drawn. */
  async settled(): Promise<void> {
    const frame = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))";
    await this.page.evaluate(frame);
  }

  /** The text of the first element, with single spaces. */
  async text(selector: string): Promise<string> {
    const [first] = await this.texts(selector);
    if (first === undefined) throw new Error(`there is no ${selector}`);
    return first;
  }

  async texts(selector: string): Promise<string[]> {
    return (await this.page.$$eval(selector, (all) => all.map((each) => each.textContent ?? ""))).map((text) =>
      text.replaceAll(/\s+/g, " ").trim(),
    );
  }

  async count(selector: string): Promise<number> {
    return (await this.page.$$(selector)).length;
  }

  async visible(selector: string): Promise<boolean> {
    const found = await this.page.$(selector);
    return (await found?.isVisible()) ?? false;
  }

  /** The range that the timeline shows, in ms. */
  async range(): Promise<{ from: number; to: number; shows: string }> {
    await this.settled();
    return this.page.$eval("#timeline .range", (output) => {
      const { dataset } = output as HTMLElement;
      return {
        from: Number(dataset["from"]),
        to: Number(dataset["to"]),
        shows: String(dataset["shows"]),
      };
    });
  }

  /** Moves the pointer to the middle of an element, which can be a line without an area. */
  async pointAt(selector: string): Promise<void> {
    const place = await this.page.$eval(selector, (element) => {
      element.scrollIntoView({ block: "center" });
      const { x, y, width, height } = element.getBoundingClientRect();
      return { x: x + width / 2, y: y + height / 2 };
    });
    await this.page.mouse.move(place.x, place.y);
  }

  /** The words of the tooltip; "" if it is not shown. */
  async tip(): Promise<string> {
    return (await this.texts(".tooltip.shown > div")).join("\n");
  }

  async attribute(selector: string, name: string): Promise<string | null> {
    return this.page.$eval(selector, (element, key) => element.getAttribute(key), name);
  }

  async close(): Promise<void> {
    await this.page.close();
  }
}
