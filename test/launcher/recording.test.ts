import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import type { ReportData } from "../../packages/launcher/src/performance/report-data.ts";
import { reportDataOf } from "../../packages/launcher/src/performance/report-data-of.ts";
import { readRecording } from "../../packages/launcher/src/recording/archive.ts";
import type { RankRecording, RunRecording } from "../../packages/launcher/src/recording/recording.ts";
import { checkTrace } from "../performance/trace-rules.ts";
import { folder, type Result, runTsmpi } from "../support/run-tsmpi.ts";

const begin = `import { init, sum } from "tsmpi";
const world = await init();
const { rank, size } = world;
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const compute = (ms) => { const end = performance.now() + ms; while (performance.now() < end); };
`;

interface Recorded {
  result: Result;
  recording: RunRecording;
  data: ReportData;
}

/** Runs a script and reads what it has recorded. */
async function recorded(script: string, ...args: string[]): Promise<Recorded> {
  const cwd = folder({ "main.mjs": `${begin}${script}` });
  const result = await runTsmpi(["run", "--record", "run.tsrec", ...args, "main.mjs"], { cwd });
  const recording = await readRecording(join(cwd, "run.tsrec"));
  return { result, recording, data: reportDataOf(recording) };
}

function callsOf({ sums }: RankRecording): Record<string, number> {
  const calls: Record<string, number> = {};
  for (const { operation, calls: some } of sums) calls[operation] = (calls[operation] ?? 0) + some;
  return calls;
}

