import assert from "node:assert/strict";
import { afterAll, beforeAll, describe, test } from "vitest";
import { balanced, deadlock, empty, large, slowRank, star, stencil, straggler } from "../report/fixtures.ts";
import { type OpenPage, PageBrowser } from "./browser.ts";

let browser: PageBrowser;

beforeAll(async () => {
  browser = await PageBrowser.start();
});

afterAll(async () => {
  await browser.close();
});

const sections = [
  "How well",
  "What to improve",
  "Timeline",
  "Time in calls",
  "Who waited for whom",
  "Messages and bytes",
  "Balance",
  "Maps and pools",
  "Memory and CPU",
  "Topology",
  "How it ended",
  "How it was run",
];

describe("every report", () => {
  const runs = { balanced, slowRank, star, stencil, straggler, deadlock };
  for (const [name, data] of Object.entries(runs)) {
    for (const theme of ["light", "dark"] as const) {
      test(`${name}, ${theme}: has all sections and their contents, asks for nothing, and is not wider than the window`, () =>
        browser.on(
          data(),
          async (page) => {
            assert.deepEqual(await page.texts("section h2 span:last-child"), sections);
            assert.deepEqual(await page.texts("#contents a span:last-child"), sections);
            assert.equal(await page.text("h1"), data().about.command);
            assert.equal(await page.attribute("html", "data-theme"), theme);
            assert.deepEqual(await overflow(page), []);
            assert.equal(await page.count("#balance .bar"), data().balance.length);
            assert.equal(await page.count("#efficiency .block"), 5);
            assert.equal(await page.count("#efficiency .efficiencies tbody tr"), data().efficiency.length);
            assert.equal(await page.count("#advice li"), data().advice.length);
          },
          theme,
        ));
    }
  }

  test("is readable in a window of 900 pixels, without a horizontal scroll bar", async () => {
    for (const data of [slowRank(), straggler(), stencil(), large(256, 8)]) {
      const page = await browser.open(data, "light", 900, 700);
      assert.deepEqual(await overflow(page), []);
      assert.deepEqual(page.faults, []);
      await page.close();
    }
  });

  /** Elements that stick out of the window and are not within a box that scrolls. */
  async function overflow({ page }: OpenPage): Promise<string[]> {
    return page.evaluate(() => {
      const width = document.documentElement.clientWidth;
      const found =
        document.documentElement.scrollWidth > width ? [`the page is ${document.documentElement.scrollWidth}`] : [];
      const shown = [...document.querySelectorAll("main *")].filter(
        (each) => each.closest(".scroll, .side, svg") === null,
      );
      for (const each of shown) {
        const { right } = each.getBoundingClientRect();
        if (right > width + 1) found.push(`${each.tagName} ${each.className} ends at ${right}`);
      }
      return found;
    });
  }
});

describe("how well", () => {
  test("prints each efficiency of the run and of its phases", () =>
    browser.on(slowRank(), async (page) => {
      const [whole, ...phases] = slowRank().efficiency;
      const written = (share: number): string => `${Math.round(share * 100)} %`;
      const blocks = await page.texts("#efficiency .block .value");
      const { parallel, loadBalance, communication, serialization, transfer } = whole!;
      assert.deepEqual(blocks, [parallel, loadBalance, communication, serialization, transfer].map(written));
      const names = await page.texts("#efficiency .efficiencies tbody th");
      assert.deepEqual(names, ["whole run", ...phases.map(({ phase }) => phase)]);
      assert.deepEqual(await page.texts("#efficiency .efficiencies tbody tr:nth-child(3) td.efficiency"), [
        written(phases[1]!.parallel),
        written(phases[1]!.loadBalance),
        written(phases[1]!.communication),
        written(phases[1]!.serialization),
        written(phases[1]!.transfer),
      ]);
    }));

  test("explains an efficiency by its formula when it is pointed at or has the focus", () =>
    browser.on(balanced(), async (page) => {
      await page.page.hover("#efficiency .block.loadBalance");
      assert.match(await page.tip(), /^Load balance\n= mean computing time of the ranks \/ longest/);
      await page.page.focus("#efficiency .block.transfer");
      assert.match(await page.tip(), /^Transfer\n= time the run would take on a network without cost/);
      await page.page.keyboard.press("Escape");
      assert.equal(await page.tip(), "");
    }));

  test("compares runs with other numbers of ranks, if the report has them", async () => {
    await browser.on(balanced(), async (page) => {
      assert.deepEqual(await page.texts("#efficiency h3 + .intro + .scroll tbody th"), [
        "run-1",
        "run-2",
        "run-4",
        "run-8",
      ]);
      assert.equal(await page.count("#efficiency .speedup .dot"), 4);
    });
    await browser.on(star(), async (page) => assert.equal(await page.count("#efficiency .speedup"), 0));
  });
});

