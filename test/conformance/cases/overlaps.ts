import { strict as assert } from "node:assert";
import { Random } from "../../support/random.ts";
import type { Case } from "../case.ts";
import { draw, elements } from "./drawn.ts";

/** Where the output begins, seen from the input: the same place, beside it, overlapping by little and by much. */
function outputStart(random: Random, start: number, gives: number, gets: number): number {
  const near = random.between(-2, 2);
  return Math.max(0, random.pick([start, start + near, start + gives, start + (gives >> 1), start - (gets >> 1)]));
}

export const cases: Case[] = [
  {
    name: "a collective may write to the memory that it reads: in place, beside it, overlapping it",
    heavy: true,
    async program(world) {
      const { rank, size } = world;
      for (let round = 0; round < 40; round++) {
        const shared = new Random(round); // the same on all ranks
        const own = new Random(1000 * round + rank + 1);
        const drawn = draw(shared, size, round);
        const gives = drawn.gives(rank);
        const expected = drawn.gets(rank);
        const memory = new Int32Array(gives + 2 * (expected?.length ?? 0) + 2 * drawn.length + 8);
        const start = own.between(0, Math.min(4 + drawn.length, memory.length - gives - 1));
        const mine = memory.subarray(start, start + gives);
        mine.set(elements(round, rank, gives));
        const at = outputStart(own, start, gives, expected?.length ?? 0);
        const into = memory.subarray(at, at + (expected?.length ?? 0));
        const what = `round ${round}: ${drawn.operation} of ${drawn.length}, input at ${start}, output at ${at}`;
        const result = await drawn.call(world, mine, expected === undefined ? {} : { into });
        if (expected === undefined) assert.equal(result, undefined, what);
        else {
          assert.equal(result, into, what);
          const wrong = expected.findIndex((value, i) => into[i] !== value);
          assert.equal(wrong, -1, `${what}: element ${wrong} is ${into[wrong]}, not ${expected[wrong]}`);
        }
      }
    },
  },
];
