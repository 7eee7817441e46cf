import { describe, expect, it } from "vitest";
import { grantOf, isCrowded } from "../../../../../packages/launcher/src/hosts/pbs/grants.ts";

/** So many ranks on a host with so many lines, of which `slots` are used. */
function tenant(cpusOfLine: number | undefined, lines: number, ranks: number, slots = lines) {
  const host = { name: "a", slots, here: true, line: 0, lines };
  return { host, ranks: Array.from({ length: ranks }, (_, rank) => rank), cpusOfLine };
}
const chunk = (cpus: number) => [{ host: "a", cpus }];

describe("the CPUs that PBS has given a job on a host", () => {
  it.each([
    ["4:ncpus=1", tenant(1, 4, 4), [], 4],
    ["1:ncpus=8, eight ranks", tenant(8, 1, 8), [], 8],
    ["1:ncpus=8:mpiprocs=8", tenant(8, 8, 8), chunk(8), 8],
    ["1:ncpus=8:mpiprocs=8, half of its lines", tenant(8, 8, 4, 4), chunk(8), 4],
    ["1:ncpus=8:ompthreads=2", tenant(2, 1, 4), chunk(8), 8],
    ["4:ncpus=1, two ranks", tenant(1, 4, 2), [], 2],
    ["1:ncpus=1, written four times", tenant(1, 1, 4, 4), [], 1],
  ])("are counted right: %s", (_, who, chunks, cpus) => {
    expect(grantOf(who, chunks)).toEqual({ cpus, threads: who.cpusOfLine });
  });

  it("are not known where PBS says nothing (TORQUE), or the host is not the job's", () => {
    expect(grantOf(tenant(undefined, 4, 4))).toBeUndefined();
    const { lines: _, ...host } = tenant(1, 1, 1).host;
    expect(grantOf({ ...tenant(1, 1, 1), host })).toBeUndefined();
  });

  it("say whether ranks share them", () => {
    expect(isCrowded(tenant(8, 1, 8), { cpus: 8, threads: 8 })).toBe(false);
    expect(isCrowded(tenant(8, 1, 9), { cpus: 8, threads: 8 })).toBe(true);
    expect(isCrowded(tenant(8, 1, 2), undefined)).toBe(true);
    expect(isCrowded(tenant(1, 2, 2), undefined)).toBe(false);
  });
});
