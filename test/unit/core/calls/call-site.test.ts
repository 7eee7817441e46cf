import assert from "node:assert/strict";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, test } from "vitest";
import type { Call } from "../../../../packages/core/src/calls/call.ts";
import { type Detour, type Divert, locate } from "../../../../packages/core/src/calls/call-site.ts";
import { StackSampler } from "../../../../packages/core/src/calls/stack-sampler.ts";
import { RecentCalls } from "../../../../packages/core/src/collectives/recent-calls.ts";

const file = relative(process.cwd(), fileURLToPath(import.meta.url));

/** A promise as the engine makes them for calls that wait. */
class Wait {
  readonly call: Call = { operation: "recv" };
  readonly promise: Promise<string>;
  resolve!: (value: string | Promise<string>) => void;
  reject!: (error: Error) => void;

  constructor() {
    this.promise = this.#next();
  }

  readonly divert: Divert = (detour: Detour) => {
    const { resolve } = this;
    const rest = this.#next();
    resolve(detour(rest));
  };

  #next(): Promise<string> {
    return new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }
}

/** The line on which the program waits is the one with the word "here". */
const programs: Record<string, (wait: Wait) => Promise<unknown>> = {
  "that awaits it": async ({ promise }) => {
    await promise; // here
  },
  "that awaits it through layers of ours": async ({ promise }) => {
    const layered = promise.then((value) => value).finally(() => {});
    await layered; // here
  },
  "that awaits several": async ({ promise }) => {
    await Promise.all([promise, new Promise(() => {})]); // here
  },
  "that awaits the first of several": async ({ promise }) => {
    await Promise.race([promise, new Promise(() => {})]); // here
  },
  "that comes to await it later": async ({ promise }) => {
    await null;
    await promise; // here
  },
  "that iterates": async ({ promise }) => {
    async function* values(): AsyncGenerator<string> {
      yield await promise; // here
    }
    for await (const _ of values());
  },
};

describe("a wait is located in the program, without help from the call", () => {
  test.each(Object.entries(programs))("%s", async (_, program) => {
    const wait = new Wait();
    void program(wait);
    await new Promise((resolve) => setImmediate(resolve));
    const site = (await locate(wait.call, wait.divert)) ?? "";
    assert.match(site, new RegExp(`^${file}:\\d+$`));
    const source = await import("node:fs").then(({ readFileSync }) => readFileSync(file, "utf8"));
    assert.match(source.split("\n")[Number(site.split(":").at(-1)) - 1] ?? "", /\/\/ here$/);
  });
});

test("a wait ends as usual after it was located", async () => {
  const good = new Wait();
  const bad = new Wait();
  const results = Promise.allSettled([good.promise, bad.promise]);
  await locate(good.call, good.divert);
  await locate(bad.call, bad.divert);
  good.resolve("value");
  bad.reject(new Error("why"));
  const [first, second] = await results;
  assert.deepEqual(first, { status: "fulfilled", value: "value" });
  assert.match(String((second as PromiseRejectedResult).reason), /why/);
});

test("a promise that is not awaited has no place, and can be located later", async () => {
  const wait = new Wait();
  assert.equal(await locate(wait.call, wait.divert), undefined);
  const awaiting = (async () => await wait.promise)();
  await null;
  assert.match((await locate(wait.call, wait.divert)) ?? "", new RegExp(`^${file}:\\d+$`));
  wait.resolve("value");
  assert.equal(await awaiting, "value");
});

test("stacks are sampled, and those of the latest calls are kept", () => {
  const recent = new RecentCalls();
  const note = (number: number): void => recent.note(number, 7, note);
  const calls = 20_000;
  for (let number = 0; number < calls; number++) note(number);
  assert.equal(recent.signatureOf(0), undefined);
  assert.equal(recent.signatureOf(calls - 1), 7);
  const from = performance.now();
  while (performance.now() - from < 3);
  const next = Array.from({ length: 8 }, (_, i) => calls + i); // not each call of a tight loop looks at the clock
  for (const number of next) note(number);
  const sites = next.map((number) => recent.siteOf(number)).filter((site) => site !== undefined);
  assert.equal(sites.length, 1);
  assert.match(sites[0] ?? "", new RegExp(`^${file}:\\d+$`));
});

describe("with --check", () => {
  const tight = 500;
  const lastOnes = Array.from({ length: 64 }, (_, i) => tight - 64 + i);

  test("each of the latest calls in a tight loop has its line", () => {
    const recent = new RecentCalls(true);
    const note = (number: number): void => recent.note(number, 1, note);
    for (let i = 0; i < tight; i++) note(i);
    assert.deepEqual(
      lastOnes.filter((i) => recent.siteOf(i) === undefined),
      [],
    );
  });

  test("a sampler without a limit takes every stack", () => {
    const all = new StackSampler(Number.POSITIVE_INFINITY);
    for (let i = 0; i < 10_000; i++) assert.ok(all.take() !== undefined);
  });
});