describe("a recording counts as the program does", () => {
  it("messages and bytes from each rank to each other one", async () => {
    // Every rank sends rank + 1 messages to all ranks above it; what arrives is counted by its own status.
    const script = `
const counts = Array.from({ length: size }, () => [0, 0]);
const values = [7, "some text", new Float64Array(500), { a: [1, 2, 3] }, new Float64Array(300_000)];
const sends = [];
for (let dest = rank + 1; dest < size; dest++) {
  for (let i = 0; i <= rank; i++) sends.push(world.send(values[(i + dest) % values.length], { dest, tag: i }));
}
for (let source = 0; source < rank; source++) {
  for (let i = source; i >= 0; i--) { // in another order than they were sent
    const { bytes } = await world.recvMessage({ source, tag: i });
    counts[source][0]++;
    counts[source][1] += bytes;
  }
}
await Promise.all(sends);
console.log(JSON.stringify({ rank, counts }));`;
    const { result, recording } = await recorded(script, "-n", "4");
    const seen = new Map(
      result.stdout
        .trim()
        .split("\n")
        .map((line) => {
          const { rank, counts } = JSON.parse(line) as { rank: number; counts: [number, number][] };
          return [rank, counts] as const;
        }),
    );
    for (const { rank: source, sent, sums } of recording.ranks) {
      const told = Object.fromEntries(
        sent.filter(({ messages }) => messages > 0).map(({ rank, messages, bytes }) => [rank, [messages, bytes]]),
      );
      const counted = Object.fromEntries(
        [...seen].filter(([rank]) => rank > source).map(([rank, counts]) => [rank, counts[source]]),
      );
      expect(told).toEqual(counted);
      const received = sums.filter(({ operation }) => operation === "recvMessage");
      expect(received.reduce((all, { bytes }) => all + bytes, 0)).toBe(
        seen.get(source)!.reduce((all, [, bytes]) => all + bytes, 0),
      );
    }
  });

  it("calls, also where they follow each other too fast to be timed", async () => {
    const script = `
for (let i = 0; i < 20_000; i++) await world.barrier();
for (let i = 0; i < 5000; i++) {
  if (rank === 0) await world.send(i, { dest: 1 });
  else await world.recv({ source: 0 });
}
await world.allgather(rank);`;
    const { recording } = await recorded(script, "-n", "2");
    const [first, second] = recording.ranks.map(callsOf);
    expect(first).toEqual({ barrier: 20_000, send: 5000, allgather: 1 });
    expect(second).toEqual({ barrier: 20_000, recv: 5000, allgather: 1 });
    for (const { events, keeps } of recording.ranks) {
      expect(events.began.length).toBeGreaterThan(2000);
      expect(events.began.length * keeps).toBeGreaterThan(20_000);
    }
  });

  it("the time that ranks wait for another one, within 5 %", async () => {
    // Each rank tells when it began each call; whoever is late is waited for.
    const script = `
const clock = () => performance.timeOrigin + performance.now();
const began = [];
const first = clock();
await world.barrier();
for (let i = 0; i < 5; i++) {
  if (rank === 1) await sleep(60);
  const together = clock();
  await world.allreduce(i, sum);
  if (rank === 1) await sleep(40);
  const message = clock();
  if (rank === 0) await world.recv({ source: 1 });
  else if (rank === 1) await world.send(i, { dest: 0 });
  began.push([together, message]);
}
console.log(JSON.stringify([rank, began, first]));`;
    const { result, data } = await recorded(script, "-n", "3");
    const lines = result.stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as [number, [number, number][], number]);
    const inOrder = lines.sort(([a], [b]) => a - b);
    const began = inOrder.map(([, times]) => times);
    const first = inOrder.map(([, , time]) => time);
    let expected = Math.max(...first) - first[0]!;
    for (const [i, [together, message]] of began[0]!.entries()) {
      expected += Math.max(0, Math.max(...began.map((times) => times[i]![0])) - together);
      expected += Math.max(0, began[1]![i]![1] - message);
    }
    const waits = data.waitedFor.filter(([rank]) => rank === 0);
    const told = waits.reduce((all, [, , ms]) => all + ms, 0);
    expect(Math.abs(told / expected - 1)).toBeLessThan(0.05);
    expect(waits.find(([, rank]) => rank === 1)![2] / told).toBeGreaterThan(0.6);
  });

  it("phases, nested ones too, and tasks of a map", async () => {
    const script = `
await world.phase("outer", async () => {
  compute(20);
  await world.phase("inner", () => sleep(30));
});
await world.map((x) => { compute(3); return x; }, Array.from({ length: 40 }, (_, i) => i));`;
    const { recording } = await recorded(script, "-n", "2");
    for (const { phases } of recording.ranks) {
      expect(phases.map(({ name }) => name)).toEqual(["", "outer", "outer/inner"]);
      expect(phases[1]!.ms).toBeGreaterThanOrEqual(20);
      expect(phases[2]!.ms).toBeGreaterThanOrEqual(29);
      expect(phases[1]!.inCallsMs).toBe(0);
    }
    const tasks = recording.ranks.flatMap(({ events, sums }) =>
      Array.from(events.key).filter((_, i) => sums[events.sums[i]!]!.operation === "task"),
    );
    expect(tasks.sort((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, i) => i));
  });

  it("tasks that failed, and that were done again", async () => {
    const script = `
await world.map((x, { attempt }) => {
  if (x > 2 && attempt === 1) throw new Error("fails at first");
  return x;
}, [1, 2, 3, 4], { retries: 1 });`;
    const { data } = await recorded(script, "-n", "3");
    const [map] = data.maps;
    expect(map).toMatchObject({ tasks: 6, failures: 2, retries: 2 });
  });

  it("computing that overlaps with a call as computing", async () => {
    const script = `
await world.barrier();
if (rank === 0) {
  const message = world.recv({ source: 1 });
  compute(200);
  await message;
} else {
  compute(250);
  await world.send(new Float64Array(10), { dest: 0 });
}`;
    const { recording } = await recorded(script, "-n", "2");
    const { bins } = recording.ranks[0]!;
    const blocked = bins.messages.reduce((all, ms) => all + ms, 0);
    expect(blocked).toBeGreaterThan(30);
    expect(blocked).toBeLessThan(150);
  });

  it("lines of the program", async () => {
    const script = `
for (let i = 0; i < 30; i++) {
  await world.allreduce(i, sum); // line 8
}
await world.gather(rank); // line 10`;
    const { recording } = await recorded(script, "-n", "2", "--record-lines");
    for (const { sums, sites } of recording.ranks) {
      const lines = sums
        .filter(({ calls }) => calls > 0)
        .map(({ operation, site, calls }) => [operation, sites[site], calls]);
      expect(lines).toEqual([
        ["allreduce", "main.mjs:8", 30],
        ["gather", "main.mjs:10", 1],
      ]);
    }
  });
});

