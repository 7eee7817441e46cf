import { describe, expect, it } from "vitest";
import { nodeSettings } from "../../../../packages/launcher/src/typescript/node-settings.ts";

describe("what is loaded before a script", () => {
  it("may give names another meaning when it is the user's", () => {
    expect(nodeSettings([], "--require ./own.cjs").hasPreloads).toBe(true);
    expect(nodeSettings(["--import=./own.mjs"]).hasPreloads).toBe(true);
  });

  it("gives them none when it is ours, as in a job that a rank has started", () => {
    expect(nodeSettings([], "--require=/opt/tsmpi/dist/rank-output.cjs").hasPreloads).toBe(false);
    expect(nodeSettings(["--import=file:///opt/tsmpi/dist/typescript/register.js"]).hasPreloads).toBe(false);
  });
});
