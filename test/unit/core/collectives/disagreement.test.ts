import assert from "node:assert/strict";
import { test } from "vitest";
import type { Call } from "../../../../packages/core/src/calls/call.ts";
import { knownOptions } from "../../../../packages/core/src/calls/check-options.ts";
import { Collectives } from "../../../../packages/core/src/collectives/runner.ts";
import { Engine } from "../../../../packages/core/src/engine/engine.ts";
import { encode } from "../../../../packages/core/src/wire/codec/codec.ts";
import { type Kind, kind } from "../../../../packages/core/src/wire/envelope.ts";
import type { Receiver, Transport } from "../../../../packages/core/src/wire/transport.ts";

test("a collective that ends while another rank asks about it fails, or the next one does", async () => {
  const told: Kind[] = [];
  let receiver: Receiver | undefined;
  const transport: Transport = {
    eagerBytes: 1000,
    get receiver() {
      return receiver;
    },
    set receiver(engine) {
      receiver = engine;
    },
    send: (_, envelope) => void told.push(envelope.kind),
    listen: () => {},
    flush: async () => {},
    flushSync: () => {},
    close: async () => {},
  };
  const engine = new Engine({ rank: 0, size: 2, host: "here" }, transport);
  const collectives = new Collectives(engine, 0, [0, 1], ["here", "there"]);
  let sequence = 0;
  const arrive = (what: Kind, signature: number, value: unknown): void => {
    const body = encode(value);
    const about = { kind: what, collective: true, sync: false, context: 0, source: 1, tag: 0, id: 0 };
    receiver?.packet({ ...about, sequence: sequence++, bytes: body.head.length, signature }, body, false);
  };
  const [barrier, bcast] = [0, 1];
  const call = (operation: string): Call => ({ operation, options: {} });

  const first = collectives.run("bcast", call("bcast"), knownOptions.bcast, {}, (peers) => peers.recv(1));
  await new Promise((resolve) => setImmediate(resolve));
  // Both in one look at what has arrived: the first collective's end is still on its way when the question is answered.
  arrive(kind.message, bcast, "value");
  arrive(kind.question, barrier, "elsewhere.ts:7");
  const next = first.then(() =>
    collectives.run("barrier", call("barrier"), knownOptions.barrier, {}, (peers) => peers.recv(1)),
  );
  await assert.rejects(next, /bcast\(.*rank 1 is in barrier\(\) at elsewhere\.ts:7 instead/);
  assert.ok(told.includes(kind.failure), "the others were told");
});
