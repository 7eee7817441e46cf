import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { place } from "../../../../packages/launcher/src/hosts/placement.ts";
import { readRankFile } from "../../../../packages/launcher/src/hosts/rank-file.ts";
import { folder } from "../../../support/run-tsmpi.ts";

const hosts = ["n1", "n2.cluster"].map((name) => ({ name, slots: 2, here: false }));
const file = (text: string): string => join(folder({ ranks: text }), "ranks");

describe("a rank file", () => {
  const good = "# three ranks\nrank 1=n2 slot=0,2-3 # two parts\n\nrank  0 = +n0\nrank 2=n1 slots=1\n";

  it("has the host and the CPUs of each rank, in any order", () => {
    const seats = readRankFile(file(good), hosts).map(({ host, cpus }) => [host.name, cpus]);
    expect(seats).toEqual([
      ["n1", undefined],
      ["n2.cluster", [0, 2, 3]],
      ["n1", [1]],
    ]);
  });

  it("places ranks, and says how many there are", () => {
    const { size, nodes } = place({ hosts }, undefined, { rankFile: file(good) });
    expect(size).toBe(3);
    expect(nodes.map(({ host, ranks, cpus }) => [host.name, ranks, cpus])).toEqual([
      ["n1", [0, 2], { 2: [1] }],
      ["n2.cluster", [1], { 1: [0, 2, 3] }],
    ]);
  });

  it.each([
    ["rank 0=n3", "line 1: n3 is not a host of the job, which has n1 n2.cluster"],
    ["rank 0=+n2", "line 1: +n2 is not a host"],
    ["rank 0=n1\nrank 0=n2", "line 2: rank 0 is there twice"],
    ["rank 0=n1\nrank 2=n2", "rank 1 is missing, but there is rank 2"],
    ["rank 0=n1 slot=1:0-2", "line 1: slot=1:0-2: numbers of CPUs are needed, as in slot=0,2-3"],
    ["0 n1", "line 1: rank 0=node1 slot=0-3 is the form of a line, not 0 n1"],
    ["# nothing", "it has no rank"],
  ])("%o is refused", (text, message) => {
    expect(() => readRankFile(file(text), hosts)).toThrow(message);
  });

  it("is refused where it is missing, and beside options that say the same in another way", () => {
    expect(() => readRankFile("/nowhere/ranks", hosts)).toThrow("--rankfile /nowhere/ranks: no such file");
    const rankFile = file("rank 0=n1 slot=0");
    expect(() => place({ hosts }, 2, { rankFile })).toThrow(`-n 2: --rankfile ${rankFile} has 1 ranks`);
    expect(() => place({ hosts }, 1, { rankFile, mapBy: "host" })).toThrow("leave out --map-by and --ranks-per-host");
    expect(() => place({ hosts }, 1, { rankFile, bindTo: "core" })).toThrow("binds ranks already (slot=)");
  });
});
