import { spawn } from "node:child_process";
import { cpSync, existsSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { availableParallelism } from "node:os";
import { basename, join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { PNG } from "pngjs";
import { describe, expect, it } from "vitest";
import { folder, processesWith, runTsmpi, start as startTsmpi, until } from "../support/run-tsmpi.ts";
import { perTier } from "../support/tier.ts";

const examples = fileURLToPath(new URL("../../packages/examples/", import.meta.url));
const scripts = readdirSync(examples).filter((name) => name.endsWith(".ts"));

/** Some pixels of mandelbrot.ts, 90 pixels wide, where colours change slowly: red, green, blue, opacity. */
const pixels = [
  { x: 0, y: 0, colour: [225, 149, 0, 255] }, // gold
  { x: 89, y: 0, colour: [4, 5, 81, 255] }, // midnight
  { x: 42, y: 30, colour: [229, 249, 253, 255] }, // white
  { x: 30, y: 50, colour: [104, 159, 221, 255] }, // pale blue
  { x: 89, y: 59, colour: [15, 56, 150, 255] }, // blue
];

/** Runs an example with these arguments in this directory and gives its standard output. */
type Start = (script: string, args: string[], cwd: string) => Promise<string>;

const underTsmpi =
  (ranks: number): Start =>
  async (script, args, cwd) => {
    const { code, stdout, stderr } = await runTsmpi(["run", "-n", String(ranks), join(examples, script), ...args], {
      cwd,
    });
    expect({ code, stderr: withoutSlots(stderr) }).toEqual({ code: 0, stderr: "" });
    return stdout;
  };

/** Without tsmpi: a world of one. The loader is found from the script's directory, so that is where Node starts. */
const alone: Start = async (script, args) => {
  const child = spawn(process.execPath, ["--import", "tsmpi/register", script, ...args], { cwd: examples });
  const ended = new Promise((resolve) => child.once("close", resolve));
  const [code, stdout, stderr] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return stdout;
};

/** The heat of heat2d.ts after so many steps, by one loop over all points. */
function plateAfter(steps: number): Float64Array {
  const [rows, columns] = [240, 360];
  const width = columns + 2;
  let now = new Float64Array((rows + 2) * width);
  for (let i = 1; i <= rows; i++) {
    now[i * width] = 100;
    for (let j = 1; j <= columns; j++) {
      if (Math.hypot(i - 1 - rows / 2, j - 1 - columns / 2) < rows / 8) now[i * width + j] = 80;
    }
  }
  for (let step = 0; step < steps; step++) {
    const next = now.slice();
    for (let i = 1; i <= rows; i++) {
      for (let at = i * width + 1; at <= i * width + columns; at++) {
        const around = now[at - width]! + now[at + width]! + now[at - 1]! + now[at + 1]!;
        next[at] = now[at]! + 0.2 * (around - 4 * now[at]!);
      }
    }
    now = next;
  }
  return Float64Array.from(
    { length: rows * columns },
    (_, k) => now[(Math.floor(k / columns) + 1) * width + 1 + (k % columns)]!,
  );
}

const counts = perTier({ quick: [3], full: [1, 2, 3, 8] });
const starts = counts.map((ranks): [string, number, Start] => [`tsmpi run -n ${ranks}`, ranks, underTsmpi(ranks)]);
describe.each<[string, number, Start]>([["node --import tsmpi/register", 1, alone], ...starts])(
  "%s",
  (_command, ranks, start) => {
    it("hello.ts: every rank says who it is", async () => {
      expect((await lines(start, "hello.ts")).sort()).toEqual(greetings(ranks));
    });

    it("basic.ts: the function's value, and the mapped list", async () => {
      expect(await lines(start, "basic.ts")).toEqual(["5", "[2,3,4]"]);
    });

    it("pi.ts: estimates that come closer to pi, in one process and over all ranks", async () => {
      const [header, ...rows] = (await lines(start, "pi.ts", "6")).map((line) => line.trim().split(/\s{2,}/));
      const [times, speedUp, done] = rows.slice(-3);
      const estimates = rows.slice(0, -3).map((row) => row.map(Number));
      expect(header).toEqual(["trials", "one process", `${ranks} ranks`]);
      expect(estimates.map(([trials]) => trials)).toEqual([10, 100, 1000, 10_000, 100_000, 1_000_000]);
      for (const [trials, ...pis] of estimates) {
        // The standard deviation of an estimate is 1.64 / sqrt(trials): five of them.
        for (const pi of pis) expect(Math.abs(pi - Math.PI)).toBeLessThan(8.2 / Math.sqrt(trials!));
        if (ranks === 1) expect(pis[1]).toBe(pis[0]);
      }
      expect(times).toEqual(["time (s)", expect.stringMatching(/^\d+\.\d{3}$/), expect.stringMatching(/^\d+\.\d{3}$/)]);
      expect(speedUp).toEqual(["speed-up", expect.stringMatching(/^\d+\.\d\d$/)]);
      const cpus = availableParallelism();
      expect(done).toEqual([`1111110 darts, thrown twice: by one process, and by ${ranks} ranks on ${cpus} CPUs`]);
    });

    it("pi.ts: the same seed gives the same estimates, another seed others", async () => {
      const estimates = async (seed: string): Promise<string[]> =>
        (await lines(start, "pi.ts", "4", seed)).slice(0, -3);
      const first = await estimates("7");
      expect(await estimates("7")).toEqual(first);
      expect(await estimates("8")).not.toEqual(first);
    });

    it("ring.ts: the sum of all ranks, and the token's way", async () => {
      const way = [...Array(ranks).keys(), 0].join(" -> ");
      const sum = (ranks * (ranks - 1)) / 2;
      expect(await lines(start, "ring.ts")).toEqual([`The ranks add up to ${sum}.`, `The token's way: ${way}`]);
    });

    it("scatter-gather.ts: mean and standard deviation of 0 to n - 1", async () => {
      const n = 300_007;
      const [mean, deviation, last] = [(n - 1) / 2, Math.sqrt((n * n - 1) / 12), Math.sqrt((3 * (n - 1)) / (n + 1))];
      expect(await lines(start, "scatter-gather.ts", String(n))).toEqual([
        `numbers             ${n}`,
        `mean                ${mean.toFixed(3)}`,
        `standard deviation  ${deviation.toFixed(3)}`,
        `first, last         ${(-last).toFixed(3)}, ${last.toFixed(3)} deviations from the mean`,
      ]);
    });

    it("mandelbrot.ts: a picture with blue, gold and white in the right places", async () => {
      const file = join(folder(), "picture.png");
      const output = await lines(start, "mandelbrot.ts", file, "90");
      expect(output).toEqual([`${file}: 90 x 60, painted by ${ranks} ranks`]);
      const { width, height, data } = PNG.sync.read(readFileSync(file));
      expect([width, height]).toEqual([90, 60]);
      for (const { x, y, colour } of pixels) {
        const pixel = [...data.subarray(4 * (y * width + x), 4 * (y * width + x + 1))];
        const off = Math.max(...colour.map((value, i) => Math.abs(value - pixel[i]!)));
        expect(off, `pixel (${x}, ${y}) is ${pixel}`).toBeLessThanOrEqual(2); // logarithms may differ in the last bit
      }
    });

    it("heat2d.ts: the plate of a program without ranks, bit by bit, in a .npy file and a picture; goes on where it stopped", async () => {
      const name = join(folder(), "plate");
      expect(await lines(start, "heat2d.ts", name)).toEqual([`mean temperature 5.4644; ${name}.npy, ${name}.png`]);
      const elements = (): Float64Array =>
        new Float64Array(new Uint8Array(readFileSync(`${name}.npy`)).slice(128).buffer);
      expect(elements()).toEqual(plateAfter(500));
      const { width, height } = PNG.sync.read(readFileSync(`${name}.png`));
      expect([width, height]).toEqual([360, 240]);
      await lines(start, "heat2d.ts", name, "resume");
      expect(elements()).toEqual(plateAfter(1000));
    });

    it("mandelbrot-file.ts: a picture in one file", async () => {
      const file = join(folder(), "set.pgm");
      expect(await lines(start, "mandelbrot-file.ts", file, "90")).toEqual([
        `${file}: 90 x 60, written by ${ranks} ranks`,
      ]);
      const picture = readFileSync(file);
      expect(picture.subarray(0, 13).toString()).toBe("P5 90 60 255\n");
      const at = (x: number, y: number): number => picture[13 + y * 90 + x]!;
      expect(picture.length).toBe(13 + 90 * 60);
      expect([at(0, 0), at(60, 30), at(89, 59)].map((grey) => grey > 128)).toEqual([true, false, true]);
      for (let y = 1; y < 60; y++) expect(at(0, y)).toBe(at(0, 60 - y)); // the set is its own mirror image
    });

    it("counter.ts: the longest Collatz sequence, of chunks that are drawn once each", async () => {
      expect(await lines(start, "counter.ts", "20000")).toEqual([
        "below 20000 the longest sequence begins at 17647: 278 steps",
        "20 chunks of 1000",
      ]);
    });

    it("histogram.ts: as many throws as were made, with their mean and deviation", async () => {
      expect(await lines(start, "histogram.ts", "100000")).toEqual([
        "100000 throws in 1000000 bins",
        "mean 500665, standard deviation 143835",
      ]);
    });

    it("survivor.ts: the heat stays, and a second run goes on where the first one stopped", async () => {
      const state = join(folder(), "state");
      expect(await lines(start, "survivor.ts", "501", state)).toEqual([
        "step 501: heat 2000.000000, 94 cells between hot and cold",
      ]);
      const again = await lines(start, "survivor.ts", "502", state);
      expect(again[0]).toMatch(/^going on from step 500 with \d ranks$/);
      expect(again.slice(1)).toEqual(["step 502: heat 2000.000000, 94 cells between hot and cold"]);
    });

    it("jacobi.ts: residuals and mean that do not depend on how many ranks there are", async () => {
      expect(await lines(start, "jacobi.ts")).toEqual([
        "sweep 100: residual 0.242137",
        "sweep 200: residual 0.120754",
        "sweep 300: residual 0.079350",
        "sweep 400: residual 0.057876",
        "sweep 500: residual 0.044526",
        "mean temperature 15.3579",
      ]);
    });

    it("master-worker.ts: the number of primes", async () => {
      expect(await lines(start, "master-worker.ts")).toEqual(["17984 primes below 200000"]);
    });
  },
);

it("survivor.ts ends as if nothing had happened when its ranks are killed, in one run with --restarts", async () => {
  const state = join(folder(), "state");
  const options = ["run", "-n", "3", "--restarts", "9", join(examples, "survivor.ts"), "3000", state];
  const running = startTsmpi(options);
  const kill = async (checkpoints: number): Promise<void> => {
    await until(
      () => existsSync(state) && readdirSync(state).some((name) => Number(name.split("-")[0]) > checkpoints),
      "saved",
    );
    const [victim] = processesWith(state).filter((pid) =>
      /single-threaded-gc/.test(readFileSync(`/proc/${pid}/cmdline`, "utf8")),
    );
    process.kill(victim as number, "SIGKILL");
  };
  await kill(1);
  await running.shows("going on from step");
  await kill(4);
  const { code, stdout, stderr } = await running.result;
  expect(stdout.trimEnd().split("\n").at(-1)).toBe("step 3000: heat 2000.000000, 228 cells between hot and cold");
  expect(stderr.match(/starting again/g)).toHaveLength(2);
  expect(code).toBe(0);
});

const many = perTier({ quick: 16, full: 64 });
it(`hello.ts runs on ${many} ranks`, async () => {
  expect((await lines(underTsmpi(many), "hello.ts")).sort()).toEqual(greetings(many));
});

describe("job scripts", () => {
  const nameOption = { pbs: "#PBS -N ", slurm: "#SBATCH --job-name=", sge: "#$ -N " };

  it.each(["pbs", "slurm", "sge"] as const)("for %s stand beside every example and name it", (end) => {
    const jobs = readdirSync(examples).filter((name) => name.endsWith(`.${end}`));
    expect(jobs.map((job) => `${basename(job, `.${end}`)}.ts`).sort()).toEqual([...scripts].sort());
    for (const job of jobs) {
      const name = basename(job, `.${end}`);
      const content = readFileSync(join(examples, job), "utf8");
      expect(content).toContain(`${nameOption[end]}${name}\n`);
      const options = name === "survivor" ? " --restarts 9" : "";
      expect(content).toContain(`tsmpi run -n 4${options} ${name}.ts > ${name}.out\n`);
    }
  });

  it("run from any directory, as a job's shell runs them, and leave the output in the job's own", async () => {
    const directory = folder();
    cpSync(join(examples, "hello.ts"), join(directory, "hello.ts"));
    symlinkSync(join(examples, "node_modules"), join(directory, "node_modules"));
    const path = fileURLToPath(new URL("../../node_modules/.bin", import.meta.url));
    const job = spawn("bash", [join(examples, "hello.pbs")], {
      cwd: "/",
      env: { ...process.env, PATH: `${path}:${process.env["PATH"]}`, PBS_O_WORKDIR: directory },
      stdio: "ignore",
    });
    expect(await new Promise((resolve) => job.once("close", resolve))).toBe(0);
    const output = readFileSync(join(directory, "hello.out"), "utf8");
    expect(output.trimEnd().split("\n").sort()).toEqual(greetings(4));
  });
});

async function lines(start: Start, script: string, ...args: string[]): Promise<string[]> {
  const output = await start(script, args, folder());
  return output.replace(/\n$/, "").split("\n");
}

function greetings(ranks: number): string[] {
  return Array.from({ length: ranks }, (_, rank) => `I am rank ${rank} in group of ${ranks} processes.`).sort();
}

/** What the launcher says when there are more ranks than CPUs depends on the machine. */
function withoutSlots(stderr: string): string {
  return stderr.replace(/^tsmpi: \d+ ranks share \d+ slots? \(.*\)\n/m, "");
}
