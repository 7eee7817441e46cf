import { defineConfig } from "vitest/config";
import { obstacle } from "./chromium.ts";

if (obstacle !== undefined) throw new Error(`The page of reports is tested in a real browser: ${obstacle}`);

// One file after the other: each starts a browser.
export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ["*.browser.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    fileParallelism: false,
    reporters: ["verbose"],
    watch: false,
  },
});
