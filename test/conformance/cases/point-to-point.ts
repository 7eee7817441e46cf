import { strict as assert } from "node:assert";
import { setTimeout as sleep } from "node:timers/promises";
import type { Case } from "../case.ts";
import { mpiError } from "./expected-error.ts";
import { left, right } from "./ring.ts";

export const cases: Case[] = [
  {
    name: "a message goes round the ring, also to oneself",
    async program(world) {
      const sent = world.send({ from: world.rank }, { dest: right(world), tag: 5 });
      assert.deepEqual(await world.recv({ source: left(world), tag: 5 }), { from: left(world) });
      await sent;
    },
  },
  {
    name: "messages of one sender with one tag arrive in the order sent",
    async program(world) {
      for (let i = 0; i < 200; i++) void world.send(i, { dest: right(world) });
      for (let i = 0; i < 200; i++) assert.equal(await world.recv({ source: left(world) }), i);
    },
  },
  {
    name: "large and small messages do not overtake each other",
    async program(world) {
      const sizes = [10, 300_000, 1, 70_000, 0, 1_000_000];
      const sends = sizes.map((length, i) => world.send(new Uint8Array(length).fill(i), { dest: right(world) }));
      for (const [i, length] of sizes.entries()) {
        const data = await world.recv<Uint8Array>({ source: left(world) });
        assert.equal(data.length, length);
        assert.ok(data.every((byte) => byte === i));
      }
      await Promise.all(sends);
    },
  },
  {
    name: "receives posted first are matched first",
    async program(world) {
      const received = [0, 1, 2].map(() => world.recv({ source: left(world) }));
      for (const i of [0, 1, 2]) await world.send(i, { dest: right(world) });
      assert.deepEqual(await Promise.all(received), [0, 1, 2]);
    },
  },
  {
    name: "a receive takes the message with its tag and leaves the others",
    async program(world) {
      for (const tag of [1, 2, 3]) void world.send(`tag ${tag}`, { dest: right(world), tag });
      assert.equal(await world.recv({ tag: 3 }), "tag 3");
      assert.equal(await world.recv({ tag: 1 }), "tag 1");
      assert.equal(await world.recv({ source: left(world) }), "tag 2");
    },
  },
  {
    name: "what is left out of a receive matches any source and any tag",
    async program(world) {
      for (let dest = 0; dest < world.size; dest++) void world.send(world.rank, { dest, tag: world.rank });
      const seen = new Set<number>();
      for (let i = 0; i < world.size; i++) {
        const { data, source, tag, status } = await world.recvMessage<number>();
        assert.equal(data, source);
        assert.equal(tag, source);
        assert.deepEqual({ source: status.source, tag: status.tag }, { source, tag });
        seen.add(source);
      }
      assert.equal(seen.size, world.size);
    },
  },
  {
    name: "a message without content is a message",
    async program(world) {
      for (const nothing of [undefined, null, "", [], new Uint8Array(0), {}])
        void world.send(nothing, { dest: right(world) });
      const received: unknown[] = [];
      for (let i = 0; i < 6; i++) received.push(await world.recv({ source: left(world) }));
      assert.deepEqual(received, [undefined, null, "", [], new Uint8Array(0), {}]);
    },
  },
  {
    name: "when send has resolved the buffer may be changed",
    heavy: true,
    async program(world) {
      for (const length of [3, 100, 5000, 100_000, 300_000]) {
        const data = new Float64Array(length).fill(world.rank);
        const sent = world.send(data, { dest: right(world) }).then(() => data.fill(-1));
        const received = await world.recv<Float64Array>({ source: left(world) });
        await sent;
        assert.equal(received.length, length);
        assert.ok(
          received.every((x) => x === left(world)),
          `${length} elements, changed on the way`,
        );
      }
    },
  },
  {
    name: "what is received is the receiver's own",
    async program(world) {
      const data = { list: [1, 2, 3], array: new Float64Array([1, 2, 3]) };
      const sent = world.send(data, { dest: world.rank });
      const received = await world.recv<typeof data>();
      await sent;
      received.list[0] = 9;
      received.array[0] = 9;
      assert.deepEqual(data, { list: [1, 2, 3], array: new Float64Array([1, 2, 3]) });
    },
  },
  {
    name: "probe tells about a message and leaves it",
    async program(world) {
      void world.send([1, 2], { dest: right(world), tag: 9 });
      const status = await world.probe({ source: left(world) });
      assert.equal(status.source, left(world));
      assert.equal(status.tag, 9);
      assert.ok(status.bytes > 0);
      const again = await world.probe();
      assert.equal(again.tag, 9);
      assert.deepEqual(await world.recv({ source: status.source, tag: status.tag }), [1, 2]);
    },
  },
  {
    name: "recv({ probed: await probe() }) takes exactly the message that was probed, whoever else receives",
    async program(world) {
      const consumers = Array.from({ length: 4 }, async () => {
        const status = await world.probe();
        return world.recv<number>({ probed: status });
      });
      for (let i = 0; i < 4; i++) void world.send(i, { dest: right(world), tag: i });
      assert.deepEqual((await Promise.all(consumers)).toSorted(), [0, 1, 2, 3]);
    },
  },
  {
    name: "iprobe does not wait",
    async program(world) {
      assert.equal(await world.iprobe({ tag: 4 }), undefined);
      await world.barrier();
      await world.send("x", { dest: right(world), tag: 4 });
      let status = await world.iprobe({ tag: 4 });
      while (status === undefined) {
        await sleep(1);
        status = await world.iprobe({ tag: 4 });
      }
      assert.equal(status.source, left(world));
      assert.equal(await world.recv({ tag: 4 }), "x");
    },
  },
  {
    name: "messages() gives one message after the other until it is left",
    async program(world) {
      for (let i = 0; i < 5; i++) void world.send(i, { dest: right(world) });
      const seen: number[] = [];
      for await (const { data, source } of world.messages<number>()) {
        assert.equal(source, left(world));
        seen.push(data);
        if (seen.length === 5) break;
      }
      assert.deepEqual(seen, [0, 1, 2, 3, 4]);
    },
  },
  {
    name: "sendrecv exchanges in a circle without a deadlock, with large messages too",
    async program(world) {
      for (const length of [1, 1_000_000]) {
        const mine = new Uint8Array(length).fill(world.rank);
        const theirs = await world.sendrecv<Uint8Array>(mine, { dest: right(world), source: left(world), tag: 2 });
        assert.equal(theirs.length, length);
        assert.equal(theirs[length - 1], left(world));
      }
    },
  },
  {
    name: "a synchronous send resolves only when it is matched",
    async program(world) {
      let matched = false;
      const sent = world.send("now", { dest: right(world), sync: true, tag: 1 }).then(() => {
        matched = true;
      });
      await world.barrier();
      await sleep(5);
      assert.equal(matched, false);
      await world.barrier();
      assert.equal(await world.recv({ source: left(world), tag: 1 }), "now");
      await sent;
    },
  },
  {
    name: "nobody as dest or source does nothing",
    async program(world) {
      await world.send("into the void", { dest: null });
      assert.equal(await world.recv({ source: null }), undefined);
      assert.equal(await world.sendrecv("x", { dest: null, source: null }), undefined);
      const into = new Float64Array([4, 5]);
      assert.equal(await world.recv({ source: null, into }), undefined);
      assert.equal(await world.sendrecv(into, { dest: null, source: null, into }), undefined);
      assert.deepEqual(into, new Float64Array([4, 5]));
    },
  },
  {
    name: "a receive that is cancelled takes no message with it",
    async program(world) {
      const cancel = new AbortController();
      const cancelled = world.recv({ source: left(world), signal: cancel.signal });
      cancel.abort(new Error("no more"));
      await assert.rejects(cancelled, mpiError("aborted", /recv\(\{ source: \d+ \}\).*no more/));
      await world.barrier(); // a message that came before the cancellation would rightly have been received
      await world.send("kept", { dest: right(world) });
      assert.equal(await world.recv({ source: left(world) }), "kept");
      await assert.rejects(world.recv({ signal: AbortSignal.abort() }), mpiError("aborted"));
      await assert.rejects(world.recv({ signal: AbortSignal.timeout(5) }), mpiError("aborted", /timeout/));
      await world.barrier(); // nobody may be gone while the others still wait in vain
    },
  },
  {
    name: "a thousand round trips, each step awaited",
    heavy: true,
    async program(world) {
      for (let i = 0; i < 1000; i++) {
        const sent = world.send(i, { dest: right(world) });
        assert.equal(await world.recv({ source: left(world) }), i);
        await sent;
      }
    },
  },
  {
    name: "a thousand receives may be outstanding",
    heavy: true,
    async program(world) {
      const received = Array.from({ length: 1000 }, (_, i) =>
        world.recv<number>({ source: left(world), tag: 999 - i }),
      );
      for (let tag = 0; tag < 1000; tag++) void world.send(tag, { dest: right(world), tag });
      assert.deepEqual(
        await Promise.all(received),
        Array.from({ length: 1000 }, (_, i) => 999 - i),
      );
    },
  },
  {
    name: "a flood of messages to a receiver that is busy arrives whole",
    heavy: true,
    orders: false,
    async program(world) {
      const count = Math.ceil(9000 / world.size); // from each rank: a flood on a machine that all of them share
      const sends = Array.from({ length: count }, (_, i) =>
        world.send(new Uint8Array(4000).fill(i), { dest: right(world) }),
      );
      await sleep(20);
      for (let i = 0; i < count; i++) {
        const data = await world.recv<Uint8Array>({ source: left(world) });
        assert.equal(data[3999], i & 255);
      }
      await Promise.all(sends);
    },
  },
  {
    name: "ranks and tags out of range are refused by name",
    async program(world) {
      const { size } = world;
      await assert.rejects(
        world.send(1, { dest: size }),
        mpiError("invalid-argument", new RegExp(`send.*dest is ${size}`)),
      );
      await assert.rejects(world.send(1, { dest: -1 }), mpiError("invalid-argument", /dest is -1/));
      await assert.rejects(world.send(1, { dest: 0.5 }), mpiError("invalid-argument", /dest is 0.5/));
      await assert.rejects(world.send(1, { dest: 0, tag: -1 }), mpiError("invalid-argument", /tag is -1/));
      await assert.rejects(world.send(1, { dest: 0, tag: 1.5 }), mpiError("invalid-argument", /tag is 1.5/));
      await assert.rejects(world.recv({ source: size }), mpiError("invalid-argument", /source is/));
      await assert.rejects(world.send(1, {} as { dest: number }), mpiError("invalid-argument", /dest is undefined/));
    },
  },
  {
    name: "a value that cannot travel is refused with its path, and nothing is sent",
    async program(world) {
      const bad = { jobs: [{ onDone: () => 1 }] };
      await assert.rejects(world.send(bad, { dest: right(world) }), mpiError("unserializable", /jobs\[0\]\.onDone/));
      await world.send("fine", { dest: right(world) });
      assert.equal(await world.recv({ source: left(world) }), "fine");
    },
  },
  {
    name: "an error says who and which call",
    async program(world) {
      const who = `\\[rank \\d+/\\d+ on .+\\] send\\(\\{ dest: 99, tag: 3 \\}\\)`;
      await assert.rejects(world.send(1, { dest: 99, tag: 3 }), mpiError("invalid-argument", new RegExp(who)));
    },
  },
  {
    name: "a communicator that is closed refuses every call",
    async program(world) {
      const comm = await world.dup();
      await comm.close();
      await comm.close();
      await assert.rejects(comm.send(1, { dest: 0 }), mpiError("closed", /send/));
      await assert.rejects(comm.recv(), mpiError("closed", /recv/));
      await assert.rejects(comm.barrier(), mpiError("closed", /barrier/));
    },
  },
];
