import { readFileSync } from "node:fs";
import { setImmediate as turn } from "node:timers/promises";
import { beforeAll, expect, test } from "vitest";
import { System } from "../../packages/core/src/transports/system.ts";
import { Inbox } from "../../packages/core/src/transports/zeromq/inbox.ts";
import { IoThread } from "../../packages/core/src/transports/zeromq/io-thread.ts";

let thread: IoThread;
let everywhere: string;

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

beforeAll(async () => {
  const inbox = await Inbox.open(
    {},
    () => {},
    () => {},
  ); // ZeroMQ has its thread from the first socket on
  thread = IoThread.find(System.load()) as IoThread;
  everywhere = allowed();
  return () => inbox.close();
});

test("it is fetched by the second message in a row that is late", async () => {
  look(true);
  expect(allowed()).toBe(everywhere);
  thread.end();
  look(false);
  thread.end();
  look(true);
  expect(allowed()).toBe(everywhere);
  thread.end();
  look(true);
  expect(allowed()).toMatch(/^\d+$/);
  thread.end();
  await turn();
});

test("it stays as long as late messages are looked for one after the other", async () => {
  for (let i = 0; i < 5; i++) {
    look(true);
    await turn();
    if (i > 0) expect(allowed()).toMatch(/^\d+$/);
    thread.end();
  }
  await turn();
});

test("a rank that does something else lets it go", async () => {
  for (let i = 0; i < 2; i++) {
    look(true);
    thread.end();
  }
  expect(allowed()).toMatch(/^\d+$/);
  await turn();
  expect(allowed()).toBe(everywhere);
});

test("messages that are not late let it go", async () => {
  for (let i = 0; i < 2; i++) {
    look(true);
    thread.end();
  }
  await turn();
  look(true);
  expect(allowed()).toMatch(/^\d+$/);
  thread.end();
  look(false);
  await turn();
  thread.end();
  expect(allowed()).toBe(everywhere);
});
