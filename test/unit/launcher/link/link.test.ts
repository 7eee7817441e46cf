import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createServer, connect as dial } from "node:net";
import fc from "fast-check";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { endpoint, parseEndpoint, usableAddresses } from "../../../../packages/launcher/src/link/addresses.ts";
import { type Attempt, visit } from "../../../../packages/launcher/src/link/connect.ts";
import { Decoder, encode, heartbeat } from "../../../../packages/launcher/src/link/framing.ts";
import { findKey, JobKeys } from "../../../../packages/launcher/src/link/keys.ts";
import { Link } from "../../../../packages/launcher/src/link/link.ts";
import { AgentListener, type ConnectedAgent } from "../../../../packages/launcher/src/link/listener.ts";
import type { Order, Report } from "../../../../packages/launcher/src/link/messages.ts";
import { folder } from "../../../support/run-tsmpi.ts";

describe("frames", () => {
  it("become the same messages again, however the stream is cut", () => {
    const message = fc.oneof(
      fc.record({ kind: fc.string(), number: fc.integer(), list: fc.array(fc.string()) }),
      fc.record({ kind: fc.string(), bytes: fc.uint8Array({ minLength: 1 }) }),
      fc.record({ kind: fc.string(), bytes: fc.integer() }),
    );
    fc.assert(
      fc.property(fc.array(message), fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }), (messages, cuts) => {
        const stream = Buffer.concat([heartbeat, ...messages.flatMap((each) => [...encode(each), heartbeat])]);
        const decoder = new Decoder();
        const found: unknown[] = [];
        for (let at = 0, turn = 0; at < stream.length; turn++) {
          const length = cuts[turn % cuts.length]!;
          found.push(...decoder.push(stream.subarray(at, at + length)));
          at += length;
        }
        const plain = (each: object): object =>
          "bytes" in each && each.bytes instanceof Uint8Array ? { ...each, bytes: [...each.bytes] } : each;
        expect((found as object[]).map(plain)).toEqual(messages.map(plain));
      }),
    );
  });

  it("shrink when they have much text and go to many, and become the same messages again", () => {
    const peers = Array.from({ length: 1000 }, (_, rank) => ({
      rank,
      host: `n${rank}`,
      endpoints: [`tcp://10.0.0.1:${rank}`],
    }));
    const bytes = Buffer.from("raw");
    const stream = Buffer.concat(encode({ kind: "table", peers, bytes } as object, true));
    expect(stream.length).toBeLessThan(JSON.stringify(peers).length / 3);
    const decoder = new Decoder();
    expect(decoder.push(stream.subarray(0, 2000))).toEqual([]);
    expect(decoder.push(Buffer.concat([stream.subarray(2000), heartbeat]))).toEqual([{ kind: "table", peers, bytes }]);
  });

  it.each([
    ["is too long", Buffer.from([255, 255, 255, 255, 1, 0, 0, 0])],
    ["has a text longer than itself", Buffer.from([1, 0, 0, 0, 2, 0, 0, 0])],
    ["holds compressed text that is none", Buffer.from([1, 0, 0, 0, 1, 0, 0, 0x40, 0xff])],
    ["holds no text", Buffer.from([1, 0, 0, 0, 1, 0, 0, 0, 0x7b])],
  ])("are refused when one %s", (_, bytes) => {
    expect(() => new Decoder().push(bytes)).toThrow();
  });
});

describe("a link", () => {
  it.each([
    ["closed", "end"],
    ["reset, as the kernel does for a killed process with something unread", "resetAndDestroy"],
  ] as const)("tells the same end of a connection that was %s", async (_, end) => {
    const server = createServer((socket) => socket.once("data", () => socket[end]())).listen(0, "127.0.0.1");
    onTestFinished(() => void server.close());
    await once(server, "listening");
    const link = new Link<Report, Order>(dial((server.address() as { port: number }).port, "127.0.0.1"));
    const reason = new Promise((lost) => link.receive({ message: () => {}, lost }));
    link.send({ kind: "stop" } as unknown as Report);
    expect(await reason).toBe("the connection was closed there");
  });
});

