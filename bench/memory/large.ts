import { constants } from "node:buffer";
import { init } from "tsmpi";

/**
 * The largest messages, from rank 0 to rank 1 and back. Run by hand, because it takes much memory.
 *
 *     tsmpi run -n 2 bench/memory/large.ts [GiB, default 4]
 *
 * Several arrays in one message, then one Buffer: of so many GiB, or of the most that this version of Node allows.
 */
const GiB = 2 ** 30;
const total = Number(process.argv[2] ?? 4) * GiB;

await using world = await init();
if (world.size !== 2) throw new Error("two ranks are needed: tsmpi run -n 2 bench/memory/large.ts");
const other = 1 - world.rank;

async function thereAndBack<T>(
  name: string,
  bytes: number,
  make: () => T,
  check: (value: T) => boolean,
): Promise<void> {
  await world.barrier();
  const began = performance.now();
  if (world.rank === 0) {
    await world.send(make(), { dest: other });
    const back = await world.recv<T>({ source: other });
    if (!check(back)) throw new Error(`${name}: came back changed`);
    const seconds = (performance.now() - began) / 1000;
    const rate = ((2 * bytes) / GiB / seconds).toFixed(1);
    const peak = (process.resourceUsage().maxRSS / 2 ** 20).toFixed(1);
    console.log(
      `${name}, ${(bytes / GiB).toFixed(2)} GiB: ${seconds.toFixed(1)} s, ${rate} GiB/s, at most ${peak} GiB used`,
    );
  } else {
    const value = await world.recv<T>({ source: other });
    if (!check(value)) throw new Error(`${name}: arrived changed`);
    await world.send(value, { dest: other });
  }
}

const pieces = 16;
const length = Math.floor(total / pieces / 8);
await thereAndBack(
  `${pieces} arrays in an object`,
  pieces * length * 8,
  () => ({ arrays: Array.from({ length: pieces }, (_, i) => new Float64Array(length).fill(i)) }),
  ({ arrays }) => arrays.every((array, i) => array.length === length && array[0] === i && array[length - 1] === i),
);

const most = Math.min(Math.floor(total), constants.MAX_LENGTH);
await thereAndBack(
  "one Buffer",
  most,
  () => {
    const buffer = Buffer.alloc(most);
    buffer[most - 1] = 7;
    return buffer;
  },
  (buffer) => Buffer.isBuffer(buffer) && buffer.length === most && buffer[most - 1] === 7,
);
