import { strict as assert } from "node:assert";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { block, type Communicator, type Region } from "tsmpi";
import type { Case } from "../case.ts";
import { mpiError } from "./expected-error.ts";
import { ranks } from "./ring.ts";

/** Runs a case in a directory of its own, which all ranks see. */
async function inDirectory(
  world: Communicator,
  body: (path: (name: string) => string) => Promise<void>,
): Promise<void> {
  const directory = await world.bcast(() => mkdtempSync(join(tmpdir(), "tsmpi-files-")));
  try {
    await body((name) => join(directory, name));
    await world.barrier();
  } finally {
    if (world.rank === 0) rmSync(directory, { recursive: true, force: true });
  }
}

const columnsOf = (world: Communicator, rows: number, each: number): Region => ({
  shape: [rows, each * world.size],
  start: [0, each * world.rank],
  size: [rows, each],
});

export const cases: Case[] = [
  {
    name: "columns of all ranks become a matrix in a file, and come back as rows and as columns",
    async program(world) {
      await inDirectory(world, async (path) => {
        const { rank, size } = world;
        await using file = await world.openFile(path("matrix"), { flags: "w+" });
        for (const [rows, each] of [[3, 2] as const, [1000, 5] as const]) {
          const view = columnsOf(world, rows, each);
          const mine = Float64Array.from({ length: rows * each }, (_, i) => 1000 * rank + i);
          await file.writeAtAll(mine, { offset: 16, view });
          const whole = new Float64Array(rows * each * size);
          assert.equal(await file.readAtAll({ offset: 16, into: whole }), whole);
          for (const r of ranks(world)) {
            const theirs = block(whole, { ...view, start: [0, each * r] }).toArray();
            assert.deepEqual(
              theirs,
              Float64Array.from({ length: rows * each }, (_, i) => 1000 * r + i),
            );
          }
          const grid = new Float64Array((rows + 1) * (each + 1)).fill(-1);
          const into = block(grid, { shape: [rows + 1, each + 1], start: [1, 1] });
          assert.equal(await file.readAtAll({ offset: 16, view, into }), into);
          assert.deepEqual(into.toArray(), mine);
          assert.equal(grid[0], -1);
          const back = new Float64Array(rows * each);
          await file.readAt({ offset: 16, view, into: back });
          assert.deepEqual(back, mine);
          await world.barrier();
        }
        await file.close();
      });
    },
  },
  {
    name: "a new file appears whole at close, and not before; one that is left is discarded",
    async program(world) {
      await inDirectory(world, async (path) => {
        if (world.rank === 0) writeFileSync(path("old"), "old");
        await world.barrier();
        {
          await using file = await world.openFile(path("old"), { flags: "w" });
          await file.writeOrdered(`${world.rank};`);
          assert.equal(readFileSync(path("old"), "utf8"), "old");
          await world.barrier();
          await file.close();
          assert.equal(
            readFileSync(path("old"), "utf8"),
            ranks(world)
              .map((r) => `${r};`)
              .join(""),
          );
        }
        await world.barrier();
        {
          await using file = await world.openFile(path("never"), { flags: "w" });
          await file.writeOrdered("x");
        }
        await world.barrier();
        assert.deepEqual(readdirSync(path(".")), ["old"]);
        {
          await using file = await world.openFile(path("old"), { flags: "w", inPlace: true });
          await file.writeOrdered("in place ");
          await file.sync();
          assert.equal(readFileSync(path("old"), "utf8"), "in place ".repeat(world.size));
          await file.truncate(8);
          assert.equal(await file.size(), 8);
        }
        assert.equal(readFileSync(path("old"), "utf8"), "in place");
      });
    },
  },
  {
    name: "flags mean what they mean in Node",
    async program(world) {
      await inDirectory(world, async (path) => {
        const open = (name: string, flags: string) => world.openFile(path(name), { flags: flags as "r" });
        await assert.rejects(open("none", "r"), mpiError("io", /none: there is no such file or directory \(ENOENT\)/));
        await assert.rejects(open("none", "r+"), mpiError("io", /ENOENT/));
        await assert.rejects(open("x/none", "w"), mpiError("io", /ENOENT/));
        await assert.rejects(open(".", "w"), mpiError("io", /it is a directory/));
        await assert.rejects(
          open("none", "rw"),
          mpiError("invalid-argument", /flags is "rw", but it is one of r, r\+, w,/),
        );
        const first = await open("log", "wx");
        await first.writeOrdered("a");
        await first.close();
        await assert.rejects(open("log", "wx"), mpiError("io", /there is a file of this name \(EEXIST\)/));
        await assert.rejects(first.sync(), mpiError("closed"));
        const more = await open("log", "a+");
        await more.writeOrdered("b");
        const all = new Uint8Array(2 * world.size);
        await more.readAtAll({ offset: 0, into: all });
        assert.equal(Buffer.from(all).toString(), "a".repeat(world.size) + "b".repeat(world.size));
        await more.close();
        const read = await open("log", "r");
        await assert.rejects(read.writeAtAll("x", { offset: 0 }), mpiError("invalid-argument", /is open for reading/));
        const one = new Uint8Array(1);
        await read.readOrdered({ into: one });
        const next = await read.readOrdered({ count: 1 });
        one.set(next);
        assert.equal(String.fromCharCode(one[0] as number), "b");
        await assert.rejects(
          read.readAtAll({ offset: 1, into: all }),
          mpiError("io", /the file has \d+ bytes, but bytes up to \d+ were to be read, from 1 on/),
        );
        await assert.rejects(read.readAt({ offset: -1, into: all }), mpiError("invalid-argument", /offset is -1/));
        await read.close();
      });
    },
  },
  {
    name: "an error of one rank is that of all, and the file can be used on",
    from: 2,
    async program(world) {
      await inDirectory(world, async (path) => {
        await using file = await world.openFile(path("some"), { flags: "w+" });
        const last = world.size - 1;
        const data = world.rank === last ? (new Map() as never) : "x";
        await assert.rejects(file.writeOrdered(data), (error) => {
          const where = world.rank === last ? "" : ` (rank ${last} on `;
          return (
            mpiError("invalid-argument", /the data is a Map, but it is a typed array/)(error) &&
            String(error).includes(where)
          );
        });
        await file.writeOrdered("y");
        await file.close();
        assert.equal(readFileSync(path("some"), "utf8"), "y".repeat(world.size));
        assert.equal(existsSync(path("some")), true);
      });
    },
  },
];
