import { defineConfig } from "vitest/config";

// Against a real Slurm: see cluster.ts. One file after the other, each with a cluster of its own.
export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ["*.slurm.ts", "smallest.test.ts"],
    testTimeout: 300_000,
    hookTimeout: 120_000,
    fileParallelism: false,
    reporters: ["verbose"],
    watch: false,
  },
});