describe("a run that does not end well", () => {
  it("leaves what a killed rank had recorded", async () => {
    const script = `
for (let i = 0; ; i++) {
  await world.allreduce(i, sum);
  await sleep(1);
  if (rank === 1 && i === 50) process.kill(process.pid, "SIGKILL");
}`;
    const { result, recording, data } = await recorded(script, "-n", "3");
    expect(result.code).toBe(137);
    const [, killed] = recording.ranks;
    expect(killed!.complete).toBe(false);
    expect(callsOf(killed!)).toEqual({ allreduce: 51 });
    expect(recording.ending).toMatchObject({
      exitCode: 137,
      words: [expect.stringMatching(/^rank 1 of 3 .* killed by SIGKILL/)],
    });
    expect(data.advice[0]).toMatchObject({ kind: "failed", ranks: expect.arrayContaining([1]) });
  });

  it("shows a deadlock: the calls, the lines, who waits for whom", async () => {
    const { result, recording, data } = await recorded(
      "await world.recv({ source: (rank + 1) % size, tag: 3 });",
      "-n",
      "3",
      "--deadlock-after",
      "1",
    );
    expect(result.code).toBe(123);
    expect(recording.ending.deadlock).toEqual(
      [0, 1, 2].map((rank) => ({
        rank,
        call: `recv({ source: ${(rank + 1) % 3}, tag: 3 })`,
        site: "main.mjs:6",
        ranks: [(rank + 1) % 3],
      })),
    );
    expect(recording.ranks.map(({ lastCall }) => lastCall?.site)).toEqual(Array(3).fill("main.mjs:6"));
    expect(data.advice[0]!.kind).toBe("deadlock");
  });

  it("is shown when its time is up, with the rank that computes", async () => {
    const { result, recording } = await recorded(
      "if (rank === 1) compute(1e6); await world.barrier();",
      "-n",
      "2",
      "--timeout",
      "2",
      "--kill-after",
      "0.5",
    );
    expect(result.code).toBe(124);
    expect(recording.ranks[0]!.lastCall).toMatchObject({ operation: "barrier", site: "main.mjs:6" });
    expect(recording.ranks[1]!.complete).toBe(false);
  });

  it("is shown when ranks ended before init()", async () => {
    const cwd = folder({ "main.mjs": "process.exit(3)" });
    const result = await runTsmpi(["run", "-n", "2", "--report", "r.html", "--record", "r.tsrec", "main.mjs"], { cwd });
    expect(result.code).toBe(3);
    expect((await readRecording(join(cwd, "r.tsrec"))).ranks.map(({ sums }) => sums)).toEqual([[], []]);
    expect(readFileSync(join(cwd, "r.html"), "utf8")).toContain("</html>");
  });
});

