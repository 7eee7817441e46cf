import { defineConfig } from "vitest/config";

// Tests start a thousand processes, none of which speaks TLS to strangers: with more certificates Node 20 starts 60 ms later.
delete process.env["NODE_EXTRA_CA_CERTS"];

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: "test/support/clean-checkout.ts",
    // Real processes on machines of any speed: a limit says that something hangs, never that it is slow.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Tests start many processes themselves; two files at a time is what two cores carry.
    maxWorkers: 2,
    // One line for each file, and all of what failed.
    reporters: ["default"],
    watch: false,
  },
});
