import { defineConfig } from "vitest/config";

// Against a real SGE: see cluster.ts. As test/slurm does it.
export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ["*.sge.ts"],
    testTimeout: 300_000,
    hookTimeout: 120_000,
    fileParallelism: false,
    reporters: ["verbose"],
    watch: false,
  },
});
