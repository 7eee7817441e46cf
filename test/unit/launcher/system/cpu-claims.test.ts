import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type Claim, CpuClaims } from "../../../../packages/launcher/src/system/cpu-claims.ts";
import { processStat } from "../../../../packages/launcher/src/system/process-stat.ts";
import { folder } from "../../../support/run-tsmpi.ts";

/** Claims the lowest `count` of CPUs 0 to 3 that are free. */
const lowest =
  (count: number) =>
  (others: readonly Claim[]): number[] => {
    const free = [0, 1, 2, 3].filter((cpu) => !others.some(({ cpus }) => cpus.includes(cpu)));
    if (free.length < count) throw new Error(`${free.length} are free`);
    return free.slice(0, count);
  };

describe("claims of CPUs", () => {
  it("keep jobs of a host apart, and end when they are released", async () => {
    const place = folder();
    const [first, second] = [new CpuClaims("a", place), new CpuClaims("b", place)];
    let seen: readonly Claim[] = [];
    const choose = (others: readonly Claim[]): number[] => {
      seen = others;
      return lowest(2)(others);
    };
    await first.claim(lowest(3));
    await expect(second.claim(choose)).rejects.toThrow("1 are free");
    expect(seen).toEqual([{ pid: process.pid, cpus: [0, 1, 2] }]);
    first.release();
    await second.claim(choose);
    expect(seen).toEqual([]);
    second.release();
    expect(readdirSync(place)).toEqual([]);
  });

  it("are made by many at once without two for one CPU", async () => {
    const place = folder();
    const chosen: number[][] = [];
    await Promise.all(
      ["a", "b", "c", "d"].map((job, index) =>
        new CpuClaims(job, place).claim((others) => {
          chosen[index] = lowest(1)(others);
          return chosen[index];
        }),
      ),
    );
    expect(chosen.flat().toSorted()).toEqual([0, 1, 2, 3]);
  });

  it("do not count for a job within the job that has made them", async () => {
    const place = folder();
    await new CpuClaims("outer", place).claim(lowest(4));
    await expect(new CpuClaims("inner", place).claim(lowest(4), "outer")).resolves.toBeUndefined();
  });

  it("end with their process, also if it is killed, or its id belongs to another one by now", async () => {
    const place = folder();
    const child = spawn("sleep", ["60"]);
    const start = Math.round(processStat(child.pid!)!.startedAt * 100);
    const claimOf = (pid: number, at: number): void =>
      writeFileSync(join(place, ["tsmpi-cpus", hostname(), pid, at, "x"].join(",")), "0,1,2,3");
    claimOf(child.pid!, start);
    const mine = new CpuClaims("mine", place);
    await expect(mine.claim(lowest(1))).rejects.toThrow("0 are free");
    child.kill("SIGKILL");
    await once(child, "exit");
    claimOf(process.pid, 1);
    await mine.claim(lowest(4));
    expect(readdirSync(place)).toHaveLength(1);
  });
});
