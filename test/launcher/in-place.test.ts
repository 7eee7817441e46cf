import { describe, expect, it } from "vitest";
import { runScript } from "../support/run-tsmpi.ts";

/** Each collective with `into`, ten times after one: the bytes of new array buffers on the rank where there are most. */
const script = `import { init, max, sum } from "tsmpi";
const world = await init();
const { rank, size } = world;
const length = 1 << 19; // so large that pools of small buffers, 64 KiB each, are no array
const [mine, into] = [new Float64Array(length).fill(rank), new Float64Array(length)];
const [all, parts] = [new Float64Array(length * size), Array.from({ length: size }, () => new Float64Array(length))];
const calls = {
  bcast: () => world.bcast(rank === 0 ? mine : undefined, { into }),
  scatter: () => world.scatter(rank === 0 ? parts : undefined, { into }),
  gather: () => world.gather(mine, { into: all }),
  allgather: () => world.allgather(mine, { into: all }),
  alltoall: () => world.alltoall(parts, { into: all }),
  reduce: () => world.reduce(mine, sum, { into }),
  allreduce: () => world.allreduce(mine, sum, { into }),
  "reduce, the input's own memory": () => world.reduce(mine, sum, { into: mine }),
  "allreduce, the input's own memory": () => world.allreduce(mine, sum, { into: mine }),
};
for (const [name, call] of Object.entries(calls)) {
  await call();
  await world.barrier();
  const before = process.memoryUsage().arrayBuffers;
  for (let i = 0; i < 10; i++) await call();
  const grown = await world.reduce(process.memoryUsage().arrayBuffers - before, max);
  if (rank === 0) console.log(name + ": " + (grown < length ? "nothing" : grown));
}`;

describe("a collective with into", () => {
  it.each([1, 2, 3])("allocates no array on %i ranks", async (ranks) => {
    const { code, stdout, stderr } = await runScript(script, ["-n", String(ranks)]);
    expect(code, stderr).toBe(0);
    const lines = stdout.trimEnd().split("\n");
    expect(lines).toHaveLength(9);
    expect(lines.filter((line) => !line.endsWith(": nothing"))).toEqual([]);
  });
});
