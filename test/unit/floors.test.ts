import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "es-module-lexer";
import { describe, test } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));

/**
 * The floor plan, from the top down. A file imports from its own floor and from those below, types too, and never in a
 * circle. An entry that ends in "/" is a folder. A new file has to be placed: the folder listing is the architecture.
 */
const floors: Record<string, string[][]> = {
  core: [
    ["index.ts"],
    [
      "init.ts",
      "launched.ts",
      "promise-hook.ts",
      "uncaught.ts",
      "testing.ts",
      "simulation.ts",
      "deadlock.ts",
      "stuck.ts",
      "whereabouts.ts",
      "pool.ts",
    ],
    [
      "communicator.ts",
      "collective.ts",
      "task-collective.ts",
      "inter-collective.ts",
      "point-to-point.ts",
      "forming.ts",
      "graph.ts",
      "world.ts",
    ],
    [
      "collectives/",
      "collective-call.ts",
      "agreement.ts",
      "disagreement.ts",
      "collective-record.ts",
      "turn.ts",
      "tasks/",
    ],
    ["engine.ts", "engine/", "checking/", "channel.ts", "mailbox.ts", "shelf.ts", "peers.ts"],
    ["codec.ts", "codec/", "bootstrap.ts", "joined.ts", "json-lines.ts", "agent-channel.ts", "transports/"],
    [
      "transport.ts",
      "envelope.ts",
      "op.ts",
      "apply.ts",
      "kernel.ts",
      "into.ts",
      "check-options.ts",
      "option-names.ts",
      "chunks.ts",
      "range.ts",
      "native.ts",
      "options.ts",
      "call.ts",
      "signature.ts",
      "call-site.ts",
      "progress.ts",
      "abort.ts",
    ],
    [
      "packet.ts",
      "within.ts",
      "active-resources.ts",
      "clock.ts",
      "own-url.ts",
      "grid.ts",
      "group.ts",
      "check.ts",
      "errors.ts",
      "list.ts",
      "random.ts",
      "warning.ts",
      "other-starters.ts",
      "copies.ts",
    ],
  ],
  launcher: [
    ["cli.ts", "index.ts", "testing.ts", "agent-main.ts", "doctor-probe.ts"],
    [
      "doctor.ts",
      "diagnosis.ts",
      "run.ts",
      "launch.ts",
      "job.ts",
      "deadlock.ts",
      "whereabouts.ts",
      "unreceived.ts",
      "walltime.ts",
      "idle-cpus.ts",
      "plans.ts",
      "signals.ts",
    ],
    // An agent in the launcher's own process is made by the launch: that one agent is not another program.
    ["allocations/", "starters/", "remote.ts", "agent.ts", "lingering.ts", "rank-process.ts", "stalls.ts"],
    [
      "placement.ts",
      "grants.ts",
      "roll-call.ts",
      "map.ts",
      "environment.ts",
      "apart.ts",
      "rank-command.ts",
      "signal-targets.ts",
      "rank-message.ts",
      "rank-pipes.ts",
      "rank-door.ts",
      "agent-command.ts",
      "link/",
    ],
    [
      "host.ts",
      "starter.ts",
      "control.ts",
      "output.ts",
      "progress.ts",
      "rank-files.ts",
      "last-lines.ts",
      "sink.ts",
      "input.ts",
    ],
    [
      "guardian.ts",
      "leftovers.ts",
      "session-signals.ts",
      "signals-taken.ts",
      "zeromq-remark.ts",
      "job-directory.ts",
      "pty.ts",
      "out-of-memory.ts",
      "rank-output.cts",
      "analysis/",
      "typescript/",
    ],
    [
      "here.ts",
      "limits.ts",
      "stopped-ranks.ts",
      "curve-keys.ts",
      "pbs-tools.ts",
      "pbs-status.ts",
      "pbs-environment.ts",
      "many-starts.ts",
    ],
    [
      "options.ts",
      "foreign-options.ts",
      "colours.ts",
      "variables.ts",
      "launch-error.ts",
      "exit-codes.ts",
      "agent-exits.ts",
      "lines.ts",
      "cpus.ts",
      "version.ts",
      "within.ts",
      "own-files.ts",
      "seen-paths.ts",
      "process-stat.ts",
      "inspector.ts",
    ],
  ],
};

