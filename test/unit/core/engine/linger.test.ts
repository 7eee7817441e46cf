import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "vitest";
import type { Call } from "../../../../packages/core/src/calls/call.ts";
import { MpiError } from "../../../../packages/core/src/calls/errors.ts";
import { breathe } from "../../../../packages/core/src/calls/event-loop.ts";
import type { Arrival } from "../../../../packages/core/src/engine/arrival.ts";
import { Engine } from "../../../../packages/core/src/engine/engine.ts";
import { any } from "../../../../packages/core/src/engine/match-queue.ts";
import { SharedMemoryTransport } from "../../../../packages/core/src/transports/shared-memory/transport.ts";
import { encode } from "../../../../packages/core/src/wire/codec/codec.ts";
import { type Envelope, type Kind, kind } from "../../../../packages/core/src/wire/envelope.ts";
import { empty, type Packet } from "../../../../packages/core/src/wire/packet.ts";
import type { Receiver, Transport, Watch } from "../../../../packages/core/src/wire/transport.ts";

const call: Call = { operation: "recv" };

/** A transport on which something happens while a receive looks for its arrival: these steps, one for each look. */
class Lingering implements Transport {
  readonly eagerBytes = 1000;
  receiver: Receiver | undefined;
  steps: (() => void)[] = [];
  looks = 0;
  #sequence = 0;

  linger(watch: Watch, source?: number): boolean {
    assert.equal(source, 1);
    while (this.steps.length > 0) {
      this.looks++;
      this.steps.shift()?.();
      if (watch.advance(false)) return true;
    }
    return false;
  }

  /** So many bytes are given back by rank 1. */
  giveBack(bytes: number): void {
    const sequence = this.#sequence++;
    const envelope: Envelope = {
      ...{ kind: kind.credit, collective: false, sync: false, context: 0, source: 1, tag: 0, id: 0, sequence },
      ...{ bytes, signature: 0 },
    };
    this.receiver?.packet(envelope, empty, true);
  }

  /** A packet from rank 1 arrives in memory that is used for the next one. */
  arrive(what: Kind, tag: number, value: unknown, collective = false, id?: number): void {
    const { head, attachments } = encode(value);
    const lent = Buffer.from(head);
    const sequence = this.#sequence++;
    const envelope: Envelope = {
      ...{ kind: what, collective, sync: false, context: 0, source: 1, tag, id: id ?? sequence, sequence },
      ...{ bytes: lent.length, signature: 0 },
    };
    const body: Packet = { head: lent, attachments };
    this.receiver?.packet(envelope, body, true);
    lent.fill(0xff);
  }

  sent: Envelope[] = [];

  send(_dest: number, envelope: Envelope): void {
    this.sent.push(envelope);
  }
  listen(): void {}
  async flush(): Promise<void> {}
  flushSync(): void {}
  async close(): Promise<void> {}
}

function pair(): { engine: Engine; transport: Lingering; recv: (tag: number) => Promise<unknown> } {
  const transport = new Lingering();
  const engine = new Engine({ rank: 0, size: 2, host: "here" }, transport);
  const channel = engine.channel(0, false);
  const finish = (arrival: Arrival): string => Buffer.from(arrival.body?.head ?? []).toString("latin1");
  return { engine, transport, recv: (tag) => engine.receives.receive(channel, 1, tag, call, finish) };
}

const text = (value: string): string => Buffer.from(encode(value).head).toString("latin1");

test("a receive gets a message that comes while it polls, decoded before its memory is reused", async () => {
  const { transport, recv } = pair();
  transport.steps = [() => transport.arrive(kind.message, 7, "other"), () => transport.arrive(kind.message, 5, "mine")];
  assert.equal(await recv(5), text("mine"));
  assert.equal(transport.looks, 2);
  assert.equal(await recv(7), text("other"));
});

test("a transport can write the bytes into the array of a receive that polls", async () => {
  const { engine, transport } = pair();
  const into = new Float64Array(100);
  const { head, attachments } = encode(new Float64Array(200));
  const landings: (Uint8Array | undefined)[] = [];
  const about = { kind: kind.message, collective: false, sync: false, context: 0, source: 1, id: 0, sequence: 0 };
  transport.steps = [
    () => {
      for (const tag of [5, 6]) {
        const envelope = { ...about, tag, bytes: 0, signature: 0 };
        landings.push(transport.receiver?.landing(envelope, head, 800) as Uint8Array | undefined);
      }
      transport.arrive(kind.message, 5, "mine");
    },
  ];
  assert.equal(attachments.length, 1);
  await engine.receives.receive(engine.channel(0, false), 1, 5, call, () => undefined, undefined, into);
  assert.deepEqual(
    landings.map((landing) => landing?.buffer),
    [into.buffer, undefined],
  );
});

test("a polling receive does not overtake a waiting one, and stops polling when that one settles", async () => {
  const { transport, recv } = pair();
  const first = recv(5);
  transport.steps = [() => transport.arrive(kind.message, 5, "one"), () => assert.fail("looked on")];
  const second = recv(5);
  assert.equal(transport.looks, 0); // somebody waits already: a look would be for him
  transport.steps.shift()?.();
  assert.equal(await first, text("one"));
  transport.arrive(kind.message, 5, "two");
  assert.equal(await second, text("two"));
});

