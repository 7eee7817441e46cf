import { defineConfig } from "vitest/config";

// On a real cluster: see cluster.ts. One job after the other, for hosts are shared, and some cases close their ports.
export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ["*.pbs.ts"],
    testTimeout: 300_000,
    hookTimeout: 300_000,
    fileParallelism: false,
    reporters: ["verbose"],
    watch: false,
  },
});