/** Libraries that know a secret of ours, and the one place that knows theirs. */
const libraries: Record<string, Record<string, string[]>> = {
  core: { zeromq: ["transports/zeromq.ts", "transports/zeromq/"], msgpackr: ["codec.ts", "codec/"] },
  launcher: { commander: ["cli.ts"], esbuild: ["typescript/"], "oxc-parser": ["analysis/"] },
};

for (const [name, plan] of Object.entries(floors)) {
  describe(`packages/${name}/src`, () => {
    const folder = join(root, "packages", name, "src");
    const files = sources(folder);
    const imports = new Map(files.map((file) => [file, importsOf(join(folder, file))]));
    const local = (file: string): string[] =>
      imports.get(file)!.flatMap((each) => (each.startsWith(".") ? [join(file, "..", each)] : []));
    const placed = (file: string): boolean => plan.some((floor) => holds(floor, file));
    const level = (file: string): number => plan.length - plan.findIndex((floor) => holds(floor, file));

    test("every file has its floor, and the plan names no file that is gone", () => {
      const entries = plan.flat();
      const homeless = files.filter((file) => entries.filter((entry) => holds([entry], file)).length !== 1);
      assert.deepEqual(homeless, [], "place these once in the table of this test");
      assert.deepEqual(
        entries.filter((entry) => !files.some((file) => holds([entry], file))),
        [],
      );
    });

    test("nothing imports upward", () => {
      const upward = files.flatMap((file) =>
        local(file)
          .filter((target) => placed(target) && level(target) > level(file))
          .map((target) => `${file} (floor ${level(file)}) imports ${target} (floor ${level(target)})`),
      );
      assert.deepEqual(upward, []);
    });

    test("nothing imports in a circle", () => {
      const done = new Set<string>();
      const visit = (file: string, path: string[]): void => {
        assert.ok(!path.includes(file), `a circle: ${[...path, file].join(" -> ")}`);
        if (done.has(file)) return;
        for (const target of local(file)) visit(target, [...path, file]);
        done.add(file);
      };
      for (const file of files) visit(file, []);
    });

    test("it imports the libraries that it declares, and the fenced ones in one place only", () => {
      const manifest = JSON.parse(readFileSync(join(folder, "../package.json"), "utf8")) as Manifest;
      const declared = { ...manifest.dependencies, ...manifest.peerDependencies, ...manifest.optionalDependencies };
      for (const [file, targets] of imports) {
        for (const library of targets.flatMap(packageOf)) {
          assert.ok(library in declared, `${file} imports ${library}, which is no dependency`);
          const places = libraries[name]?.[library];
          assert.ok(places === undefined || holds(places, file), `${file} imports ${library}: only ${places} may`);
        }
      }
    });
  });
}

test("collectives see their peers, never sockets, queues or user tags", () => {
  const hidden = ["transports/", "transport.ts", "envelope.ts", "mailbox.ts", "channel.ts", "engine.ts", "engine/"];
  const folder = join(root, "packages/core/src");
  for (const file of sources(folder).filter((each) => each.startsWith("collectives/"))) {
    const seen = importsOf(join(folder, file)).map((each) => join(file, "..", each));
    assert.deepEqual(
      seen.filter((each) => holds(hidden, each)),
      [],
      file,
    );
  }
});

test("examples import what a user imports: tsmpi, their own libraries and Node's modules", () => {
  const folder = join(root, "packages/examples");
  const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;
  assert.ok(!("@tsmpi/core" in manifest.dependencies));
  for (const file of sources(folder)) {
    const strangers = importsOf(join(folder, file))
      .flatMap(packageOf)
      .filter((each) => !(each in manifest.dependencies));
    assert.deepEqual(strangers, [], file);
  }
});

interface Manifest {
  dependencies: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
}

function sources(folder: string): string[] {
  const found = readdirSync(folder, { recursive: true, encoding: "utf8" });
  return found.filter((file) => /\.[mc]?ts$/.test(file) && !file.includes("node_modules")).sort();
}

function importsOf(path: string): string[] {
  const [imports] = parse(readFileSync(path, "utf8"));
  return imports.flatMap(({ specifier }) => (specifier === null || specifier === undefined ? [] : [specifier]));
}

/** "@tsmpi/core/bootstrap" belongs to @tsmpi/core; files and Node's own modules to none. */
function packageOf(specifier: string): string[] {
  return /^(?!\.|node:)(@[^/]+\/)?[^/]+/.exec(specifier)?.slice(0, 1) ?? [];
}

function holds(entries: string[], file: string): boolean {
  return entries.some((entry) => (entry.endsWith("/") ? file.startsWith(entry) : file === entry));
}
