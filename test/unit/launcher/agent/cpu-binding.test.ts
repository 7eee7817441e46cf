import { describe, expect, it } from "vitest";
import { bindRanks } from "../../../../packages/launcher/src/agent/cpu-binding.ts";
import type { Cpu } from "../../../../packages/launcher/src/system/topology.ts";

/** Two sockets of two domains each, two cores a domain, two threads a core: thread 2 of core c is CPU c + 8. */
const machine: Cpu[] = [0, 1, 2, 3, 4, 5, 6, 7].flatMap((core) =>
  [core, core + 8].map((id) => ({ id, core, numa: core >> 1, socket: core >> 2 })),
);
/** Four cores without threads, in one domain. */
const plain: Cpu[] = [0, 1, 2, 3].map((id) => ({ id, core: id, numa: 0, socket: 0 }));

function cpus(...args: Parameters<typeof bindRanks>): string[] {
  return bindRanks(...args).map((binding) => binding.cpus.join());
}

describe("core", () => {
  it("gives each rank a core with all its threads, in order", () => {
    expect(cpus("core", "slot", 3, machine)).toEqual(["0,8", "1,9", "2,10"]);
    expect(bindRanks("core", "slot", 1, machine)).toEqual([{ cpus: [0, 8], threads: 2, claimed: [0, 8] }]);
  });

  it("goes round domains or sockets where ranks are mapped by them, and past those without a free core", () => {
    expect(cpus("core", "numa", 5, machine)).toEqual(["0,8", "2,10", "4,12", "6,14", "1,9"]);
    expect(cpus("core", "socket", 3, machine)).toEqual(["0,8", "4,12", "1,9"]);
    expect(
      cpus(
        "core",
        "socket",
        4,
        machine.filter(({ id }) => id % 8 !== 0 && id % 8 < 5),
      ),
    ).toEqual(["1,9", "4,12", "2,10", "3,11"]);
  });

  it("refuses more ranks than cores", () => {
    expect(() => bindRanks("core", "slot", 9, machine)).toThrow("9 ranks, and 8 cores for them");
    expect(() => bindRanks("core", "numa", 9, machine)).toThrow("9 ranks, and 8 cores for them");
  });
});

describe("share", () => {
  it("gives equal parts of neighboring cores, all of them", () => {
    expect(cpus("share", "slot", 2, plain)).toEqual(["0,1", "2,3"]);
    expect(cpus("share", "slot", 3, plain)).toEqual(["0", "1", "2,3"]);
    expect(cpus("share", "slot", 4, machine)).toEqual(["0,1,8,9", "2,3,10,11", "4,5,12,13", "6,7,14,15"]);
  });

  it("parts cores where there are more ranks, and then lets ranks take turns on a CPU", () => {
    expect(cpus("share", "slot", 16, machine).toSorted()).toEqual(machine.map(({ id }) => `${id}`).toSorted());
    expect(cpus("share", "slot", 6, plain)).toEqual(["0", "0", "1", "2", "2", "3"]);
    expect(bindRanks("share", "slot", 6, plain)[0]).toEqual({ cpus: [0], threads: 1, claimed: [0] });
  });

  it("stays within a domain where ranks are mapped by domains", () => {
    expect(cpus("share", "socket", 3, machine)).toEqual(["0,1,8,9", "4,5,6,7,12,13,14,15", "2,3,10,11"]);
  });
});

describe("numa and socket", () => {
  it("give all of the part that a rank's share begins in", () => {
    expect(cpus("socket", "slot", 2, machine)).toEqual(["0,1,2,3,8,9,10,11", "4,5,6,7,12,13,14,15"]);
    expect(cpus("numa", "slot", 2, machine)).toEqual(["0,1,8,9", "4,5,12,13"]);
    expect(cpus("numa", "numa", 3, machine)).toEqual(["0,1,8,9", "2,3,10,11", "4,5,12,13"]);
  });

  it("claim a core for each rank, and count a rank's share of the part as its threads", () => {
    const [first, second] = bindRanks("socket", "slot", 4, machine);
    expect(first).toEqual({ cpus: [0, 1, 2, 3, 8, 9, 10, 11], threads: 4, claimed: [0, 8] });
    expect(second?.claimed).toEqual([2, 10]);
  });
});
