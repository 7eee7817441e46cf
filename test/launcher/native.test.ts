import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { installedWithout } from "../support/installation.ts";
import { type Result, Running } from "../support/run-tsmpi.ts";

const script = `import { init, sum } from "tsmpi";
const world = await init();
const total: number = await world.allreduce(1, sum);
if (world.rank === 0) console.log(total);
`;

/** Runs the command of another installation, in its folder, with nothing transformed before. */
function run(command: string, ...args: string[]): Promise<Result> {
  const cwd = join(command, "../../../..");
  writeFileSync(join(cwd, "world.ts"), script);
  writeFileSync(join(cwd, "world.mjs"), script.replace(": number", ""));
  const { NODE_PATH: _, ...own } = process.env; // pnpm's, when it runs the tests: all packages are there
  const env = { ...own, XDG_CACHE_HOME: join(cwd, `cache-${args.join("-").replaceAll("/", "-")}`) };
  return new Running(spawn(process.execPath, [command, ...args], { cwd, env })).result;
}

const words = /has no binary for this machine \(\w+-\w+ with (glibc [\d.]+|musl)\): install on such a machine/;

describe("native binaries that are missing", () => {
  it("are named by the job that needs them, in one sentence, and by the doctor", async () => {
    const command = installedWithout("zeromq", "koffi", "esbuild", "oxc-parser");
    const [transform, meet, doctor] = await Promise.all([
      run(command, "run", "-n", "2", "world.ts"),
      run(command, "exec", "-n", "2", "node", "world.mjs"),
      run(command, "doctor"),
    ]);
    expect(transform).toMatchObject({ code: 125, stdout: "" });
    expect(transform.stderr).toMatch(/^tsmpi: cannot transform TypeScript: esbuild has no binary[^\n]*\n$/);
    expect(meet.code).toBe(125);
    expect(meet.stderr).toMatch(/init\(\): zeromq has no binary/);
    for (const text of [transform.stderr, meet.stderr]) expect(text).toMatch(words);
    expect(doctor.code).toBe(1);
    expect(doctor.stdout).toMatch(/^wrong: \S+ zeromq has no binary .*; ranks on several hosts cannot talk/m);
    expect(doctor.stdout).toMatch(/^wrong: \S+ esbuild has no binary .*; scripts cannot be transformed/m);
    expect(doctor.stdout).toMatch(/^note: \S+ koffi has no binary .*; ranks of this host do not share memory/m);
    expect(doctor.stdout).toMatch(/^note: \S+ oxc-parser has no binary .*; tsmpi run does not look for slips/m);
  });

  it("are not missed where there is another way", async () => {
    const command = installedWithout("koffi", "oxc-parser");
    const [over, doctor] = await Promise.all([
      run(command, "run", "--verbose", "-n", "2", "world.ts"),
      run(command, "doctor"),
    ]);
    expect(over).toMatchObject({ code: 0, stdout: "2\n" });
    expect(over.stderr).toContain("talk over ZeroMQ, not shared memory: koffi's binary");
    expect(doctor.stdout).toMatch(/\nAll is well\.\n$/);
    expect(await run(installedWithout("zeromq"), "run", "-n", "2", "world.ts")).toEqual({
      code: 0,
      signal: null,
      stdout: "2\n",
      stderr: "",
    });
  });
});
