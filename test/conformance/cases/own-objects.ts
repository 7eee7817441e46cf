import { strict as assert } from "node:assert";
import { type Communicator, sum } from "tsmpi";
import type { Case } from "../case.ts";

interface Value {
  data: Float64Array;
}

const made = (length: number): Value => ({ data: new Float64Array(length).fill(1) });
const lists = ({ size }: Communicator, length: number): Value[] => Array.from({ length: size }, () => made(length));

/** Small values go by shared memory where ranks have it, large ones by messages: results follow the same rule. */
const lengths = [2, 20_000];

export const cases: Case[] = [
  {
    name: "bcast gives the root its own object, and every other rank a copy",
    async program(world) {
      for (const length of lengths) {
        for (let root = 0; root < world.size; root++) {
          const own = made(length);
          const got = await world.bcast(own, { root });
          assert.deepEqual(got, own);
          assert.equal(got === own, world.rank === root);
          const array = new Float64Array(length).fill(world.rank);
          const into = new Float64Array(length);
          assert.equal(await world.bcast(array, { root, into }), into);
          assert.deepEqual(into, new Float64Array(length).fill(root));
        }
      }
    },
  },
  {
    name: "scatter, gather, allgather and alltoall give copies, also of a rank's own part",
    async program(world) {
      const root = world.size - 1;
      for (const length of lengths) {
        const parts = lists(world, length);
        const mine = await world.scatter(parts, { root });
        assert.deepEqual(mine, made(length));
        const own = made(length);
        const gathered = await world.gather(own, { root });
        assert.equal(gathered !== undefined, world.rank === root);
        const all = [mine, ...(gathered ?? []), ...(await world.allgather(own)), ...(await world.alltoall(parts))];
        for (const each of all) {
          assert.ok(![own, ...parts].includes(each));
          assert.ok(![own, ...parts].some(({ data }) => data.buffer === each.data.buffer));
        }
      }
    },
  },
  {
    name: "reductions give new values, also in a world of one",
    async program(world) {
      for (const length of lengths) {
        const own = made(length).data;
        const parts = lists(world, length).map(({ data }) => data);
        const all = [
          await world.reduce(own, sum),
          await world.allreduce(own, sum),
          await world.reduceScatter(parts, sum),
          await world.scan(own, sum),
          await world.exscan(own, sum),
        ];
        for (const each of all) assert.ok(each === undefined || ![own, ...parts].includes(each));
        assert.deepEqual(own, new Float64Array(length).fill(1));
      }
    },
  },
  {
    name: "neighbors' values are copies, also where a rank is its own neighbor",
    async program(world) {
      const ring = await world.cart([world.size], { periodic: true });
      const own = made(2);
      const parts = [made(2), made(2)];
      for (const each of [...(await ring.neighborAllgather(own)), ...(await ring.neighborAlltoall(parts))]) {
        assert.deepEqual(each, made(2));
        assert.ok(each !== own && !parts.includes(each as Value));
      }
    },
  },
];
