import { join } from "node:path";
import type { Communicator } from "tsmpi";
import * as tsmpi from "tsmpi";
import { local } from "tsmpi/testing";
import { describe, expect, test } from "vitest";
import { folder, runTsmpi } from "../support/run-tsmpi.ts";
import { mpi4pyNames } from "./mpi4py-names.ts";
import { evaluate, readPage, rows } from "./rows.ts";

const page = readPage("from-mpi4py.md");
const sizes = [1, 2, 3, 4, 7];

/** The names that the page gives to what each of its tables is about. */
async function scopeOf(heading: string, world: Communicator): Promise<Record<string, unknown>> {
  const { rank, size } = world;
  const [left, right] = [(rank + size - 1) % size, (rank + 1) % size];
  const ranks = Array.from({ length: size }, (_, i) => i);
  const scope = { ...tsmpi, local, world, rank, size, left, right, ranks };
  switch (heading) {
    case "Collectives with arrays":
      return { ...scope, a: new Float64Array(size).fill(rank), b: new Float64Array(size), part: new Float64Array(1) };
    case "Files": {
      const path = await world.bcast(() => join(folder(), "file"));
      return { ...scope, path, file: await world.openFile(path, { flags: "w+" }) };
    }
    case "Datatypes":
      return { ...scope, u: Float64Array.from({ length: 12 }, (_, i) => 100 * rank + i) };
    case "One-sided communication":
      return { ...scope, win: await world.window(Float64Array, size) };
    case "Grids and graphs": {
      const grid = await world.cart(tsmpi.dims(size, 2), { periodic: [true, false] });
      return { ...scope, grid, ring: await world.graph({ sources: [left], destinations: [right] }) };
    }
    case "Two groups": {
      const [low, high] = [ranks.filter((r) => r < size / 2), ranks.filter((r) => r >= size / 2)];
      const [ours, theirs] = low.includes(rank) ? [low, high] : [high, low];
      const half = await world.split(ours[0] as number);
      const inter = await half.intercomm({ bridge: world, remoteLeader: theirs[0] as number });
      return { ...scope, inter, ours, theirs };
    }
    default:
      return scope;
  }
}

const headings = [...page.matchAll(/^## (.*)$/gm)].map(([, heading]) => heading as string);

describe.each(headings.filter((heading) => heading !== "What there is not"))("docs/from-mpi4py.md, %s", (heading) => {
  const all = rows(page, heading);

  test("has rows", () => {
    expect(all.length).toBeGreaterThan(5);
  });

  test.each(all.map((row) => [row.title, row] as const))("%s", async (_, { snippet, gives }) => {
    for (const size of sizes) {
      if (heading === "Two groups" && size === 1) continue;
      await local(size, async (world) => {
        const scope = await scopeOf(heading, world);
        const expected = await evaluate(gives, scope);
        expect(await evaluate(snippet, scope), `rank ${world.rank} of ${size}`).toEqual(expected);
      });
    }
  });
});

/** How the page calls the objects of each class. */
const objects: Record<keyof typeof mpi4pyNames, string> = {
  Comm: "comm",
  Intracomm: "comm",
  Topocomm: "topo",
  Cartcomm: "grid",
  Graphcomm: "graph",
  Distgraphcomm: "dist",
  Intercomm: "inter",
  Group: "group",
  Status: "status",
  Request: "request",
  Prequest: "prequest",
  Grequest: "grequest",
  Message: "message",
  Datatype: "datatype",
  File: "file",
};

test.each(Object.entries(mpi4pyNames))("no method or property of mpi4py's %s is forgotten", (name, members) => {
  const object = objects[name as keyof typeof objects];
  const told = new Set(
    [...page.matchAll(/\b(\w+)\.(\w+)/g)].map(([, owner, member]) => `${owner?.toLowerCase()}.${member}`),
  );
  expect(members.filter((member) => !told.has(`${object}.${member}`))).toEqual([]);
});

describe("the page's script", () => {
  const [, script = ""] = /```ts\n(.*?)```/s.exec(page) ?? [];

  test.each([1, 2, 4])("prints on %i ranks what its model prints", async (size) => {
    const { stdout, stderr, code } = await runTsmpi(["run", "-n", String(size), "mpi.ts"], {
      cwd: folder({ "mpi.ts": script }),
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const lengths = tsmpi.chunks(Array(10).keys(), size).map((part) => part.length);
    const ring = lengths.map((_, rank) => {
      const left = (rank + size - 1) % size;
      return `rank ${rank} has ${lengths[left]} values of rank ${left}`;
    });
    expect(stdout.trimEnd().split("\n").sort()).toEqual(["mean 4.5 variance 8.25", ...ring].sort());
  });
});
