import { describe, expect, it } from "vitest";
import { isCrowded } from "../../../../../packages/launcher/src/hosts/grants.ts";
import { grantOf } from "../../../../../packages/launcher/src/hosts/pbs/grants.ts";
import { NodeFileLines } from "../../../../../packages/launcher/src/hosts/pbs/node-file-lines.ts";

/** So many ranks on a host with so many lines, of which `slots` are used. */
function occupied(cpusOfSlot: number | undefined, lines: number, ranks: number, slots = lines) {
  const host = { name: "a", slots, here: true, place: new NodeFileLines(0, lines) };
  return { host, ranks: Array.from({ length: ranks }, (_, rank) => rank), cpusOfSlot };
}
const chunk = (cpus: number) => [{ host: "a", cpus }];

describe("the CPUs that PBS has given a job on a host", () => {
  it.each([
    ["4:ncpus=1", occupied(1, 4, 4), [], 4],
    ["1:ncpus=8, eight ranks", occupied(8, 1, 8), [], 8],
    ["1:ncpus=8:mpiprocs=8", occupied(8, 8, 8), chunk(8), 8],
    ["1:ncpus=8:mpiprocs=8, half of its lines", occupied(8, 8, 4, 4), chunk(8), 4],
    ["1:ncpus=8:ompthreads=2", occupied(2, 1, 4), chunk(8), 8],
    ["4:ncpus=1, two ranks", occupied(1, 4, 2), [], 2],
    ["1:ncpus=1, written four times", occupied(1, 1, 4, 4), [], 1],
  ])("are counted right: %s", (_, host, chunks, cpus) => {
    expect(grantOf(host, chunks)).toEqual({ cpus, threads: host.cpusOfSlot });
  });

  it("are not known where PBS says nothing (TORQUE), or the host is not the job's", () => {
    expect(grantOf(occupied(undefined, 4, 4))).toBeUndefined();
    const { place: _, ...host } = occupied(1, 1, 1).host;
    expect(grantOf({ ...occupied(1, 1, 1), host })).toBeUndefined();
  });

  it("say whether ranks share them", () => {
    expect(isCrowded(occupied(8, 1, 8), { cpus: 8, threads: 8 })).toBe(false);
    expect(isCrowded(occupied(8, 1, 9), { cpus: 8, threads: 8 })).toBe(true);
    expect(isCrowded(occupied(8, 1, 2), undefined)).toBe(true);
    expect(isCrowded(occupied(1, 2, 2), undefined)).toBe(false);
  });
});
