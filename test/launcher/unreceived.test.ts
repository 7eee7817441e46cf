import { describe, expect, test } from "vitest";
import { folder, runTsmpi } from "../support/run-tsmpi.ts";

function run(lines: string, ...options: string[]): ReturnType<typeof runTsmpi> {
  const script = `import { init } from "tsmpi";\nawait using world = await init();\nconst { rank } = world;\n${lines}\n`;
  return runTsmpi(["run", "-n", "3", ...options, "script.ts"], { cwd: folder({ "script.ts": script }) });
}

describe("messages that nobody received are a warning at the end of a job that went well", () => {
  test.each([
    [
      "that had arrived",
      "if (rank === 0) for (const tag of [5, 5, 6]) await world.send(tag, { dest: 1, tag });\nawait world.barrier();",
      [
        "tsmpi: warning: never received: 3 messages",
        "  2 messages from rank 0 to rank 1 with tag 5",
        "  1 message from rank 0 to rank 1 with tag 6",
      ],
    ],
    [
      "that were on their way to a rank which had left",
      // The barrier: a rank that has not started when another one ends cannot send to it.
      "await world.barrier();\nif (rank === 2) await world.send(1, { dest: 0, tag: 9 });",
      ["tsmpi: warning: never received: 1 message from rank 2 to rank 0 with tag 9"],
    ],
    [
      "from a rank to itself",
      "if (rank === 1) await world.send(1, { dest: 1 });",
      ["tsmpi: warning: never received: 1 message from rank 1 to rank 1 with tag 0"],
    ],
    [
      "which one of several was",
      "if (rank === 0) for (const tag of [1, 2]) await world.send(tag, { dest: 1, tag });\nif (rank === 1) await world.recv({ tag: 2 });",
      ["tsmpi: warning: never received: 1 message from rank 0 to rank 1 with tag 1"],
    ],
  ])("%s", async (_, lines, warning) => {
    const { code, stderr } = await run(lines);
    expect(stderr.trimEnd().split("\n")).toEqual(warning);
    expect(code).toBe(0);
  });

  test("over ZeroMQ too", async () => {
    const lines = "if (rank === 0) await world.send(1, { dest: 1, tag: 5 });\nawait world.barrier();";
    const { stderr } = await run(lines, "--env", "TSMPI_TRANSPORT=zeromq");
    expect(stderr).toBe("tsmpi: warning: never received: 1 message from rank 0 to rank 1 with tag 5\n");
  });
});

describe("there is no such warning", () => {
  test.each([
    [
      "where all was received, also large, probed, put back and synchronous messages",
      `const large = new Float64Array(1e6);
const dest = (rank + 1) % 3;
const sent = [world.send(large, { dest }), world.send("x", { dest, tag: 1, sync: true }), world.send(2, { dest, tag: 2 })];
await world.recv({ probed: await world.probe({ tag: 1 }) });
await world.recv({ tag: 0, into: new Float64Array(1) }).catch(() => {});
await world.recv({ tag: 0, into: large.slice() });
await world.recv({ tag: 2 });
await Promise.all(sent);`,
    ],
    [
      "for a communicator that was closed: who closes it wants no more of it",
      "const other = await world.dup();\nif (rank === 0) await other.send(1, { dest: 1 });\nawait world.barrier();\nawait other.close();\nawait world.barrier();",
    ],
    ["after collectives", "await world.allreduce(1, (a, b) => a + b);\nawait world.map((n: number) => n, [1, 2, 3]);"],
  ])("%s", async (_, lines) => {
    expect(await run(lines)).toMatchObject({ code: 0, stderr: "" });
  });

  test("when the job has failed for another reason", async () => {
    const lines =
      "if (rank === 0) await world.send(1, { dest: 1 });\nawait world.barrier();\nif (rank === 2) process.exit(3);";
    const { code, stderr } = await run(lines);
    expect(stderr).not.toContain("never received");
    expect(code).toBe(3);
  });
});
