import { readFileSync } from "node:fs";
import { setImmediate as turn } from "node:timers/promises";
import { afterEach, beforeAll, expect, test } from "vitest";
import { System } from "../../../../../packages/core/src/transports/libc.ts";
import { Inbox } from "../../../../../packages/core/src/transports/zeromq/inbox.ts";
import { IoThread } from "../../../../../packages/core/src/transports/zeromq/io-thread.ts";
import { policies, policyOf } from "../../../../support/policy.ts";

let thread: IoThread;
let everywhere: string;
/** A single CPU. */
const one = /^\d+$/;

/** The CPUs that it may run on, as the kernel says. */
function allowed(): string {
  const status = readFileSync(`/proc/self/task/${thread.id}/status`, "utf8");
  return /^Cpus_allowed_list:\s*(.*)$/m.exec(status)?.[1] as string;
}

/** A rank looks for a message. */
function look(late: boolean): void {
  thread.begin();
  if (late) thread.late();
}

/** And finds it. */
function found(late: boolean): void {
  look(late);
  thread.end();
}

beforeAll(async () => {
  const inbox = await Inbox.open(
    {},
    () => {},
    () => {},
  ); // ZeroMQ has its thread from the first socket on
  let found = IoThread.find(System.load());
  for (; found === undefined; found = IoThread.find(System.load())) await turn();
  thread = found;
  everywhere = allowed();
  return () => inbox.close();
});

afterEach(async () => {
  found(false);
  found(false);
  await turn();
  expect(allowed()).toBe(everywhere);
});

test("the thread runs under SCHED_BATCH", () => {
  expect(policyOf(thread.id)).toBe(policies.batch);
});

test("the second late message in a row moves the thread to this CPU", () => {
  found(true);
  expect(allowed()).toBe(everywhere);
  found(false);
  found(true);
  expect(allowed()).toBe(everywhere);
  found(true);
  expect(allowed()).toMatch(one);
});

test("it stays while late messages follow each other", async () => {
  for (let i = 0; i < 5; i++) {
    look(true);
    await turn();
    if (i > 0) expect(allowed()).toMatch(one);
    thread.end();
  }
});

test("two messages in a row that are not late release it, one does not", async () => {
  found(true);
  found(true);
  for (const [late, left] of [
    [false, one],
    [true, one],
    [false, one],
    [false, everywhere],
  ] as const) {
    look(late);
    await turn();
    thread.end();
    expect(allowed()).toMatch(left);
  }
});

test("a rank that does something else releases it", async () => {
  found(true);
  found(true);
  expect(allowed()).toMatch(one);
  await turn();
  expect(allowed()).toBe(everywhere);
});

test("a rank that goes to sleep releases it at once", () => {
  found(true);
  look(true);
  expect(allowed()).toMatch(one);
  thread.sleep();
  expect(allowed()).toBe(everywhere);
});
