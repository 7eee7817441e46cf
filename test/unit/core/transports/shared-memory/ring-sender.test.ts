import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "vitest";
import { System } from "../../../../../packages/core/src/transports/libc.ts";
import { Ring } from "../../../../../packages/core/src/transports/shared-memory/ring.ts";
import { RingReceiver } from "../../../../../packages/core/src/transports/shared-memory/ring-receiver.ts";
import { RingSender } from "../../../../../packages/core/src/transports/shared-memory/ring-sender.ts";
import { SharedMemoryTransport } from "../../../../../packages/core/src/transports/shared-memory/transport.ts";
import type { Waker } from "../../../../../packages/core/src/transports/shared-memory/wake-flag.ts";
import { type Envelope, kind } from "../../../../../packages/core/src/wire/envelope.ts";
import type { Packet } from "../../../../../packages/core/src/wire/packet.ts";
import type { Watch } from "../../../../../packages/core/src/wire/transport.ts";

const body = (bytes: number): Packet => ({ head: Buffer.alloc(bytes, 7), attachments: [] });
const packet = (source: number, id: number): Envelope => ({
  ...{ kind: kind.message, collective: false, sync: false, context: 0, source, tag: 0, id, sequence: id },
  ...{ bytes: 0, signature: 0 },
});

/** Both ends of a ring of 16 KiB; `linger` is what the writer does when it is full. */
function ends(linger: (room: Watch, read: () => void) => boolean | undefined) {
  const memory = new Uint8Array(Ring.headerBytes + 16 * 1024);
  const system = System.load();
  const read: number[] = [];
  const arrays: (number | undefined)[] = [];
  const ringReceiver = new RingReceiver(
    system,
    0,
    new Ring(memory),
    {
      packet({ id }, { attachments }) {
        read.push(id);
        arrays.push(attachments[0]?.[0]);
      },
      landing: () => undefined,
      pollBoards: () => false,
      watchBoards: () => {},
      waiting: true,
      failed: assert.fail,
    },
    () => {},
  );
  const readAll = (): void => {
    while (ringReceiver.pending) ringReceiver.poll();
  };
  const waker = { wake() {} } as unknown as Waker;
  const sender = new RingSender(system, new Ring(memory), waker, (room) => linger(room, readAll));
  return { sender, read, arrays, readAll };
}

const ids = (count: number): number[] => Array.from({ length: count }, (_, id) => id);

test("nothing is queued if the reader makes room within microseconds", () => {
  let looks = 0;
  const { sender, read, readAll } = ends((room, readOn) => {
    looks++;
    assert.equal(room.advance(false), false);
    readOn();
    return room.advance(false);
  });
  for (const id of ids(1000)) {
    sender.send(packet(0, id), body(100), false);
    assert.equal(sender.full, false);
  }
  readAll();
  assert.deepEqual(read, ids(1000));
  assert.ok(looks >= 9 && looks <= 12, `${looks} looks`); // a ring holds a hundred of them
});

test("packets sent while one waits for room come behind it", () => {
  let answers = 0;
  const answer = (): void => sender.send(packet(0, ++sent), body(50), false);
  let within = false;
  const { sender, read, readAll } = ends((room, readOn) => {
    if (within) return undefined;
    within = true;
    readOn(); // there is room now, and what has arrived is answered, before anybody has looked
    answer();
    answers++;
    within = false;
    return room.advance(false);
  });
  let sent = -1;
  while (sent < 1000) sender.send(packet(0, ++sent), body(100), false);
  readAll();
  assert.ok(answers > 5);
  assert.deepEqual(read, ids(sent + 1));
});

test("an array that waited in the queue arrives as it was when it was sent", () => {
  const { sender, arrays, readAll } = ends(() => false);
  const array = new Uint8Array(3000);
  for (let value = 1; value <= 20; value++) {
    sender.send(packet(0, value), { head: new Uint8Array(1), attachments: [array.fill(value)] }, false);
  }
  array.fill(99);
  do {
    sender.push();
    readAll();
  } while (sender.full);
  assert.deepEqual(
    arrays,
    ids(20).map((id) => id + 1),
  );
});

test("a reader that makes no room is polled less and less, and later gets everything in order", () => {
  let looks = 0;
  const { sender, read, readAll } = ends(() => {
    looks++;
    return false;
  });
  const counts = [1000, 10_000, 100_000].map((count, i, all) => {
    for (const id of ids(count).slice(all[i - 1] ?? 0)) sender.send(packet(0, id), body(100), false);
    return looks;
  });
  assert.deepEqual(counts, [3, 6, 12]); // at 100, and 257, 513, 1025 ... later, at most 16,385
  assert.equal(sender.full, true);
  while (sender.full) {
    readAll();
    sender.push();
  }
  readAll();
  assert.deepEqual(read, ids(100_000));
});

test("a send within a delivery does not poll for another delivery", async () => {
  const directory = mkdtempSync(join(tmpdir(), "tsmpi-sender-"));
  const count = 500;
  const join2 = (rank: number): SharedMemoryTransport =>
    new SharedMemoryTransport({ rank, size: 2, directory, room: 1e9, neighbors: [0, 1], cpus: 2 });
  const [there, here] = [join2(0), join2(1)];
  const requests: number[] = [];
  const answers: number[] = [];
  let within = 0;
  try {
    await new Promise<void>((resolve, reject) => {
      const receiver = {
        landing: () => undefined,
        pollBoards: () => false,
        watchBoards: () => {},
        waiting: true,
        failed: reject,
      };
      here.receiver = {
        ...receiver,
        packet({ id }) {
          assert.equal(within++, 0, "a delivery within a delivery");
          requests.push(id);
          here.send(0, packet(1, id), body(40_000), false); // six of them fill the ring
          within--;
        },
      };
      there.receiver = {
        ...receiver,
        packet({ id }) {
          answers.push(id);
          if (answers.length === count) resolve();
        },
      };
      here.listen(true);
      for (const id of ids(count)) there.send(1, packet(0, id), body(200), false);
      there.listen(true);
    });
  } finally {
    await Promise.all([here.close(), there.close()]);
    rmSync(directory, { recursive: true });
  }
  assert.deepEqual(requests, ids(count));
  assert.deepEqual(answers, ids(count));
});
