import { strict as assert } from "node:assert";
import { setTimeout as sleep } from "node:timers/promises";
import { Random } from "../../support/random.ts";
import type { Case } from "../case.ts";
import { mpiError } from "./expected-error.ts";
import { left, right } from "./ring.ts";

/** Whether a promise has settled by now: MPI's test. */
async function isDone(promise: Promise<unknown>): Promise<boolean> {
  const not = Symbol("not yet");
  return (await Promise.race([promise, Promise.resolve(not)])) !== not;
}

export const cases: Case[] = [
  {
    name: "of several receives the one whose message comes is the one that completes",
    async program(world) {
      const waiting = new Map([3, 1, 2].map((tag) => [tag, world.recv({ source: world.rank, tag }).then(() => tag)]));
      for (const tag of [2, 3, 1]) {
        assert.equal(await isDone(Promise.any(waiting.values())), false);
        await world.send("now", { dest: world.rank, tag });
        assert.equal(await Promise.any(waiting.values()), tag);
        waiting.delete(tag);
      }
    },
  },
  {
    name: "sends and receives complete together, whatever the mix of sizes",
    async program(world) {
      const lengths = [0, 1, 100, 5000, 50_000];
      const receives = lengths.map((_, tag) => world.recv<Float64Array>({ source: left(world), tag }));
      const sends = lengths.toReversed().map((length, i) => {
        const tag = lengths.length - 1 - i;
        return world.send(new Float64Array(length).fill(tag), { dest: right(world), tag, sync: i % 2 === 0 });
      });
      const received = await Promise.all(receives);
      await Promise.all(sends);
      assert.deepEqual(
        received.map((array) => array.length),
        lengths,
      );
    },
  },
  {
    name: "synchronous sends complete one by one as they are received, in order",
    async program(world) {
      const sends = [0, 1, 2, 3].map((i) => world.send(i, { dest: world.rank, sync: true }));
      assert.equal(await isDone(Promise.any(sends)), false);
      for (const i of [0, 1, 2, 3]) {
        assert.equal(await isDone(sends[i] as Promise<void>), false);
        assert.equal(await world.recv({ source: world.rank }), i);
        await sends[i];
      }
    },
  },
  {
    name: "a synchronous send is not complete when its message is only probed",
    async program(world) {
      const sent = world.send("seen", { dest: world.rank, sync: true });
      const status = await world.probe({ source: world.rank });
      assert.equal(await isDone(sent), false);
      assert.equal(await world.recv({ probed: status }), "seen");
      await sent;
    },
  },
  {
    name: "many messages wait at a receiver, of which half are received, then the rest",
    async program(world) {
      const count = 60;
      const sends = Array.from({ length: count }, (_, i) => world.send({ i }, { dest: right(world), tag: i % 2 }));
      for (let i = 1; i < count; i += 2) assert.deepEqual(await world.recv({ source: left(world), tag: 1 }), { i });
      for (let i = 0; i < count; i += 2) assert.deepEqual(await world.recv({ source: left(world), tag: 0 }), { i });
      await Promise.all(sends);
      assert.equal(await world.iprobe(), undefined);
    },
  },
  {
    name: "what is received by recvMessage says where it is from, also when probed, taken by its status, and from nobody",
    async program(world) {
      void world.send([1, 2, 3], { dest: right(world), tag: 17 });
      const status = await world.probe();
      assert.deepEqual({ source: status.source, tag: status.tag }, { source: left(world), tag: 17 });
      const message = await world.recvMessage<number[]>({ probed: status });
      assert.deepEqual([message.data, message.source, message.tag], [[1, 2, 3], left(world), 17]);
      assert.equal(message.bytes, status.bytes);
      await assert.rejects(world.recvMessage({ source: null }), mpiError("invalid-argument", /source is null/));
      await assert.rejects(world.probe({ source: null }), mpiError("invalid-argument", /source is null/));
    },
  },
  {
    name: "recvMessage into an array gives the array with the status",
    async program(world) {
      void world.send(new Int32Array([7, 8]), { dest: right(world), tag: 2 });
      const into = new Int32Array(4);
      const { data, source, tag } = await world.recvMessage({ into });
      assert.equal(data, into);
      assert.deepEqual([...data, source, tag], [7, 8, 0, 0, left(world), 2]);
    },
  },
  {
    name: "two who probe for the same get different messages",
    async program(world) {
      const both = [1, 2].map(async () => {
        const status = await world.probe({ source: left(world), tag: 4 });
        return world.recv({ probed: status });
      });
      void world.send("first", { dest: right(world), tag: 4 });
      await sleep(1);
      void world.send("second", { dest: right(world), tag: 4 });
      assert.deepEqual(await Promise.all(both), ["first", "second"]);
    },
  },
  {
    name: "a probed message that is large is sent only when it is received",
    async program(world) {
      const large = new Float64Array(100_000).fill(world.rank);
      const sent = world.send(large, { dest: right(world), tag: 1 });
      const status = await world.probe({ source: left(world) });
      assert.ok(status.bytes >= large.byteLength);
      void world.send("small", { dest: right(world), tag: 2 });
      assert.equal(await world.recv({ tag: 2 }), "small");
      const received = await world.recv<Float64Array>({ probed: status });
      assert.ok(received.every((x) => x === left(world)));
      await sent;
    },
  },
  {
    name: "receives that are cancelled leave their messages to those behind them",
    async program(world) {
      const cancel = new AbortController();
      const given = Array.from({ length: 10 }, (_, i) =>
        world.recv({ source: left(world), ...(i % 2 ? { signal: cancel.signal } : {}) }),
      );
      const outcomes = Promise.allSettled(given);
      cancel.abort(new Error("not these"));
      await world.barrier();
      for (let i = 0; i < 5; i++) void world.send(i, { dest: right(world) });
      const values = (await outcomes).map((each) => (each.status === "fulfilled" ? each.value : each.reason.code));
      assert.deepEqual(values, [0, "aborted", 1, "aborted", 2, "aborted", 3, "aborted", 4, "aborted"]);
    },
  },
  {
    name: "requests are taken as they complete, some at a time",
    async program(world) {
      const count = 12;
      const tags = Array.from({ length: count }, (_, tag) => tag);
      const open = new Set(tags);
      const requests = tags.map((tag) => world.recv<number>({ source: left(world), tag }));
      const completed: number[] = [];
      const done = requests.map((request, tag) =>
        request.then((data) => {
          assert.equal(data, tag * 2);
          completed.push(tag);
        }),
      );
      for (const tag of tags.toReversed()) void world.send(tag * 2, { dest: right(world), tag });
      while (open.size > 0) {
        await Promise.race([...open].map((tag) => done[tag]));
        for (const tag of completed.splice(0)) open.delete(tag);
      }
    },
  },
  {
    name: "to cancel what has completed changes nothing",
    async program(world) {
      const cancel = new AbortController();
      const { signal } = cancel;
      const sent = world.send([1], { dest: right(world), signal });
      assert.deepEqual(await world.recv({ source: left(world), signal }), [1]);
      await sent;
      await world.barrier({ signal });
      const matched = world.recv({ source: world.rank, tag: 8, signal });
      await world.send("matched", { dest: world.rank, tag: 8 });
      assert.equal(await matched, "matched");
      cancel.abort();
      assert.equal(await world.sendrecv(world.rank, { dest: right(world), source: left(world) }), left(world));
    },
  },
  {
    name: "a sendrecv that is cancelled says so, and its message was sent",
    async program(world) {
      const cancel = new AbortController();
      const pending = world.sendrecv("sent all the same", {
        dest: right(world),
        source: left(world),
        recvTag: 9,
        signal: cancel.signal,
      });
      cancel.abort(new Error("too late"));
      await assert.rejects(pending, mpiError("aborted", /sendrecv\(\{ source: \d+, dest: \d+ \}\).*too late/));
      assert.equal(await world.recv({ source: left(world) }), "sent all the same");
    },
  },
  {
    name: "a sendrecv that is refused receives nothing",
    async program(world) {
      const refused = world.sendrecv(() => 1, { dest: right(world), source: left(world) });
      await assert.rejects(refused, mpiError("unserializable", /sendrecv.*is a function/));
      await assert.rejects(
        world.sendrecv(1, { dest: right(world), source: 99 }),
        mpiError("invalid-argument", /source is 99/),
      );
      await assert.rejects(
        world.sendrecv(1, { dest: 99, source: left(world) }),
        mpiError("invalid-argument", /dest is 99/),
      );
      await assert.rejects(
        world.sendrecv(1, { dest: right(world), sendTag: -1 }),
        mpiError("invalid-argument", /tag is -1/),
      );
      await world.barrier();
      assert.equal(await world.sendrecv(world.rank, { dest: right(world), source: left(world) }), left(world));
      assert.equal(await world.iprobe(), undefined);
    },
  },
  {
    name: "a message whose send is cancelled arrives or its send rejects, never both, whatever the moment",
    async program(world) {
      const { rank, size } = world;
      const random = new Random(rank + 1);
      const tag = 3;
      const received: string[] = [];
      const stop = new AbortController();
      const receiving = (async () => {
        for (;;) {
          const message = await world.recv<{ id: string }>({ tag, signal: stop.signal });
          received.push(message.id);
          await sleep(random.between(0, 2));
        }
      })().catch((error) => assert.equal(error.code, "aborted"));
      const resolved: string[][] = Array.from({ length: size }, () => []);
      const sends = Array.from({ length: 40 }, async (_, i) => {
        const dest = random.between(0, size - 1);
        const data = new Float64Array(random.pick([1, 200, 3000, 20_000]));
        const cancel = new AbortController();
        const id = `${rank} to ${dest}, number ${i}`;
        const sync = random.between(0, 1) === 1;
        const wait = random.between(0, 20);
        const sent = world.send({ id, data }, { dest, tag, sync, signal: cancel.signal });
        if (wait === 0) cancel.abort();
        else setTimeout(() => cancel.abort(), wait);
        await sent.then(
          () => resolved[dest]?.push(id),
          (error) => assert.equal(error.code, "aborted"),
        );
      });
      await Promise.all(sends);
      const toMe = (await world.alltoall(resolved)).flat();
      stop.abort();
      await receiving;
      while (received.length < toMe.length) received.push((await world.recv<{ id: string }>({ tag })).id);
      await world.barrier();
      // The barrier may overtake the news that an announced message is withdrawn. One that stays was delivered by mistake.
      const announced = Date.now();
      while ((await world.iprobe({ tag })) !== undefined && Date.now() - announced < 20_000) await sleep(1);
      assert.equal(await world.iprobe({ tag }), undefined);
      assert.deepEqual(received.toSorted(), toMe.toSorted());
    },
  },
  {
    name: "a receive whose message is withdrawn gets the next one, in its turn",
    from: 2,
    async program(world) {
      const large = (value: number): Float64Array => new Float64Array(100_000).fill(value);
      if (world.rank === 1) {
        const cancel = new AbortController();
        const cancelled = world.send(large(1), { dest: 0, tag: 1, signal: cancel.signal });
        await world.send("announced", { dest: 0, tag: 2 });
        cancel.abort(); // the other rank may just have asked for it
        const was = await cancelled.then(
          () => "sent",
          () => "withdrawn",
        );
        await world.send(was, { dest: 0, tag: 2 });
        await world.send(large(2), { dest: 0, tag: 1 });
        if (was === "withdrawn") await world.send(large(3), { dest: 0, tag: 1 });
      } else if (world.rank === 0) {
        await world.recv({ source: 1, tag: 2 });
        const first = world.recv<Float64Array>({ source: 1, tag: 1 });
        const second = world.recv<Float64Array>({ tag: 1 });
        const was = await world.recv({ source: 1, tag: 2 });
        assert.deepEqual([(await first)[7], (await second)[7]], was === "sent" ? [1, 2] : [2, 3]);
      }
      await world.barrier();
    },
  },
  {
    name: "sendrecv with tags apart, to one rank and from another, all at once",
    async program(world) {
      const rounds = Array.from({ length: 30 }, (_, i) =>
        world.sendrecv(i, { dest: right(world), source: left(world), sendTag: i, recvTag: i }),
      );
      assert.deepEqual(
        await Promise.all(rounds),
        Array.from({ length: 30 }, (_, i) => i),
      );
    },
  },
  {
    name: "a sendrecv may receive into the array that it sends",
    async program(world) {
      for (const length of [2, 100_000]) {
        const array = new Float64Array(length).fill(world.rank);
        const got = await world.sendrecv(array, { dest: right(world), source: left(world), into: array });
        assert.equal(got, array);
        assert.ok(array.every((x) => x === left(world)));
      }
    },
  },
  {
    name: "tags may be as large as 2^31 - 1, and no larger",
    async program(world) {
      const tag = 2 ** 31 - 1;
      void world.send("far", { dest: right(world), tag });
      assert.equal(await world.recv({ tag }), "far");
      await assert.rejects(world.send(1, { dest: 0, tag: tag + 1 }), mpiError("invalid-argument", /tag is/));
      await assert.rejects(world.recv({ tag: Number.NaN }), mpiError("invalid-argument", /tag is NaN/));
      await assert.rejects(world.recv({ tag: "7" as unknown as number }), mpiError("invalid-argument", /tag is "7"/));
    },
  },
  {
    name: "messages of a loop end with break, and what comes then is still there",
    async program(world) {
      for (const i of [1, 2, 3]) void world.send(i, { dest: right(world), tag: 6 });
      const seen: unknown[] = [];
      for await (const { data, tag } of world.messages<number>({ tag: 6 })) {
        seen.push([data, tag]);
        if (data === 2) break;
      }
      assert.deepEqual(seen, [
        [1, 6],
        [2, 6],
      ]);
      assert.equal(await world.recv(), 3);
    },
  },
];
