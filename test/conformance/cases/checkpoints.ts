import { strict as assert } from "node:assert";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { distributed, range } from "tsmpi";
import type { Case } from "../case.ts";
import { mpiError } from "./expected-error.ts";

export const cases: Case[] = [
  {
    name: "a checkpoint gives each rank what it has saved, and a part of the ranks all of it",
    async program(world) {
      const directory = await world.bcast(() => mkdtempSync(join(tmpdir(), "tsmpi-checkpoints-")));
      try {
        const { rank, size } = world;
        const store = await world.checkpoints(directory, { keep: 1 });
        assert.equal(await store.load(), undefined);
        const { start, end } = range(2 * size + 1, world);
        const u = Float64Array.from({ length: end - start }, (_, i) => start + i);
        const state = { rank, large: new Uint8Array(300_000).fill(rank), list: [new Map([[rank, "x"]])] };
        await store.save(7, { ...state, u: distributed(u, { shape: [2 * size + 1], start: [start] }) });
        assert.deepEqual(await store.load(), { step: 7, state: { ...state, u } });
        const refused = rank === size - 1 ? () => 1 : 1;
        await assert.rejects(store.save(8, refused), mpiError("unserializable", /is a function/));
        const few = await world.split(rank === 0 ? "few" : null);
        if (few !== null) {
          const again = await few.checkpoints(directory);
          const all = new Float64Array(2 * size + 1);
          const last = await again.loadParts<{ rank: number }>({
            into: { u: distributed(all, { shape: [all.length] }) },
          });
          assert.deepEqual(
            last?.parts.map((part) => [part.rank, part.state.rank]),
            world.group.members.map((r) => [r, r]),
          );
          assert.deepEqual(
            all,
            Float64Array.from(all, (_, i) => i),
          );
        }
        await world.barrier();
      } finally {
        if (world.rank === 0) rmSync(directory, { recursive: true, force: true });
      }
    },
  },
];
