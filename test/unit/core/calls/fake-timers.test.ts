import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { mock } from "node:test";
import { sum } from "@tsmpi/core";
import { local } from "@tsmpi/core/testing";
import { afterEach, describe, expect, test, vi } from "vitest";

/** Messages, a collective, a map with its own timers, and a failure that ends the world. */
async function job(): Promise<unknown> {
  const results = await local(3, async (world) => {
    const squares = await world.map((x: number) => x * x, [1, 2, 3, 4], { timeoutMs: 1000 });
    await world.barrier();
    return [await world.allreduce(world.rank, sum), squares];
  });
  const deadlock = await local(2, (world) => world.recv()).catch(({ code }) => code);
  return [results, deadlock];
}

const right = [
  [
    [3, [1, 4, 9, 16]],
    [3, undefined],
    [3, undefined],
  ],
  "deadlock",
];

describe("local() runs to its end while timers stand still:", () => {
  afterEach(() => {
    vi.useRealTimers();
    mock.timers.reset();
  });

  test("all that vitest can fake", async () => {
    vi.useFakeTimers({
      toFake: [
        "setTimeout",
        "setInterval",
        "setImmediate",
        "clearTimeout",
        "clearInterval",
        "clearImmediate",
        "queueMicrotask",
        "performance",
        "Date",
      ],
    });
    expect(await job()).toEqual(right);
  });

  test("those of node:test", async () => {
    mock.timers.enable({ apis: ["setTimeout", "setInterval", "setImmediate", "Date"] });
    expect(await job()).toEqual(right);
  });

  test("those of node:test, set before tsmpi is loaded by a program of its own", () => {
    const program = `import { mock } from "node:test";
      import { local } from "${new URL("../../../../packages/core/dist/testing.js", import.meta.url)}";
      mock.timers.enable({ apis: ["setTimeout", "setInterval", "setImmediate", "Date"] });
      console.log(await local(3, (world) => world.allgather(world.rank)));`;
    const { stdout } = spawnSync(process.execPath, ["--input-type=module", "-e", program], { encoding: "utf8" });
    expect(stdout).toContain("[ [ 0, 1, 2 ], [ 0, 1, 2 ], [ 0, 1, 2 ] ]");
  });
});

test("the whole package takes its timers and clocks from event-loop.ts", () => {
  const folder = new URL("../../../../packages/core/src", import.meta.url).pathname;
  const files = (readdirSync(folder, { recursive: true }) as string[]).filter((file) => file.endsWith(".ts"));
  const own = files.filter((file) => {
    const text = readFileSync(join(folder, file), "utf8");
    const code = text.replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, "");
    const used = code.match(
      /(?<![\w.#])(?:set|clear)(?:Timeout|Interval|Immediate)(?=\()|(?<![\w.#])(?:queueMicrotask(?=\()|performance(?=\.))|process\.nextTick|Date\.now/g,
    );
    const [, taken = ""] = /import \{([^}]*)\} from "[./]*(?:\/calls)?\/event-loop\.ts";/.exec(code) ?? [];
    const names = taken.split(",").map((name) => name.trim());
    return file !== "calls/event-loop.ts" && (used ?? []).some((name) => !names.includes(name));
  });
  expect(own).toEqual([]);
});