describe("what to improve", () => {
  test("shows the time that an advice is about in the timeline", () =>
    browser.on(slowRank(), async (page) => {
      const [first] = slowRank().advice;
      assert.equal(await page.text("#advice li:first-child p"), first!.text);
      await page.page.click("#advice li:first-child button");
      const { from, to } = await page.range();
      assert.ok(from < first!.from! && from > first!.from! - 50, String(from));
      assert.ok(to > first!.to! && to < first!.to! + 50, String(to));
      assert.ok(await page.page.$eval("#timeline canvas", (canvas) => canvas === document.activeElement));
    }));

  test("says so when nothing stands out", () =>
    browser.on(balanced(), async (page) => {
      assert.equal(await page.text("#advice .fine"), "Nothing stands out.");
      assert.ok(await page.visible("#advice .fine"));
    }));
});

describe("tables and matrices", () => {
  test("calls are by line or by operation, and sorted by the column that is chosen", () =>
    browser.on(slowRank(), async (page) => {
      const operations = (): Promise<string[]> =>
        page.texts("#calls .body > div:last-child > div:nth-child(2) tbody td:first-child");
      assert.deepEqual(await operations(), ["allreduce", "barrier", "recv", "send", "gather"]);
      await page.page.click("#calls th:first-child button");
      assert.deepEqual(await operations(), ["allreduce", "barrier", "gather", "recv", "send"]);
      assert.equal(await page.attribute("#calls th:first-child", "aria-sort"), "ascending");
      await page.page.click("#calls th:first-child button");
      assert.deepEqual(await operations(), ["send", "recv", "gather", "barrier", "allreduce"]);
      assert.equal(await page.visible("#calls .toolbar + div + div table"), false);
      await page.page.click("#calls .choice button:nth-child(2)");
      assert.equal(await page.visible("#calls .toolbar + div + div table"), true);
      assert.equal(await page.text("#calls .toolbar + div + div tbody td:nth-child(2)"), "1 line");
    }));

  test("who waited for whom: the late rank is the first, and the table has the times", () =>
    browser.on(slowRank(), async (page) => {
      assert.match(await page.text("#waiting .side tbody tr"), /^rank 3 ?3\.\d+ s ?8\d % ?7 ranks$/);
      assert.equal(await page.count("#waiting details tr"), 0);
      await page.page.click("#waiting summary");
      await page.settled();
      assert.equal(await page.count("#waiting details tbody tr"), slowRank().waitedFor.length);
      const canvas = (await page.page.$("#waiting canvas"))!;
      await canvas.scrollIntoView();
      const box = (await canvas.boundingBox())!;
      await page.page.mouse.move(box.x + 36.5 + 44 * 3.5, box.y + 36 + 44 * 0.5);
      assert.match(await page.tip(), /^rank 0\nwaited 47\d ms for rank 3$/);
    }));

  test("traffic is by rank or host, in bytes or messages, of the program or within collectives", () =>
    browser.on(slowRank(), async (page) => {
      const canvas = (await page.page.$("#traffic canvas"))!;
      const drawn = (): Promise<string> => canvas.evaluate((node) => (node as HTMLCanvasElement).toDataURL());
      const pictures = new Set([await drawn()]);
      for (const [group, button] of [
        [1, 2],
        [2, 2],
        [3, 2],
        [1, 1],
      ] as const) {
        await page.page.click(
          `#traffic .toolbar ${group === 1 ? ".holder .choice" : `> .choice:nth-child(${group})`} button:nth-child(${button})`,
        );
        pictures.add(await drawn());
      }
      assert.equal(pictures.size, 5);
    }));

  test("the bars of balance can be ordered by computing time", () =>
    browser.on(slowRank(), async (page) => {
      await page.page.click("#balance .choice button:nth-child(2)");
      await page.pointAt("#balance .bar .target");
      assert.match(await page.tip(), /^rank 3\ncomputing 96\d ms, 92 %/);
    }));
});