test("a large message that it finds is not overtaken by packets of the same poll", async () => {
  const { transport, recv } = pair();
  transport.steps = [
    () => {
      transport.arrive(kind.request, 5, "large");
      transport.arrive(kind.message, 5, "small");
    },
  ];
  const first = recv(5);
  const second = recv(5);
  assert.equal(await second, text("small"));
  assert.equal(transport.sent.at(-1)?.kind, kind.grant);
  const { id } = transport.sent.at(-1) as Envelope;
  transport.arrive(kind.payload, 5, "large", false, id);
  assert.equal(await first, text("large"));
});

test("a call that is rejected right after its large message was found does not wait", async () => {
  const { engine, transport, recv } = pair();
  transport.steps = [
    () => {
      transport.arrive(kind.request, 5, "large");
      engine.reject(call, new MpiError("aborted", "refused"));
    },
  ];
  await assert.rejects(recv(5), /refused/);
  assert.equal(await Promise.race([recv(5), "still there"]), "still there");
  assert.equal(transport.sent.at(-1)?.kind, kind.grant);
});

test("polling stops when another call settles", async () => {
  const { engine, transport, recv } = pair();
  const other = engine.receives.receive(engine.channel(1, false), 1, 0, call, () => "other");
  transport.steps = [() => engine.reject(call, new MpiError("aborted", "cancelled")), () => assert.fail("looked on")];
  const mine = recv(5);
  await assert.rejects(other, /cancelled/);
  await assert.rejects(mine, /cancelled/);
});

test("a call that is rejected while it polls does not wait", async () => {
  for (const refuse of [
    (engine: Engine) => engine.reject(call, new MpiError("aborted", "refused")),
    (engine: Engine) => engine.stop("aborted", "refused"),
  ]) {
    const { engine, transport, recv } = pair();
    transport.steps = [() => refuse(engine)];
    await assert.rejects(recv(5), /refused/);
    assert.equal(engine.waiting, false);
  }
});

test("a collective that fails on another rank while it polls does not wait", async () => {
  const { engine, transport } = pair();
  const channel = engine.channel(0, true);
  channel.onFailure = () => engine.reject(call, new MpiError("aborted", "failed on rank 1"));
  transport.steps = [() => transport.arrive(kind.failure, 3, "why", true)];
  await assert.rejects(
    engine.receives.receive(channel, 1, 3, call, () => 0),
    /failed on rank 1/,
  );
});

test("an array that does not fit stays queued, and can be received again", async () => {
  const { engine, transport, recv } = pair();
  const channel = engine.channel(0, false);
  const finish = (arrival: Arrival): never => {
    channel.matching.putBack(arrival);
    throw new MpiError("mismatch", "too short");
  };
  transport.steps = [() => transport.arrive(kind.message, 5, "again")];
  await assert.rejects(engine.receives.receive(channel, 1, 5, call, finish), /too short/);
  assert.equal(await recv(5), text("again"));
});

test("a sender without credit polls for it before it announces a small message", () => {
  const { engine, transport } = pair();
  const channel = engine.channel(0, false);
  const send = (): Kind | undefined => {
    void engine.sends.send(channel, 1, 0, encode("x".repeat(700)), call);
    return transport.sent.at(-1)?.kind;
  };
  let eager = 0;
  while (send() === kind.message) eager++;
  assert.equal(transport.sent.at(-1)?.kind, kind.request);
  transport.steps = [() => transport.giveBack(100_000)];
  assert.equal(send(), kind.message);
  assert.equal(transport.looks, 1);
  assert.ok(eager > 1000);
});

test("shared memory is not polled for messages from another host", async () => {
  const directory = mkdtempSync(join(tmpdir(), "tsmpi-linger-"));
  const far = new Lingering();
  const transport = new SharedMemoryTransport({
    rank: 0,
    size: 4,
    directory,
    room: 1e9,
    neighbors: [0, 1],
    cpus: 2,
    far,
  });
  transport.receiver = {
    packet() {},
    landing: () => undefined,
    pollBoards: () => false,
    watchBoards: () => {},
    waiting: true,
    failed: assert.fail,
  };
  try {
    const never: Watch = { advance: () => assert.fail("looked") };
    for (const source of [2, any]) assert.equal(transport.linger(never, source), false);
    let looks = 0;
    assert.equal(transport.linger({ advance: () => ++looks === 3 }, 1), true);
  } finally {
    await transport.close();
    rmSync(directory, { recursive: true });
  }
});

test("a rank that computes between turns of the event loop polls once in each", async () => {
  const directory = mkdtempSync(join(tmpdir(), "tsmpi-linger-"));
  const transport = new SharedMemoryTransport({ rank: 0, size: 2, directory, room: 1e9, neighbors: [0, 1], cpus: 2 });
  let looks = 0;
  transport.receiver = {
    packet() {},
    landing: () => undefined,
    pollBoards: () => {
      looks++;
      return false;
    },
    watchBoards: () => {},
    waiting: true,
    failed: assert.fail,
  };
  try {
    transport.listen(true);
    const turns = 50;
    for (let i = 0; i < turns; i++) await breathe();
    assert.ok(looks >= turns - 1 && looks <= 2 * turns, `${looks} looks`);
    looks = 0;
    while (looks < 1) await new Promise((resolve) => setTimeout(resolve, 1)); // nothing else to do: it polls, also in WebAssembly
  } finally {
    await transport.close();
    rmSync(directory, { recursive: true });
  }
});
