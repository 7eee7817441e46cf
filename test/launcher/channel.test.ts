import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { isRankMessage } from "../../packages/launcher/src/agent/rank-message.ts";
import { runScript } from "../support/run-tsmpi.ts";

const wait = {
  call: "recv({ source: 1 })",
  ms: 250,
  ranks: [1],
  collective: { context: 0, number: 3 },
  site: "a.ts:7",
};
const whereabouts = {
  waits: [wait, { call: "barrier()", ms: 0 }],
  more: 0,
  unreceived: [{ source: 1, tag: 0, count: 2 }],
};
const progress = {
  task: "x",
  done: 1,
  failed: 0,
  elapsedMs: 1,
  perSecond: 1,
  busy: 1,
  ranks: 2,
  slowest: [],
  lost: [],
};
const messages = [
  { kind: "hello", rank: 1, pid: 4711, thread: 0 },
  { kind: "ready", endpoints: ["ipc:///x"] },
  { kind: "left", sent: { 1: 2 }, strangers: 0 },
  { kind: "stuck", sent: {}, received: { 3: 4 }, ...whereabouts },
  { kind: "moving" },
  { kind: "mail", sent: { 1: { count: 2, tag: 0 } }, received: { 1: 1 }, unreceived: [] },
  { kind: "here", sent: {}, received: { 3: 4 }, ...whereabouts },
  { kind: "undelivered", dest: 1, attempts: "  a -> b 10.0.0.1:4711  refused" },
  { kind: "missing", source: 1, packets: 2 },
  { kind: "progress", progress },
  { kind: "unresponsive", rank: 1, reason: "busy" },
  { kind: "abort", code: 3, reason: "" },
];

describe("a message of a rank", () => {
  it.each(messages)("is known: $kind", (message) => expect(isRankMessage(message)).toBe(true));

  it("that is anything else, or lacks something, is the script's own", () => {
    const kinds = fc.constantFrom(...messages.map(({ kind }) => kind), "toString", "__proto__");
    const anything = fc.oneof(fc.anything(), fc.record({ kind: kinds, sent: fc.anything(), progress: fc.anything() }));
    fc.assert(fc.property(anything, (message) => typeof isRankMessage(message) === "boolean"));
    for (const message of messages) {
      for (const name of Object.keys(message).filter((each) => each !== "strangers"))
        expect(isRankMessage({ ...message, [name]: undefined })).toBe(false);
    }
  });
});

describe("what a rank writes to its channel", () => {
  const say = (text: string): string => `
    import { Socket } from "node:net";
    import { init } from "tsmpi";
    let channel; // the first socket that is written to is the one that says hello
    const write = Socket.prototype.write;
    Socket.prototype.write = function (...words) { channel ??= this; return write.apply(this, words); };
    const world = await init();
    if (world.rank === 1) channel.write(${text});
    await world.barrier();
    console.log("fine");
    await world.close();`;

  test.each([
    ["addresses that are none", { kind: "ready" }],
    ["progress that is none", { kind: "progress", progress: 7 }],
    ["a call that is none", { kind: "stuck" }],
    ["a loss that is none", { kind: "missing", source: 0 }],
    ["a rank that is none", { kind: "undelivered", dest: "x", attempts: 7 }],
    ["an exit code that is none", { kind: "abort", code: "x", reason: {} }],
    ["a second hello", { kind: "hello", rank: 0, pid: 1, thread: 0 }],
    ["no JSON", "garbage"],
  ])("changes nothing when it is %s", async (_name, message) => {
    const line = typeof message === "string" ? message : JSON.stringify(message);
    const { code, stdout, stderr } = await runScript(say(JSON.stringify(`${line}\n`)), ["-n", "3"]);
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: "fine\n".repeat(3), stderr: "" });
  });
});

describe("a packet that cannot be read", () => {
  /** Rank 1 says hello to rank 0 as it should, and then writes on its own. */
  const wrong = (write: string): string => `
    import { openSync, readSync, writeSync } from "node:fs";
    import { dirname } from "node:path";
    import { init } from "tsmpi";
    const directory = dirname(process.env.TSMPI_SOCKET);
    const world = await init();
    const at = (position, bytes, file) => writeSync(file, bytes, 0, bytes.length, position);
    if (world.rank === 1) {
      await world.send("hello", { dest: 0 });
      await world.recv({ source: 0 });
      const ring = openSync(directory + "/1-0", "r+");
      const counter = new Int32Array(1);
      readSync(ring, new Uint8Array(counter.buffer), 0, 4, 0);
      const record = Buffer.alloc(8 + 104, 0xee);
      record.writeUInt32LE(104, 0);
      ${write}
      at(128 + counter[0], record, ring);
      counter[0] += record.length;
      at(0, new Uint8Array(counter.buffer), ring);
      writeSync(openSync(directory + "/0.bell", "w"), "x");
      await world.recv({ source: 0 }).catch(() => {});
    } else {
      await world.recv({ source: 1 });
      await world.send("go on", { dest: 1 });
      await world.recv({ source: 1 }).catch((error) => console.log(error.code, error.rank, error.message));
      process.exit(7);
    }`;

  test.each([
    [
      "because its bytes make no sense",
      "record.writeUInt32LE(2, 4);",
      "what rank 1 wrote cannot be read: rank 1 sent a packet in the name of rank 4008636142",
    ],
    [
      "because it goes on with what nobody has begun",
      "record.writeUInt32LE(4, 4);",
      "what rank 1 wrote cannot be read: ",
    ],
    [
      "because it has no size that anything can have",
      `record.writeUInt32LE(3, 4); record.writeUInt32LE(8, 12); record.writeUInt32LE(1, 20);
       record.writeUInt32LE(1, 48); record.writeDoubleLE(1e300, 56);`,
      "what rank 1 wrote cannot be read: ",
    ],
  ])("is a protocol error that names the peer, %s", async (_name, write, why) => {
    const { code, stdout } = await runScript(wrong(write), ["-n", "2"]);
    expect(code).toBe(7);
    expect(stdout).toMatch(/^protocol 1 \[rank 0\/2 on \S+\] recv\(\{ source: 1 \}\) at script\.mjs:\d+: /);
    expect(stdout).toContain(why);
  });
});