describe("what only some runs have", () => {
  test("a map: tasks by rank, durations, and the longest first", () =>
    browser.on(straggler(), async (page) => {
      assert.equal(await page.text("#maps h3"), "map at sweep.ts:12");
      assert.match(await page.text("#maps .facts"), /^120 tasks in 954 ms, 2 repeated, none failed/);
      assert.match(await page.text("#maps h4 + .scroll tbody tr"), /^input 117 ?rank 5 ?410 ms/);
      assert.equal(await page.count("#maps .chart:first-child .bar"), 6);
      await page.page.click("#maps .facts button");
      assert.ok((await page.range()).to - (await page.range()).from > 900);
    }));

  test("a grid and a graph: a node for each rank, and lines by host", () =>
    browser.on(stencil(), async (page) => {
      assert.deepEqual(await page.texts("#topology h3"), ["Grid “plane” of 4 × 2 ranks", "Graph of 8 ranks"]);
      assert.equal(await page.count("#topology svg:first-child .node"), 16);
      assert.equal(await page.count("#topology .pair > div:first-child .edge.within"), 8);
      assert.equal(await page.count("#topology .pair > div:first-child .edge.between"), 2);
      await page.pointAt("#topology .pair > div:first-child .edge.between .target");
      assert.match(await page.tip(), /^rank \d and rank \d\n\d → \d: 20 messages, 1\.25 MiB/);
    }));

  test("a ring of a grid: the line that closes it leaves at both ends; what cannot be drawn says so", () => {
    const ring = { kind: "cart" as const, name: "", context: 1, neighbors: [], periodic: [true], dims: [4] };
    const edges = [0, 1, 2, 3].map((rank): [number, number, number, number] => [rank, (rank + 1) % 4, 800, 2]);
    const members = [0, 1, 2, 3];
    const many = { ...ring, members, dims: [1, 2, 1, 2], edges };
    return browser.on({ ...stencil(), topologies: [{ ...ring, members, edges }, many] }, async (page) => {
      const [first, second] = await page.texts("#topology h3");
      assert.equal(first, "Grid of 4 ranks, periodic in dimension 0");
      assert.equal(await page.count("#topology .edge:not(.open)"), 3);
      assert.equal(await page.count("#topology .edge.open"), 2);
      assert.equal(await page.count("#topology .node"), 4);
      assert.equal(second, "Grid of 1 × 2 × 1 × 2 ranks, periodic in dimension 0");
      assert.match(await page.text("#topology .nothing"), /^Nothing to show: it has more than three dimensions/);
      await page.page.click("#topology .pair > div:nth-child(2) summary");
      await page.settled();
      assert.equal(await page.count("#topology .pair > div:nth-child(2) tbody tr"), 4);
    });
  });

  test("a deadlock: a box for each rank with its call and line, and the circle of those that wait for each other", () =>
    browser.on(deadlock(), async (page) => {
      assert.equal(await page.text("#ending .badge"), "exit code 123");
      assert.equal(
        await page.text(".failure"),
        "Exit code 123. Deadlock: ranks 0, 1 and 2 wait for each other.How it ended",
      );
      assert.equal(await page.text("#ending .words pre"), "rank host waits in 0 node01 recv({ source: 2, tag: 7 })");
      assert.equal(await page.count("#ending .node"), 4);
      assert.equal(await page.count("#ending .node.circular"), 3);
      assert.equal(await page.count("#ending .edge.circular"), 3);
      assert.equal(await page.count("#ending .edge.aside"), 1);
      assert.deepEqual(await page.texts("#ending .node:nth-of-type(5) text"), [
        "rank 0",
        "recv({ source: 2, tag: 7 })",
        "ring.ts:23",
      ]);
    }));

  test("a run of 256 ranks: matrices are by host, and the page still answers", () =>
    browser.on(large(256, 16), async (page) => {
      assert.equal(await page.text('#traffic .holder button[aria-pressed="true"]'), "by host");
      assert.equal(await page.count("#balance .bar"), 256);
      await page.page.click("#traffic .holder button:first-child");
      await page.page.focus("#timeline canvas");
      await page.page.keyboard.press("+");
      assert.ok((await page.range()).from > 0);
    }));

  test("a run that recorded nothing: every section says why it is empty", () =>
    browser.on(empty(), async (page) => {
      const said = (await page.texts(".nothing")).map((text) => text.replace("Nothing to show: ", ""));
      assert.deepEqual(said, [
        "the recording has no computing times, because no rank called init().",
        "no rank has recorded anything.",
        "the program made no call of tsmpi.",
        "no rank waited for another one.",
        "no rank sent a message.",
        "no rank has recorded how it spent its time.",
        "the program uses no map and no pool.",
        "no measurement was taken. Very short runs end before the first.",
        "the program made no cartesian grid and no graph.",
        "the recording names no host.",
      ]);
      for (const canvas of ["#timeline canvas", "#waiting canvas", "#traffic canvas"]) {
        assert.ok(!(await page.visible(canvas)), canvas);
      }
    }));
});

