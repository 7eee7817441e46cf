import { defineConfig } from "vitest/config";

// Tests start a thousand processes, none of which speaks TLS to strangers: with more certificates Node 20 starts 60 ms later.
delete process.env["NODE_EXTRA_CA_CERTS"];

/** Files that mostly wait: for hosts that are silent, for limits of seconds, for a deadlock to be certain. */
const waiting = [
  "test/multihost/**/*.test.ts",
  "test/chaos/*.test.ts",
  "test/launcher/{bootstrap,deadlock,lingering,signals,silent,stdin}.test.ts",
];

export default defineConfig({
  test: {
    globalSetup: "test/support/clean-checkout.ts",
    // Real processes on machines of any speed: a limit says that something hangs, never that it is slow.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // One line for each file, and all of what failed.
    reporters: ["default"],
    watch: false,
    // The two groups run one after the other.
    projects: [
      {
        extends: true,
        test: {
          name: "working",
          include: ["test/**/*.test.ts"],
          exclude: waiting,
          // Tests start many processes themselves; two files at a time is what two cores carry.
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: { name: "waiting", include: waiting, maxWorkers: 4, sequence: { groupOrder: 2 } },
      },
    ],
  },
});
