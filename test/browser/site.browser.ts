import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import puppeteer, { type Browser, type Page } from "puppeteer-core";
import { afterAll, beforeAll, describe, test } from "vitest";
import { chromium } from "./chromium.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
/** The site, built for this test. */
const site = mkdtempSync(join(tmpdir(), "tsmpi-site-"));
const minutes = 60_000;
const types: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".json": "application/json",
  ".png": "image/png",
  ".svg": "image/svg+xml",
};

const server = createServer((request, response) => {
  const path = decodeURIComponent((request.url ?? "/").replace(/[?#].*/, "").replace(/\/$/, "/index.html"));
  const file = join(site, path);
  if (!existsSync(file)) return response.writeHead(404).end();
  return response.setHeader("content-type", types[extname(file)] ?? "text/plain").end(readFileSync(file));
});
let origin: string;
let browser: Browser;

beforeAll(async () => {
  const run = promisify(execFile);
  await run("npm", ["run", "-s", "docs:api"], { cwd: root });
  await run(join(root, "node_modules/.bin/vitepress"), ["build", "docs", "--outDir", site], { cwd: root });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  browser = await puppeteer.launch({ executablePath: chromium, args: ["--no-sandbox", "--disable-gpu"] });
}, 10 * minutes);

afterAll(async () => {
  await browser?.close();
  server.close();
  rmSync(site, { recursive: true, force: true });
});

/** Opens a tab that notes errors, answers that are none, and requests that leave the site. */
async function tab(): Promise<{ page: Page; faults: string[] }> {
  const page = await browser.newPage();
  await page.setViewport({ width: 1400, height: 900 });
  const faults: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warn") faults.push(`${page.url()}: ${message.text()}`);
  });
  page.on("pageerror", (error) => faults.push(`${page.url()}: ${error}`));
  page.on("request", (request) => {
    if (!request.url().startsWith(origin) && !request.url().startsWith("data:"))
      faults.push(`${page.url()} asks for ${request.url()}`);
  });
  page.on("response", (response) => {
    if (response.status() >= 400) faults.push(`${page.url()}: ${response.status()} for ${response.url()}`);
  });
  return { page, faults };
}

/** The pages of the site, as paths. */
function pages(): string[] {
  const files = readdirSync(site, { recursive: true, encoding: "utf8" });
  return files.filter((file) => file.endsWith(".html") && file !== "404.html").map((file) => `/${file}`);
}

async function open(page: Page, path: string): Promise<void> {
  await page.goto(origin + path);
  // Vue has taken the page over.
  await page.waitForFunction(() => "__vue_app__" in (document.querySelector("#app") ?? {}));
}

describe("the site", () => {
  test("opens every page without an error or a network, and every link leads somewhere", {
    timeout: 15 * minutes,
  }, async () => {
    const { page, faults } = await tab();
    const ids = new Map<string, Set<string>>();
    const links = new Set<string>();
    for (const path of pages()) {
      await open(page, path);
      const found = await page.evaluate(() => ({
        headings: document.querySelectorAll("h1").length,
        ids: [...document.querySelectorAll("[id]")].map(({ id }) => id),
        links: [...document.querySelectorAll("a[href]")].map((link) => (link as HTMLAnchorElement).href),
      }));
      assert.ok(found.headings > 0, `${path} has no heading`);
      ids.set(path, new Set(found.ids));
      for (const link of found.links) if (link.startsWith(origin)) links.add(`${path} ${link}`);
    }
    assert.deepEqual(faults, []);
    const broken = [...links].filter((link) => {
      const { pathname, hash } = new URL(link.split(" ")[1]!);
      const target = ids.get(pathname.replace(/\/$/, "/index.html"));
      return target === undefined || (hash !== "" && !target.has(decodeURIComponent(hash.slice(1))));
    });
    // docs/survive.md links to a page that is being written.
    assert.deepEqual(
      broken.filter((each) => !each.includes("/checkpoints")),
      [],
    );
    assert.ok(ids.size > 100 && links.size > 1000);
    await page.close();
  });

  test("its search finds allreduce, in the guide and in the reference", { timeout: 3 * minutes }, async () => {
    const { page, faults } = await tab();
    await open(page, "/guide/start.html");
    await page.click("#local-search button");
    await page.waitForSelector(".search-input");
    await page.type(".search-input", "allreduce");
    await page.waitForSelector(".results .result");
    const found = await page.$$eval(".results .result", (all) => all.map((each) => (each as HTMLAnchorElement).href));
    assert.ok(
      found.some((link) => link.includes("/api/pages/")),
      found.join("\n"),
    );
    assert.ok(
      found.some((link) => !link.includes("/api/pages/")),
      found.join("\n"),
    );
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => !location.pathname.endsWith("/guide/start.html"));
    assert.deepEqual(faults, []);
    await page.close();
  });

  test("is dark where the system is, and where the reader says so", async () => {
    const { page, faults } = await tab();
    const background = (): Promise<string> => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: "light" }]);
    await open(page, "/guide/start.html");
    const light = await background();
    await page.click(".VPNavBarAppearance .VPSwitchAppearance");
    await page.waitForFunction(() => document.documentElement.classList.contains("dark"));
    const dark = await background();
    assert.notEqual(light, dark);
    await open(page, "/calls.html");
    assert.equal(await background(), dark, "the choice is kept");
    await page.evaluate(() => localStorage.clear());
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: "dark" }]);
    await open(page, "/guide/start.html");
    assert.equal(await background(), dark);
    assert.deepEqual(faults, []);
    await page.close();
  });

  test("shows the version, and the names of files", async () => {
    const { page } = await tab();
    const { version } = JSON.parse(readFileSync(join(root, "packages/core/package.json"), "utf8")) as {
      version: string;
    };
    await open(page, "/guide/tutorial/01-hello.html");
    assert.match(await page.$eval(".VPNavBar", (bar) => bar.textContent ?? ""), new RegExp(`v${version}`));
    assert.deepEqual((await page.$$eval(".file-name", (all) => all.map((each) => each.textContent))).slice(0, 1), [
      "hello.ts",
    ]);
    await page.close();
  });
});
