import { strict as assert } from "node:assert";
import { setImmediate as turn } from "node:timers/promises";
import { chunks, max, min, sum } from "tsmpi";
import type { Case } from "../../case.ts";

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
/** Numbers without any order, the same on every rank. */
const shuffled = (count: number): Float64Array => Float64Array.from(range(count), (i) => (i * 7919 + 13) % 10007);
const ascending = (a: number, b: number): number => a - b;

const [work, stop] = [1, 2];

/** Who does what: workers, servers, sorters and searchers. */
export const cases: Case[] = [
  {
    name: "a token around the ring, several times",
    async program(world) {
      const { rank, size } = world;
      const [right, left] = [(rank + 1) % size, (rank + size - 1) % size];
      const rounds = 3;
      if (rank === 0) void world.send(0, { dest: right });
      for (let round = 0; round < rounds; round++) {
        const token = await world.recv<number>({ source: left });
        assert.equal(token, rank === 0 ? (round + 1) * size - 1 : round * size + rank - 1);
        if (rank > 0 || round < rounds - 1) await world.send(token + 1, { dest: right });
      }
    },
  },
  {
    name: "ping-pong of doubling sizes between the first and the last rank",
    async program(world) {
      const last = world.size - 1;
      if (world.rank !== 0 && world.rank !== last) return;
      const partner = last - world.rank;
      for (let length = 1; length <= 1 << 16; length *= 4) {
        const ball = new Float64Array(length).fill(world.rank);
        if (world.rank === 0) {
          const sent = world.send(ball, { dest: partner, tag: 1 });
          if (partner === 0) await world.recv({ tag: 1, into: ball });
          await sent;
          if (partner !== 0) await world.recv({ source: partner, tag: 1, into: ball });
        } else {
          await world.recv({ source: partner, into: ball });
          await world.send(ball, { dest: partner, tag: 1 });
        }
        assert.ok(ball.every((x) => x === 0));
      }
    },
  },
  {
    name: "a master hands out jobs by tag, workers ask for more by their results",
    from: 2,
    async program(world) {
      const jobs = range(23);
      if (world.rank > 0) {
        for await (const { data, tag } of world.messages<number>({ source: 0 })) {
          if (tag === stop) break;
          if (data % 3 === 0) await turn();
          await world.send({ job: data, result: data ** 2 }, { dest: 0 });
        }
        return;
      }
      const waiting = [...jobs];
      const results = new Map<number, number>();
      let active = 0;
      const feed = async (dest: number): Promise<void> => {
        const job = waiting.shift();
        if (job !== undefined) active++;
        await world.send(job, { dest, tag: job === undefined ? stop : work });
      };
      for (let dest = 1; dest < world.size; dest++) await feed(dest);
      while (active > 0) {
        const { data, source } = await world.recvMessage<{ job: number; result: number }>();
        active--;
        results.set(data.job, data.result);
        await feed(source);
      }
      assert.deepEqual(
        jobs.map((job) => results.get(job)),
        jobs.map((job) => job ** 2),
      );
    },
  },
  {
    name: "a server answers whoever asks, until all clients have left",
    from: 2,
    async program(world) {
      const [ask, leave] = [1, 2];
      if (world.rank === 0) {
        let clients = world.size - 1;
        let counter = 0;
        while (clients > 0) {
          const status = await world.probe();
          await world.recv({ probed: status });
          if (status.tag === leave) clients--;
          else await world.send(counter++, { dest: status.source, tag: ask });
        }
        await world.bcast(counter);
        return;
      }
      const tickets: number[] = [];
      for (let i = 0; i < 5; i++) {
        await world.send(null, { dest: 0, tag: ask });
        tickets.push(await world.recv<number>({ source: 0, tag: ask }));
      }
      await world.send(null, { dest: 0, tag: leave });
      assert.deepEqual(tickets, tickets.toSorted(ascending));
      assert.equal(await world.bcast<number>(), 5 * (world.size - 1)); // no ticket was given twice
    },
  },
  {
    name: "random numbers from a server while the others, a communicator of their own, add up pi",
    from: 2,
    async program(world) {
      const server = world.size - 1;
      const workers = await world.split(world.rank === server ? null : 0);
      if (workers === null) {
        let seed = 12345;
        const next = (): number => {
          seed = (seed * 1103515245 + 12345) % 2147483648;
          return seed / 2147483648;
        };
        let open = world.size - 1;
        for await (const { data: count, source } of world.messages<number>({ tag: 1 })) {
          if (count === 0 && --open === 0) break;
          if (count > 0) await world.send(Float64Array.from(range(count), next), { dest: source, tag: 2 });
        }
        return;
      }
      const numbers = new Float64Array(200);
      let [inside, all] = [0, 0];
      for (let round = 0; round < 5; round++) {
        await world.send(numbers.length, { dest: server, tag: 1 });
        await world.recv({ source: server, tag: 2, into: numbers });
        let mine = 0;
        for (let i = 0; i < numbers.length; i += 2)
          mine += Math.hypot(numbers[i] ?? 1, numbers[i + 1] ?? 1) < 1 ? 1 : 0;
        const totals = await workers.allreduce([mine, numbers.length / 2], sum);
        inside += totals[0] ?? 0;
        all += totals[1] ?? 0;
      }
      await world.send(0, { dest: server, tag: 1 });
      assert.ok(Math.abs((4 * inside) / all - Math.PI) < 0.5);
      assert.equal(await workers.allreduce(inside, max), await workers.allreduce(inside, min));
    },
  },
  {
    name: "sample sort: splitters by gather and bcast, buckets by alltoall",
    async program(world) {
      const { size } = world;
      const whole = shuffled(301);
      const mine = (await world.scatter(() => chunks(whole, size))).slice().sort();
      const samples = range(size).map((i) => mine[Math.floor((i * mine.length) / size)] ?? 0);
      const gathered = await world.gather(samples);
      const splitters = await world.bcast(() => {
        const sorted = (gathered ?? []).flat().sort(ascending);
        return range(size - 1).map((i) => sorted[(i + 1) * size] ?? 0);
      });
      const bounds = [Number.NEGATIVE_INFINITY, ...splitters, Number.POSITIVE_INFINITY];
      const buckets = range(size).map((i) => mine.filter((x) => x >= (bounds[i] ?? 0) && x < (bounds[i + 1] ?? 0)));
      const counts = await world.alltoall(buckets.map((bucket) => bucket.length));
      const bucket = new Float64Array(counts.reduce((a, b) => a + b, 0));
      await world.alltoall(buckets, { into: bucket });
      bucket.sort();
      const sorted = await world.gather(bucket, {
        into: world.rank === 0 ? new Float64Array(whole.length) : undefined,
      });
      if (world.rank === 0) assert.deepEqual(sorted, whole.slice().sort());
      const before = await world.exscan(bucket.at(-1) ?? Number.NEGATIVE_INFINITY, max);
      assert.ok((before ?? Number.NEGATIVE_INFINITY) <= (bucket[0] ?? Number.POSITIVE_INFINITY));
    },
  },
  {
    name: "odd-even transposition sort between neighbours",
    async program(world) {
      const { rank, size } = world;
      const each = 7;
      let mine = shuffled(each * size)
        .subarray(rank * each, (rank + 1) * each)
        .slice()
        .sort();
      for (let phase = 0; phase < size; phase++) {
        const neighbor = (rank + phase) % 2 === 0 ? rank + 1 : rank - 1;
        const partner = neighbor >= 0 && neighbor < size ? neighbor : null;
        const theirs = await world.sendrecv<Float64Array | undefined>(mine, { dest: partner, source: partner });
        if (theirs === undefined) continue;
        const both = Float64Array.of(...mine, ...theirs).sort();
        mine = rank < neighbor ? both.slice(0, each) : both.slice(each);
      }
      const all = await world.allgather(mine, { into: new Float64Array(each * size) });
      assert.deepEqual(all, shuffled(each * size).sort());
    },
  },
  {
    name: "a merge sort up a tree of ranks",
    async program(world) {
      const { rank, size } = world;
      let mine = Float64Array.from(chunks(shuffled(100), size)[rank] ?? []).sort();
      for (let step = 1; step < size; step *= 2) {
        if (rank % (2 * step) !== 0) {
          await world.send(mine, { dest: rank - step, tag: step });
          return;
        }
        if (rank + step < size) {
          mine = Float64Array.of(
            ...mine,
            ...(await world.recv<Float64Array>({ source: rank + step, tag: step })),
          ).sort();
        }
      }
      assert.deepEqual(mine, shuffled(100).sort());
    },
  },
  {
    name: "what is left by a filter finds its place by a prefix sum",
    async program(world) {
      const { rank, size } = world;
      const whole = shuffled(100);
      const kept = (chunks(whole, size)[rank] ?? whole).filter((x) => x % 3 === 0);
      const offset = (await world.exscan(kept.length, sum)) ?? 0;
      const total = await world.bcast(offset + kept.length, { root: size - 1 });
      const packed = new Float64Array(total);
      packed.set(kept, offset);
      await world.allreduce(packed, sum, { into: packed });
      assert.deepEqual(
        packed,
        whole.filter((x) => x % 3 === 0),
      );
      const lines = await world.scan([`line ${rank}`], (a, b) => [...a, ...b]);
      assert.deepEqual(
        lines,
        range(rank + 1).map((r) => `line ${r}`),
      );
    },
  },
  {
    name: "sums by hand: a hypercube, and a tree, beside allreduce",
    async program(world) {
      const { rank, size } = world;
      const total = await world.allreduce(rank, sum);
      const cube = await world.subset(range(2 ** Math.floor(Math.log2(size))));
      if (cube) {
        let mine = cube.rank;
        for (let bit = 1; bit < cube.size; bit *= 2) {
          mine += await cube.sendrecv<number>(mine, { dest: cube.rank ^ bit, source: cube.rank ^ bit });
        }
        assert.equal(mine, (cube.size * (cube.size - 1)) / 2);
      }
      let sumHere = rank;
      for (const child of [2 * rank + 1, 2 * rank + 2]) {
        if (child < size) sumHere += await world.recv<number>({ source: child, tag: 8 });
      }
      await world.send(sumHere, { dest: rank === 0 ? null : (rank - 1) >> 1, tag: 8 });
      if (rank === 0) assert.equal(sumHere, total);
    },
  },
  {
    name: "a search that ends for all when one has found it",
    async program(world) {
      const { rank, size } = world;
      const treasure = 77;
      const found = new AbortController();
      const told = world.recv<number>({ tag: 9 }).then((place) => {
        found.abort();
        return place;
      });
      for (let place = rank; !found.signal.aborted; place += size) {
        if (place === treasure) for (const dest of range(size)) void world.send(place, { dest, tag: 9 });
        await turn();
        if (place > 1_000_000) throw new Error("never told");
      }
      assert.equal(await told, treasure);
    },
  },
  {
    name: "two groups of ranks: one asks over an intercommunicator, the other answers, then they merge",
    from: 2,
    async program(world) {
      const asks = world.rank % 2 === 0;
      const mine = await world.split(asks ? 0 : 1);
      const other = await mine.intercomm({ bridge: world, remoteLeader: asks ? 1 : 0, tag: 12 });
      const partner = mine.rank < other.remoteSize ? mine.rank : null;
      if (asks) {
        const answer = await other.sendrecv<string | undefined>(`from ${world.rank}`, {
          dest: partner,
          source: partner,
        });
        assert.equal(answer, partner === null ? undefined : `from ${world.rank}, answered`);
      } else {
        const question = await other.recv<string>({ source: mine.rank });
        await other.send(`${question}, answered`, { dest: mine.rank });
      }
      const both = await other.merge({ high: !asks });
      const evens = range(world.size).filter((r) => r % 2 === 0);
      const odds = range(world.size).filter((r) => r % 2 === 1);
      assert.deepEqual(await both.allgather(world.rank), [...evens, ...odds]);
    },
  },
  {
    name: "clusters by k-means: centres are reduced, points stay where they are",
    async program(world) {
      const points = await world.scatter(() => chunks(shuffled(90), world.size));
      let centers: Float64Array = await world.bcast(() => Float64Array.of(0, 5000, 10_000));
      let serial = centers;
      const gains = (from: Float64Array, data: Float64Array): Float64Array => {
        const gained = new Float64Array(6);
        for (const x of data) {
          const nearest = from.reduce(
            (best, c, i) => (Math.abs(x - c) < Math.abs(x - (from[best] ?? 0)) ? i : best),
            0,
          );
          gained[nearest] = (gained[nearest] ?? 0) + x;
          gained[3 + nearest] = (gained[3 + nearest] ?? 0) + 1;
        }
        return gained;
      };
      const moved = (gained: Float64Array): Float64Array =>
        gained.subarray(0, 3).map((total, i) => total / (gained[3 + i] || 1));
      for (let step = 0; step < 8; step++) {
        centers = moved(await world.allreduce(gains(centers, points), sum));
        serial = moved(gains(serial, shuffled(90)));
      }
      assert.deepEqual(centers, serial); // whole numbers: exact in any order
    },
  },
  {
    name: "words are counted by ranks and merged by a function",
    async program(world) {
      const text = "to be or not to be that is the question whether tis nobler in the mind to suffer".split(" ");
      const words = await world.scatter(() => chunks(text, world.size));
      const count = (list: string[]): Map<string, number> => {
        const counts = new Map<string, number>();
        for (const word of list) counts.set(word, (counts.get(word) ?? 0) + 1);
        return counts;
      };
      const merged = await world.allreduce(count(words), (a, b) => {
        for (const [word, times] of b) a.set(word, (a.get(word) ?? 0) + times);
        return a;
      });
      assert.deepEqual([...merged], [...count(text)]);
    },
  },
];
