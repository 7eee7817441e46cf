import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Hosts, makeHosts, multihost } from "../support/multihost.ts";
import { PbsJob } from "../support/pbs-job.ts";
import type { Running } from "../support/run-tsmpi.ts";

const launcher = new URL("../../packages/launcher/dist/index.js", import.meta.url);
const attack = fileURLToPath(new URL("../support/attack.mjs", import.meta.url));
const lines = ["a", "a", "b", "b"];

/** Ranks exchange messages, and check every one, until rank 0 reads a line from its input. */
const program = `import assert from "node:assert/strict";
  import { init, sum } from "${launcher}";
  const world = await init();
  const { rank, size } = world;
  let over = false;
  if (rank === 0) process.stdin.once("data", () => { over = true; });
  let rounds = 0;
  for (let go = true; go; rounds++) {
    const data = new Float64Array(rounds % 10 === 0 ? 100_000 : 10).fill(rank * 1e6 + rounds);
    const sent = world.send(data, { dest: (rank + 2) % size });
    const got = await world.recv({ source: (rank + 2) % size });
    await sent;
    assert.deepEqual(got, data.fill(((rank + 2) % size) * 1e6 + rounds));
    assert.equal(await world.allreduce(rank, sum), 6);
    if (rounds === 20) console.log("up");
    if (rounds % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    go = !(await world.bcast(over));
  }
  if (rank === 0) process.stdin.destroy();
  if (rank === 0) console.log(rounds > 10 ? "right" : "too short");
  await world.close();
`;

/** All tcp sockets that are listened on, on a host: address and port. */
function listening(hosts: Hosts, host: string): string[] {
  return hosts.shell(host, "ss -Hltn | awk '{ print $4 }'").trim().split("\n").filter(Boolean);
}

/** Everything that a stranger on host c can think of, against these addresses. */
function attackFrom(hosts: Hosts, targets: readonly string[]): Promise<string> {
  const [enter, ...args] = hosts.enter("c");
  const child = spawn(enter as string, [...args, process.execPath, attack, ...targets], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (piece: string) => {
    text += piece;
  });
  return new Promise((resolve) => child.once("close", (code, signal) => resolve(text || `${code} ${signal}`)));
}

describe.runIf(multihost.possible)("strangers on the network of a running job", () => {
  let hosts: Hosts;
  let job: PbsJob;
  beforeAll(async () => {
    hosts = await makeHosts(["a", "b", "c"]);
    job = new PbsJob(hosts, lines, "openpbs");
    writeFileSync(join(hosts.directory, "busy.mjs"), program);
  });
  afterAll(() => {
    job?.end();
    hosts?.remove();
  });

  async function started(options: string): Promise<Running> {
    const running = job.script(`tsmpi run ${options} busy.mjs`);
    await running.shows("up", 4);
    return running;
  }

  async function ended(running: Running): Promise<string> {
    running.child.stdin?.end("enough\n");
    const { code, stdout, stderr } = await running.result;
    expect({ code, stdout }, stderr).toEqual({ code: 0, stdout: `${"up\n".repeat(4)}right\n` });
    return stderr;
  }

  test("say nothing, talk garbage or HTTP, flood, or speak ZeroMQ without the key: nothing changes", async () => {
    const running = await started("");
    const targets = ["a", "b"].flatMap((host) => listening(hosts, host)).filter((each) => each.startsWith("10.88."));
    expect(targets).toHaveLength(4); // one for each rank; the launcher's is closed, everybody being here
    expect(await attackFrom(hosts, targets)).toBe("done\n");
    expect(await ended(running)).toBe("");
  });

  test("change nothing without encryption either, and what they say is dropped and counted", async () => {
    const running = await started("--no-encrypt");
    const targets = ["a", "b"].flatMap((host) => listening(hosts, host)).filter((each) => each.startsWith("10.88."));
    expect(await attackFrom(hosts, targets)).toBe("done\n");
    expect(await ended(running)).toMatch(
      /^tsmpi: warning: \d+ messages that no rank of this job had sent came over the network, and were dropped\n$/,
    );
  });

  test("find nothing to connect to but the interface that was chosen", async () => {
    const running = await started("--interface eth0");
    for (const host of ["a", "b"]) {
      const found = listening(hosts, host);
      expect(found).toHaveLength(2);
      for (const each of found) expect(each).toMatch(/^10\.88\.0\.[12]:\d+$/);
    }
    await ended(running);
  });

  test("are turned away at the launcher's door while it waits for its agents, and counted", async () => {
    hosts.cut("b");
    const running = job.script("tsmpi run --verbose --launch-timeout 20 busy.mjs");
    try {
      await expect.poll(() => running.stderr, { timeout: 20_000 }).toMatch(/agents connect to /);
      const port = /agents connect to \S+?:(\d+)/.exec(running.stderr)?.[1];
      expect(await attackFrom(hosts, [`10.88.0.1:${port}`])).toBe("done\n");
    } finally {
      hosts.mend("b");
    }
    await running.shows("up", 4);
    expect(await ended(running)).toMatch(/ \d{3,} connections of strangers were turned away\n/);
  });
});