describe("the reader's choices", () => {
  test("the theme follows the system until the switch is used", () =>
    browser.on(
      slowRank(),
      async (page) => {
        const ground = (): Promise<string> => page.page.$eval("body", (body) => getComputedStyle(body).backgroundColor);
        const drawn = (): Promise<string> =>
          page.page.$eval("#timeline canvas", (node) => (node as HTMLCanvasElement).toDataURL());
        assert.equal(await page.text("#theme"), "Light theme");
        const dark = { ground: await ground(), drawn: await drawn() };
        await page.page.click("#theme");
        await page.settled();
        assert.equal(await page.attribute("html", "data-theme"), "light");
        assert.equal(await ground(), "rgb(255, 255, 255)");
        assert.notEqual(await ground(), dark.ground);
        assert.notEqual(await drawn(), dark.drawn);
        await page.page.click("#theme");
        await page.settled();
        assert.equal(await drawn(), dark.drawn);
      },
      "dark",
    ));

  test("paper is light, has all sections, and nothing to click", () =>
    browser.on(
      slowRank(),
      async (page) => {
        await page.page.emulateMediaType("print");
        await page.settled();
        assert.equal(await page.attribute("html", "data-theme"), "light");
        for (const id of ["efficiency", "advice", "timeline", "calls", "waiting", "traffic", "balance", "maps"]) {
          assert.ok(await page.visible(`#${id} h2`), id);
        }
        for (const chart of [
          "#timeline canvas",
          "#waiting canvas",
          "#balance svg",
          "#resources svg",
          "#calls thead th",
        ]) {
          assert.ok(await page.visible(chart), chart);
        }
        for (const gone of ["nav", "#advice button", "#traffic .choice"]) assert.ok(!(await page.visible(gone)), gone);
        const paper = await page.page.pdf({ format: "A4" });
        assert.equal(Buffer.from(paper.subarray(0, 5)).toString(), "%PDF-");
      },
      "dark",
    ));

  test("the contents lead to the sections and show where the reader is", () =>
    browser.on(slowRank(), async (page) => {
      assert.equal(await page.text("#contents a[aria-current]"), "1How well");
      await page.page.click("#contents li:nth-child(7) a");
      await page.page.waitForFunction(
        () => document.querySelector("#contents a[aria-current]")?.textContent === "7Balance",
      );
      assert.equal(new URL(page.page.url()).hash, "#balance");
    }));

  test("newer data leaves zoom, theme, switches, opened tables and the place in the page", () =>
    browser.on(slowRank(), async (page) => {
      await page.page.click("#theme");
      await page.page.click("#waiting summary");
      await page.page.click("#traffic .toolbar > .choice:nth-child(2) button:nth-child(2)");
      await page.page.click("#advice li:first-child button");
      await page.page.$eval("#resources", (section) => section.scrollIntoView());
      const before = { range: await page.range(), scroll: await page.page.evaluate(() => window.scrollY) };
      const newer = { ...slowRank(), live: true };
      newer.ending.ms += 500;
      newer.about.command = "tsmpi run -n 8 newer.ts";
      await page.page.evaluate(
        (data) => (globalThis as unknown as { update(data: unknown): void }).update(data),
        newer,
      );
      assert.equal(await page.text("h1"), "tsmpi run -n 8 newer.ts");
      const after = { range: await page.range(), scroll: await page.page.evaluate(() => window.scrollY) };
      assert.ok(Math.abs(after.range.from - before.range.from) < 0.01, JSON.stringify(after));
      assert.ok(Math.abs(after.range.to - before.range.to) < 0.01, JSON.stringify(after));
      assert.equal(after.scroll, before.scroll);
      assert.equal(await page.attribute("html", "data-theme"), "dark");
      assert.ok(await page.visible("#waiting details table"));
      assert.equal(await page.text('#traffic .toolbar > .choice:nth-child(2) button[aria-pressed="true"]'), "messages");
      assert.match(await page.text("#ending .outcome"), /^The job is running, for 1\.55 s so far/);
    }));

  test("how it was run can be copied as text", () =>
    browser.on(slowRank(), async (page) => {
      await page.page.evaluate(() => {
        const kept = { writeText: (text: string) => Promise.resolve(void Object.assign(window, { copied: text })) };
        Object.defineProperty(navigator, "clipboard", { value: kept });
      });
      await page.page.click("#about button");
      await page.page.waitForFunction(() => document.querySelector("#about output")?.textContent === "Copied.");
      const copied = await page.page.evaluate(() => (window as unknown as { copied: string }).copied);
      assert.match(copied, /^Command: tsmpi run -n 8 solver\.ts --steps 14\nDirectory: /);
      assert.match(copied, /Host node02: ranks 4–7, CPUs 16, clock error at most 80 µs/);
    }));
});
