import { expect, test } from "vitest";
import { runScript } from "../support/run-tsmpi.ts";
import { full, perTier } from "../support/tier.ts";

/** The full tier does what `docs/reliability.md` promises, the quick one a part of it. */
const limitMs = perTier({ quick: 60_000, full: 900_000 });
const show = (text: string): void => void process.stdout.write(`load: ${text}\n`);

const ranks = perTier({ quick: 32, full: 256 });
test(`${ranks} ranks on this machine start, allreduce and end`, { timeout: limitMs }, async () => {
  const script = `
    import { readFileSync } from "node:fs";
    import { init, sum } from "tsmpi";
    const world = await init();
    const total = await world.allreduce(world.rank, sum);
    const pss = Number(/^Pss:\\s+(\\d+)/m.exec(readFileSync("/proc/self/smaps_rollup", "utf8"))?.[1] ?? 0);
    const kilobytes = await world.reduce(pss, sum);
    if (world.rank === 0) console.log(total, Math.round(kilobytes / world.size / 1024));
    await world.close();`;
  const began = performance.now();
  const { code, stdout, stderr } = await runScript(script, ["-n", String(ranks), "--launch-timeout", "300"]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const [total, megabytes] = stdout.trim().split(" ").map(Number);
  expect(total).toBe((ranks * (ranks - 1)) / 2);
  show(`${ranks} ranks: ${((performance.now() - began) / 1000).toFixed(1)} s, ${megabytes} MB of memory each`);
  expect(megabytes).toBeLessThan(100);
});

const seconds = perTier({ quick: 2, full: 20 });
test(`10,000 lines a second from each of 8 ranks for ${seconds} s arrive complete`, { timeout: limitMs }, async () => {
  const lines = seconds * 10_000;
  const script = `
    const rank = process.env.TSMPI_RANK;
    const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
    const began = performance.now();
    for (let line = 0; line < ${lines}; ) {
      const due = Math.min(${lines}, (performance.now() - began) * 10 + 100);
      for (; line < due; line++) console.log(rank + " " + line + " " + "x".repeat(line % 80));
      await pause(1);
    }`;
  const { code, stdout, stderr } = await runScript(script, ["-n", "8"]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const next = Array<number>(8).fill(0);
  for (const line of stdout.trimEnd().split("\n")) {
    const [rank, number, filling = ""] = line.split(" ");
    const expected = next[Number(rank)] as number;
    if (Number(number) !== expected || filling !== "x".repeat(expected % 80))
      throw new Error(`not as written: ${line}`);
    next[Number(rank)] = expected + 1;
  }
  expect(next).toEqual(Array(8).fill(lines));
});

const messages = perTier({ quick: 20_000, full: 1_000_000 });
test(`${messages} messages of random sizes arrive with their checksums right`, { timeout: limitMs }, async () => {
  const script = `
    import { init } from "tsmpi";
    const world = await init();
    const { rank, size } = world;
    let seed = 1 + rank;
    const random = () => { seed = (seed * 16807) % 2147483647; return seed / 2147483647; };
    const source = Buffer.allocUnsafe(1 << 20);
    for (let i = 0; i < source.length; i++) source[i] = random() * 256;
    const each = ${messages} / size;
    // Mostly small, a few of up to 1 MiB: their sizes are equally likely in each power of two.
    const length = () => (random() < 0.001 ? Math.floor(2 ** (random() * 20)) : Math.floor(2 ** (random() * 10)));
    const sum = (bytes) => { let a = 1, b = 0; for (const byte of bytes) { a = (a + byte) % 65521; b = (b + a) % 65521; } return a + b * 65536; };
    const dest = (rank + 1) % size;
    const sending = (async () => {
      const last = [];
      for (let i = 0; i < each; i++) {
        const from = Math.floor(random() * 1000);
        const bytes = source.subarray(from, from + length());
        last.push(world.send([i, sum(bytes), bytes], { dest }));
        if (last.length >= 64) await last.shift();
      }
      await Promise.all(last);
    })();
    let total = 0;
    for (let i = 0; i < each; i++) {
      const [number, checksum, bytes] = await world.recv({ source: (rank + size - 1) % size });
      if (number !== i || checksum !== sum(bytes)) throw new Error("message " + i + " is not what was sent");
      total += bytes.length;
    }
    await sending;
    console.log(each, total > 0);
    await world.close();`;
  const began = performance.now();
  const { code, stdout, stderr } = await runScript(script, ["-n", "4"]);
  expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: `${messages / 4} true\n`.repeat(4), stderr: "" });
  show(`${messages} messages: ${((performance.now() - began) / 1000).toFixed(1)} s`);
});

const pingPongSeconds = perTier({ quick: 6, full: 300 });
test(`ping-pong for ${pingPongSeconds} s does not grow memory`, { timeout: limitMs }, async () => {
  const script = `
    import { init } from "tsmpi";
    const world = await init();
    const other = 1 - world.rank;
    const samples = [];
    const array = new Float64Array(5000);
    let trips = 0;
    const began = performance.now();
    let next = 0;
    for (let go = true; go; trips++) {
      const data = trips % 50 === 0 ? array : { trips, text: "ping" };
      if (world.rank === 0) { await world.send(data, { dest: other }); await world.recv({ source: other }); }
      else { await world.recv({ source: other }); await world.send(data, { dest: other }); }
      const elapsed = (performance.now() - began) / 1000;
      if (elapsed >= next) {
        global.gc();
        const { heapUsed, external } = process.memoryUsage();
        samples.push([elapsed, heapUsed + external]);
        next = elapsed + ${pingPongSeconds} / 40;
      }
      if (trips % 100 === 99) go = await world.bcast(elapsed < ${pingPongSeconds});
    }
    // Least squares over the second half: the first is for what is learned once.
    const half = samples.slice(samples.length >> 1);
    const mean = (f) => half.reduce((sum, each) => sum + f(each), 0) / half.length;
    const [t, m] = [mean(([time]) => time), mean(([, memory]) => memory)];
    const slope = mean(([time, memory]) => (time - t) * (memory - m)) / mean(([time]) => (time - t) ** 2);
    if (world.rank === 0) console.log(trips, (slope * half.at(-1)[0]) / trips);
    await world.close();`;
  const { code, stdout, stderr } = await runScript(script, ["-n", "2", "--node-options", "--expose-gc"]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const [trips = 0, slope = Number.NaN] = stdout.trim().split(" ").map(Number);
  show(`${trips} round trips: ${slope.toFixed(3)} bytes of growth for each`);
  // One object kept for each would be 50 and more; a short run's noise is 8.
  expect(slope).toBeLessThan(full ? 4 : 40);
});
