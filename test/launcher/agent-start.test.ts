import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { Running } from "../support/run-tsmpi.ts";

const program = fileURLToPath(new URL("../../packages/launcher/bin/agent-main.js", import.meta.url));

describe("an agent whose starter brings its key", () => {
  it("ends when the launcher ends before it has connected", async () => {
    // No process listens on port 1, so it would try for 10 minutes.
    const words = ["job=x", "node=0", "at=127.0.0.1:1", "seconds=600"];
    const env = { ...process.env, TSMPI_AGENT_INPUT: "held", TSMPI_AGENT_KEY: Buffer.alloc(32).toString("base64") };
    const agent = new Running(spawn(process.execPath, [program, ...words], { env }));
    agent.child.stdin!.end();
    const { code, stderr } = await agent.result;
    expect(code).toBe(66);
    expect(stderr).toBe("tsmpi agent: the launcher has ended, or the connection to it is broken\n");
  });
});
