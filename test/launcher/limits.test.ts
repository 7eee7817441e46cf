import { describe, expect, it } from "vitest";
import { folder, shell } from "../support/run-tsmpi.ts";

const world = `import { init, sum } from "tsmpi";
const world = await init();
console.log(await world.allreduce(new Float64Array(1e5).fill(1), sum).then((all) => all[7]));
`;
const files = {
  "fetch.mjs": `${world}typeof fetch; new WebAssembly.Memory({ initial: 1, maximum: 10 });\n`,
  "world.ts": world,
  "world.js": world, // only its syntax says that it is a module
  "busy.mjs": "for (;;) {}",
  "large.mjs": "await 0; new ArrayBuffer(8e9);",
  "peak.mjs": `${world}import { readFileSync } from "node:fs";
console.log(Number(/VmPeak:\\s*(\\d+)/.exec(readFileSync("/proc/self/status", "utf8"))[1]));`,
  "print.mjs": "console.log(1);",
  "write.mjs": 'import { writeFileSync } from "node:fs"; writeFileSync("x", Buffer.alloc(4e6));',
};

/** Node 24 and later do not start with less than 600 MB. */
const leastData = Number.parseInt(process.versions.node, 10) < 24 ? 200_000 : 1_000_000;

/** Limits for `tsmpi` and all that it starts, in the units of `ulimit`. */
const limited = (limits: string, line: string) => shell(`ulimit ${limits} && ${line}`, { cwd: folder(files) }).result;

describe("a job under the limits of its shell", () => {
  it.each(["-v 1500000", "-v 3000000", "-v 6000000", "-v 12000000", `-d ${leastData}`, "-s 1024", "-n 64", "-l 0"])(
    "runs with ulimit %s",
    async (limits) => {
      for (const script of ["world.ts", "world.js"]) {
        const result = await limited(limits, `tsmpi run -n 2 ${script}`);
        expect(result).toMatchObject({ code: 0, stdout: "2\n2\n", stderr: "" });
      }
    },
  );

  it("takes few addresses where they are few: a thread of the C library does not reserve its own", async () => {
    const peak = async (before: string) =>
      Number((await limited("-v 1500000", `${before} tsmpi run -n 1 peak.mjs`)).stdout.split("\n")[1]);
    expect(await peak("")).toBeLessThan((await peak("MALLOC_ARENA_MAX=16")) - 100_000); // KiB
  });

  it.each(["-v 3000000", "-v 6000000"])("has WebAssembly and fetch with ulimit %s", async (limits) => {
    const result = await limited(limits, "tsmpi run -n 2 fetch.mjs");
    expect(result).toMatchObject({ code: 0, stdout: "2\n2\n", stderr: "" });
  });

  it.each([
    [
      "-t 3",
      "run -n 2 busy.mjs",
      /^tsmpi: rank \d of 2 .* was killed by SIG(KILL|XCPU) \(its limit of CPU time is 3 s, ulimit -t/m,
    ],
    [
      "-v 2000000",
      "run -n 1 large.mjs",
      /exit code 1 \(its address space is limited by ulimit -v, which PBS sets for pvmem/,
    ],
    ["-f 2048", "run -n 1 write.mjs", /exit code 1 \(the limit of file sizes was reached, ulimit -f\)/],
    ["-f 0", "run -n 1 print.mjs", /the limit of file sizes is reached \(ulimit -f\)/],
  ])("that ends it is named: ulimit %s", async (limits, line, words) => {
    const { code, stderr } = await limited(limits, `tsmpi ${line}`);
    expect(code).toBeGreaterThan(0);
    expect(stderr).toMatch(words);
  });

  it("is known to the doctor", async () => {
    const { stdout } = await limited("-v 1500000 -t 600", "tsmpi doctor");
    expect(stdout).toMatch(
      /note: \S+ ulimit -v leaves 1 GiB of addresses: arrays have less room, WebAssembly is slower/,
    );
    expect(stdout).toMatch(/note: \S+ a rank is killed after 600 s of CPU time/);
    const { stdout: small, code } = await limited("-s 512", "tsmpi doctor");
    expect(small).toMatch(/wrong: \S+ ranks need 1 MiB and have 0 MiB of stack \(ulimit -s\)/);
    expect(code).toBe(1);
  });
});