describe("files of a recorded run", () => {
  const script = `${begin}
if (rank === 0) await world.send("hello", { dest: 1 });
else await world.recv();
await world.barrier();
`;

  it("are a page, a trace, a recording, and lines", async () => {
    const cwd = folder({ "main.mjs": script });
    const files = ["--report", "r.html", "--trace", "t.json.gz", "--record", "r.tsrec", "--summary"];
    const { code, stderr } = await runTsmpi(["run", "-n", "2", ...files, "main.mjs"], { cwd });
    expect(code).toBe(0);
    expect(stderr).toMatch(/^run +\S+ ms, 2 ranks on .*\nefficiency +\d+ % = load balance/);
    const events = checkTrace(gunzipSync(readFileSync(join(cwd, "t.json.gz"))).toString());
    expect(events.filter(({ ph }) => ph === "s")).toHaveLength(1);
    const names = new Set(events.filter(({ ph }) => ph === "X").map(({ name }) => name));
    expect(["send", "recv", "barrier"].filter((name) => !names.has(name))).toEqual([]);
    const page = await runTsmpi(["report", "r.tsrec", "-o", "again.html"], { cwd });
    expect(page).toMatchObject({ code: 0, stdout: "again.html is written\n" });
    expect(readFileSync(join(cwd, "again.html"), "utf8")).toBe(readFileSync(join(cwd, "r.html"), "utf8"));
    expect((await runTsmpi(["report", "--compare", "r.tsrec", "r.tsrec"], { cwd })).stdout).toMatch(
      /^time +(\S+ ms) +\1$/m,
    );
    const scaling = await runTsmpi(["report", "--scaling", "r.tsrec", "r.tsrec"], { cwd });
    expect(scaling.stdout).toMatch(/^run +ranks .*\nr\.tsrec +2 .* 1\.00 /);
  });

  it("are refused before the job starts where they cannot be written", async () => {
    const cwd = folder({ "main.mjs": 'console.log("started")' });
    for (const words of ["--report no/such/r.html", "--trace no/such/t.json", "--record no/such/r.tsrec"]) {
      expect(await runTsmpi(["run", "-n", "1", ...words.split(" "), "main.mjs"], { cwd })).toMatchObject({
        code: 2,
        stdout: "",
        stderr: `tsmpi: ${words}: cannot be written, no such file or directory\n`,
      });
    }
  });

  it.each([
    ["--report main.mjs", /^tsmpi: --report main\.mjs: a name that ends in \.html is needed$/],
    ["--trace main.mjs", /^tsmpi: --trace main\.mjs: a name that ends in \.json is needed$/],
    ["--record r.json", /^tsmpi: --record r\.json: a name that ends in \.tsrec is needed$/],
    ["--report r.html --report= r.html", /^tsmpi: --report: a file is missing$/],
    ["--record-lines", /^tsmpi: --record-lines: what is to be made of the recording\?/],
  ])("overwrite nothing and mean something: %s", async (options, words) => {
    const cwd = folder({ "main.mjs": 'console.log("started")' });
    const result = await runTsmpi(["run", "-n", "1", ...options.split(" "), "main.mjs"], { cwd });
    expect(result).toMatchObject({ code: 2, stdout: "" });
    expect(result.stderr.trim()).toMatch(words);
    expect(readFileSync(join(cwd, "main.mjs"), "utf8")).toBe('console.log("started")');
  });

  it("that do not fit on the disk are told, and fail a job that has ended well", async () => {
    const cwd = folder({ "main.mjs": script });
    const { code, stderr } = await runTsmpi(["run", "-n", "2", "--record", "/dev/full", "main.mjs"], { cwd });
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: "tsmpi: --record /dev/full: cannot be written, no space left on device\n",
    });
  });

  it("stay as they were until the new ones are whole", async () => {
    const cwd = folder({ "main.mjs": "process.exit(4)", "r.html": "before" });
    await runTsmpi(["run", "-n", "99999", "--report", "r.html", "main.mjs"], { cwd }); // is refused
    expect(readFileSync(join(cwd, "r.html"), "utf8")).toBe("before");
    await runTsmpi(["run", "-n", "1", "--report", "r.html", "main.mjs"], { cwd });
    expect(readFileSync(join(cwd, "r.html"), "utf8")).toContain("</html>");
    expect(existsSync(join(cwd, ".part-r.html"))).toBe(false);
  });

  it.each([
    [["no.tsrec"], /^tsmpi: no\.tsrec: .*no such file/],
    [["main.mjs"], /^tsmpi: main\.mjs: .*recording/],
    [["cut.tsrec"], /^tsmpi: cut\.tsrec: .*/],
    [["--compare", "r.tsrec"], /^tsmpi: --compare: two recordings are needed/],
    [["--scaling", "r.tsrec"], /^tsmpi: --scaling: recordings of the same program/],
    [["r.tsrec", "r.tsrec"], /^tsmpi: 2 recordings: --compare or --scaling/],
    [["r.tsrec", "-o", "run.pdf"], /^tsmpi: --output run\.pdf: FILE\.html is a page/],
    [["r.tsrec", "-o", "no/such.html"], /^tsmpi: no\/such\.html: cannot be written, no such file or directory/],
    [[], /^tsmpi: .*missing.*recording|which recording/],
  ])("tsmpi report %j is refused with a sentence", async (args, words) => {
    const cwd = folder({ "main.mjs": script });
    await runTsmpi(["run", "-n", "2", "--record", "r.tsrec", "main.mjs"], { cwd });
    const whole = readFileSync(join(cwd, "r.tsrec"));
    writeFileSync(join(cwd, "cut.tsrec"), whole.subarray(0, whole.length / 2));
    const { code, stdout, stderr } = await runTsmpi(["report", ...args], { cwd });
    expect({ isFailure: code !== 0, stdout }).toEqual({ isFailure: true, stdout: "" });
    expect(stderr).toMatch(words);
    expect(stderr.trim().split("\n")).toHaveLength(1);
  });
});

describe("without a recording", () => {
  it("the calls are the program's own", async () => {
    const script = `${begin}console.log(/recorder|recorded/.test([world.barrier, world.send, world.map].map(String).join()));`;
    const cwd = folder({ "main.mjs": script });
    expect((await runTsmpi(["run", "-n", "1", "main.mjs"], { cwd })).stdout).toBe("false\n");
    expect((await runTsmpi(["run", "-n", "1", "--summary", "main.mjs"], { cwd })).stdout).toBe("true\n");
  });
});
