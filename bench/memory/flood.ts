import { setTimeout as sleep } from "node:timers/promises";
import { init } from "tsmpi";

/**
 * The memory of a flood: rank 0 sends far more than its credit, rank 1 sleeps, then receives everything. Prints the largest growth
 * of memory of both.
 *
 *     tsmpi run -n 2 bench/memory/flood.ts
 *
 * The bound: the receiver holds up to 4 MiB of small messages for each pair of ranks. Beyond it, and for large messages, a message
 * stays at its sender, in the program's own memory. So a sender that awaits its sends stops; a sender that does not await them
 * holds all unsent messages.
 */
const floods = [
  { name: "100 MB in messages of 100 bytes, each awaited", count: 1_000_000, bytes: 100, awaited: true },
  { name: "400 MB in messages of 4 kB, each awaited", count: 100_000, bytes: 4_000, awaited: true },
  { name: "1 GB in messages of 1 MB, each awaited", count: 1_000, bytes: 1_000_000, awaited: true },
  { name: "80 MB in messages of 4 kB, not awaited", count: 20_000, bytes: 4_000, awaited: false },
];
const sleepMs = 1500;
const MB = 1e6;

/** Peak of this process's memory since the object was made, by samples: the kernel's own peak cannot be reset. */
class Peak {
  #highest = 0;
  #start = 0;
  readonly #timer: NodeJS.Timeout;

  constructor() {
    globalThis.gc?.();
    this.#start = process.memoryUsage.rss();
    this.#timer = setInterval(() => this.look(), 20);
  }

  look(): void {
    this.#highest = Math.max(this.#highest, process.memoryUsage.rss());
  }

  end(): number {
    this.look();
    clearInterval(this.#timer);
    return (this.#highest - this.#start) / MB;
  }
}

await using world = await init();
if (world.size !== 2) throw new Error("two ranks are needed: tsmpi run -n 2 bench/memory/flood.ts");

for (const { name, count, bytes, awaited } of floods) {
  await world.barrier();
  const peak = new Peak();
  const began = performance.now();
  if (world.rank === 0) {
    const data = new Uint8Array(bytes);
    let last: Promise<void> = Promise.resolve();
    for (let i = 0; i < count; i++) {
      last = world.send(data, { dest: 1 });
      if (awaited) await last;
    }
    await last;
  } else {
    await sleep(sleepMs);
    for (let i = 0; i < count; i++) {
      const { length } = await world.recv<Uint8Array>({ source: 0 });
      if (length !== bytes) throw new Error(`message ${i} has ${length} bytes`);
    }
  }
  const grown = await world.gather(peak.end());
  if (grown) {
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    const [sender, receiver] = grown.map((each) => `${each.toFixed(0)} MB`);
    console.log(`${name}: the sender grew by ${sender}, the receiver by ${receiver}, in ${seconds} s`);
  }
}
