import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { reportDataOf } from "../../packages/launcher/src/performance/report-data-of.ts";
import { readRecording } from "../../packages/launcher/src/recording/archive.ts";
import { type Hosts, makeHosts, multihost } from "../support/multihost.ts";
import { PbsJob } from "../support/pbs-job.ts";
import { folder } from "../support/run-tsmpi.ts";

/** All ranks of the first host send to all of the second, and wait for their answers. */
const script = `import { init } from "tsmpi";
const world = await init();
const { rank, size } = world;
const half = size / 2;
for (let i = 0; i < 20; i++) {
  if (rank < half) {
    await world.send(new Float64Array(1000), { dest: rank + half, tag: i });
    await world.recv({ source: rank + half });
  } else {
    await world.recv({ source: rank - half });
    await world.send(i, { dest: rank - half });
  }
}
await world.barrier();
`;

describe.runIf(multihost.possible)("a recorded run on two hosts", () => {
  let hosts: Hosts;
  let job: PbsJob;
  beforeAll(async () => {
    hosts = await makeHosts(["a", "b"]);
    job = new PbsJob(hosts, ["a", "a", "b", "b"], "openpbs");
  });
  afterAll(() => {
    job?.end();
    hosts?.remove();
  });

  test("has the ranks of both, on one clock: no message is received before it was sent", async () => {
    const cwd = folder({ "main.mjs": script });
    const { code, stderr } = await job.script(`cd ${cwd}; tsmpi run --record run.tsrec main.mjs`).result;
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const recording = await readRecording(join(cwd, "run.tsrec"));
    expect(recording.about.hosts.map(({ name, ranks }) => [name, ranks])).toEqual([
      ["a", [0, 1]],
      ["b", [2, 3]],
    ]);
    expect(recording.about.job).toMatch(/^PBS job /);
    const { clockErrorMs } = recording.about.hosts[1]!;
    expect(clockErrorMs).toBeGreaterThan(0);
    let messages = 0;
    for (const [source, dest] of [
      [0, 2],
      [2, 0],
      [1, 3],
      [3, 1],
    ] as const) {
      const [from, to] = [recording.ranks[source]!, recording.ranks[dest]!];
      const sent = eventsOf(from, "send", dest);
      for (const { key, ended } of eventsOf(to, "recv", source)) {
        const message = sent.find((each) => each.key === key)!;
        expect(ended).toBeGreaterThan(message.began - 2 * clockErrorMs);
        messages++;
      }
    }
    expect(messages).toBe(80);
    const { traffic } = reportDataOf(recording);
    expect(traffic.filter(([, , count]) => count > 0).map(([from, to, count]) => [from, to, count])).toEqual([
      [0, 2, 20],
      [1, 3, 20],
      [2, 0, 20],
      [3, 1, 20],
    ]);
  });
});

function eventsOf(
  { events, sums }: Awaited<ReturnType<typeof readRecording>>["ranks"][number],
  operation: string,
  peer: number,
): { key: number; began: number; ended: number }[] {
  return Array.from(events.began, (began, i) => ({
    began,
    ended: began + events.ms[i]!,
    key: events.key[i]!,
    i,
  })).filter(({ i }) => sums[events.sums[i]!]!.operation === operation && events.peer[i] === peer);
}
