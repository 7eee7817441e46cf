import { describe, expect, it } from "vitest";
import { Seats } from "../../../../packages/launcher/src/agent/seats.ts";
import type { HostPlan, Seating } from "../../../../packages/launcher/src/link/messages.ts";
import { CpuClaims } from "../../../../packages/launcher/src/system/cpu-claims.ts";
import type { Cpu } from "../../../../packages/launcher/src/system/topology.ts";
import { folder } from "../../../support/run-tsmpi.ts";

/** Four cores in two domains. */
const machine: Cpu[] = [0, 1, 2, 3].map((id) => ({ id, core: id, numa: id >> 1, socket: 0 }));

async function seated(
  count: number,
  seating: Partial<Seating>,
  granted?: number,
  taken: number[] = [],
): Promise<Seats> {
  const place = folder();
  if (taken.length > 0) await new CpuClaims("other", place).claim(() => taken);
  const ranks = Array.from({ length: count }, (_, index) => 10 + index);
  const all = { bindTo: "share", mapBy: "slot", gpusPerRank: 0, shown: true, ...seating } as const;
  const plan = { ranks, seating: all, environment: {}, job: "mine", granted: granted && { cpus: granted, threads: 1 } };
  const seats = new Seats(plan as unknown as HostPlan, machine);
  await seats.bind(new CpuClaims("mine", place));
  return seats;
}

const cpus = (seats: Seats): unknown => seats.report()?.seats.map((seat) => [seat.rank, seat.cpus]);

describe("seats", () => {
  it("are of the CPUs that no other job has, and that the scheduler has given", async () => {
    expect(cpus(await seated(2, {}))).toEqual([
      [10, "0-1"],
      [11, "2-3"],
    ]);
    expect(cpus(await seated(2, {}, 4, [0]))).toEqual([
      [10, "1"],
      [11, "2-3"],
    ]);
    expect(cpus(await seated(2, {}, 2, [0]))).toEqual([
      [10, "1"],
      [11, "2"],
    ]);
  });

  it("are refused with the process that has the CPUs", async () => {
    const holder = `other jobs of tsmpi have bound ranks here: process ${process.pid} has`;
    await expect(seated(1, {}, undefined, [0, 1, 2, 3])).rejects.toThrow(
      `--bind-to share: no CPU is free for them on this host (${holder} 0-3)`,
    );
    await expect(seated(3, { bindTo: "core" }, undefined, [0, 3])).rejects.toThrow(
      `--bind-to core: 3 ranks, and 2 cores for them on this host (${holder} 0,3); --bind-to share lets ranks share cores`,
    );
    await expect(seated(1, { bindTo: "none", cpus: { 10: [2] } }, undefined, [2])).rejects.toThrow(
      `rank 10 of --rankfile: its CPUs are not free on this host (${holder} 2)`,
    );
  });

  it("are those of a rank file, within what the job may use", async () => {
    const seats = await seated(2, { bindTo: "none", cpus: { 11: [1, 3] } });
    expect(cpus(seats)).toEqual([
      [10, "any of 0-3"],
      [11, "1,3"],
    ]);
    await expect(seated(1, { bindTo: "none", cpus: { 10: [4] } })).rejects.toThrow(
      "rank 10 of --rankfile: CPU 4 may not be used on this host, which has 0-3 for the job",
    );
  });

  it("tell whether ranks have to wait for each other's CPUs", async () => {
    expect((await seated(4, { bindTo: "core" })).cpus).toBe(4);
    expect((await seated(2, { bindTo: "numa" })).cpus).toBe(4);
    expect((await seated(6, {})).cpus).toBe(4);
    expect((await seated(3, { bindTo: "none", cpus: { 10: [0], 11: [0] } })).cpus).toBe(2);
  });
});
