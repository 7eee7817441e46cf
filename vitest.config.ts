import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

// Tests start a thousand processes, none of which speaks TLS to strangers: with more certificates Node 20 starts 60 ms later.
delete process.env["NODE_EXTRA_CA_CERTS"];

/** Files that mostly wait: for hosts that are silent, for limits of seconds, for a deadlock to be certain. Longest first. */
const waiting = [
  /multihost\/(undelivered|faults|pbs|losses)\./,
  /chaos\//,
  /launcher\/deadlock\./,
  /(multihost|test\/slurm)\//,
  /launcher\/(bootstrap|exit-codes|lingering|signals|silent|stdin)\./,
];
/** All others compute. The longest of them come first, the shortest last. */
const computing = [
  /conformance\/processes\./,
  /(conformance|projects|packaging)\//,
  /test\/(?!unit\/)/,
  /test\/unit\//,
];

/**
 * Starts files that wait and files that compute in turn, so that the CPUs are busy all the time. Long ones come first, so
 * that none is left alone at the end.
 */
class InTurn extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const waits = files.filter((file) => place(waiting, file) >= 0).sort(by(waiting));
    const computes = files.filter((file) => place(waiting, file) < 0).sort(by(computing));
    return computes.flatMap((file, i) => [...waits.slice(i, i + 1), file]).concat(waits.slice(computes.length));
  }
}

function place(kinds: readonly RegExp[], { moduleId }: TestSpecification): number {
  return kinds.findIndex((kind) => kind.test(moduleId));
}

function by(kinds: readonly RegExp[]): (a: TestSpecification, b: TestSpecification) => number {
  return (a, b) => place(kinds, a) - place(kinds, b);
}

/** But for a test of warnings that appear once in a process. */
const within = ["test/unit/**/!(losses).test.ts", "test/docs/*.test.ts"];

export default defineConfig({
  test: {
    globalSetup: "test/support/clean-checkout.ts",
    // Real processes on machines of any speed: a limit says that something hangs, never that it is slow.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // One line for each file, and all of what failed.
    reporters: ["default"],
    watch: false,
    // Tests start many processes themselves; so many files at a time are what two cores carry.
    maxWorkers: 3,
    sequence: { sequencer: InTurn },
    projects: [
      { extends: true, test: { name: "processes", include: ["test/**/*.test.ts"], exclude: within } },
      // Functions, classes and pages: these files share processes, which saves a second for each.
      { extends: true, test: { name: "units", include: within, isolate: false } },
    ],
  },
});