describe("an agent and its launcher", () => {
  async function listening(expected = 1): Promise<{
    open: AgentListener;
    keys: JobKeys;
    agent: Promise<ConnectedAgent>;
    agents: ConnectedAgent[];
  }> {
    vi.stubEnv("HOME", folder());
    onTestFinished(() => void vi.unstubAllEnvs());
    const keys = new JobKeys("job", { directory: undefined, secret: undefined });
    // A launcher that is killed now leaves nothing behind: its guardian knows by now what to remove.
    expect(keys.directories.filter((directory) => existsSync(directory))).toEqual([]);
    keys.deposit();
    expect(keys.directories.filter((directory) => existsSync(directory))).toEqual(keys.directories);
    const agents: ConnectedAgent[] = [];
    let arrived!: (agent: ConnectedAgent) => void;
    const agent = new Promise<ConnectedAgent>((resolve) => {
      arrived = resolve;
    });
    const welcome = (each: ConnectedAgent): void => {
      agents.push(each);
      arrived(each);
    };
    const open = await AgentListener.open({ only: "lo", ports: undefined, keys, agents: expected, welcome });
    onTestFinished(() => open.close());
    return { open, keys, agent, agents };
  }

  const quiet = { waiting: () => {}, limitMs: 20_000 };

  it("find each other by the job's key, past addresses that lead nowhere or to somebody else", async () => {
    const { open, keys, agent } = await listening();
    const stranger = createServer((socket) => socket.on("error", () => {}).end("220 mail.example\n")).listen(
      0,
      "127.0.0.1",
    );
    onTestFinished(() => void stranger.close());
    await once(stranger, "listening");
    const { port } = stranger.address() as { port: number };
    const found = findKey("job", keys.directories, undefined)!;
    const socket = await visit({
      endpoints: ["127.0.0.1:1", `127.0.0.1:${port}`, ...open.endpoints],
      ...found,
      ...quiet,
    });
    const link = new Link<Report, Order>(socket);
    const heard: Order[] = [];
    const lost = new Promise<string>((resolve) =>
      link.receive({ message: (order) => heard.push(order), lost: resolve }),
    );
    link.send({ kind: "hello", node: 3, addresses: [] } as unknown as Report);
    const { hello, link: back } = await agent;
    expect(hello).toMatchObject({ node: 3, key: "file" });
    const reports: Report[] = [];
    back.receive({ message: (report) => reports.push(report), lost: () => {} });
    link.send({ kind: "output", rank: 1, stream: "stdout", bytes: Buffer.alloc(100_000, "x") });
    back.send({ kind: "stop", killAfterMs: 5 });
    await expect.poll(() => [heard.length, reports.length]).toEqual([1, 1]);
    expect((reports[0] as { bytes: Uint8Array }).bytes.length).toBe(100_000);
    await back.close();
    expect(await lost).toBe("the connection was closed there");
  });

  it("find each other among many agents that come at once, none of which is sent away", async () => {
    const { open, keys, agent } = await listening(300);
    const { host, port } = parseEndpoint(open.endpoints[0]!);
    const others = Array.from({ length: 300 }, () => dial(port, host).on("error", () => {}));
    onTestFinished(() => {
      for (const other of others) other.destroy();
    });
    const sentAway: number[] = [];
    for (const [index, other] of others.entries()) other.once("close", () => sentAway.push(index));
    await Promise.all(others.map((other) => once(other, "connect")));
    const socket = await visit({
      endpoints: open.endpoints,
      ...findKey("job", keys.directories, undefined)!,
      ...quiet,
    });
    const link = new Link<Report, Order>(socket);
    link.send({ kind: "hello", node: 3, addresses: [] } as unknown as Report);
    const { link: back } = await agent;
    expect(sentAway).toEqual([]);
    await back.close();
  });

  it("do not let in a connection with another key, and tell it nothing", async () => {
    const { open, agents } = await listening();
    let attempts: Attempt[] = [];
    const waiting = (now: Attempt[]): void => {
      attempts = structuredClone(now);
    };
    const visiting = visit({ endpoints: open.endpoints, name: "file", key: randomBytes(32), limitMs: 1500, waiting });
    await expect(visiting).rejects.toThrow("cannot be reached");
    expect(attempts[0]?.outcome).toBe("somebody else, without the key of this job");
    expect(agents).toEqual([]);
    expect([...open.turnedAway.keys()]).toEqual([expect.stringMatching(/has not the key of this job/)]);
    const { host, port } = parseEndpoint(open.endpoints[0]!);
    const said = await new Promise<string>((resolve) => {
      let text = "";
      const socket = dial(port, host, () => socket.write("GET / HTTP/1.0\r\n\r\n"));
      socket.on("data", (bytes) => {
        text += bytes;
      });
      socket.on("close", () => resolve(text));
      socket.on("error", () => {});
    });
    expect(said).not.toMatch(/[a-z]{4}/);
  });
});

describe("addresses", () => {
  it("are written with their port and read again", () => {
    for (const address of ["10.0.0.1", "fd00::1"])
      expect(parseEndpoint(endpoint(address, 7))).toEqual({ host: address, port: 7 });
  });

  it("are chosen by network or by name, and a wrong choice is told what there is", () => {
    expect(usableAddresses("127.0.0.0/8")).toEqual(["127.0.0.1"]);
    expect(usableAddresses("lo")).toEqual(["127.0.0.1"]);
    expect(() => usableAddresses("192.0.2.128/33")).toThrow("a network is written like 10.1.0.0/16");
    expect(() => usableAddresses("nic7")).toThrow(/no such network \(.*lo 127\.0\.0\.1/);
  });
});
