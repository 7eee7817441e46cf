import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "es-module-lexer";
import { describe, test } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** Files that lie in `src` itself: what a package exports, and what Node is started with. All others have a folder. */
const entries: Record<string, string[]> = {
  core: ["bootstrap.ts", "index.ts", "testing.ts"],
  launcher: [
    "agent-main.ts",
    "cli.ts",
    "doctor-probe.ts",
    "index.ts",
    "map-program.ts",
    "rank-output.cts",
    "testing.ts",
  ],
};

/** Libraries that know a secret of ours, and the one place that knows theirs. */
const libraries: Record<string, Record<string, string[]>> = {
  core: { zeromq: ["transports/zeromq/"], msgpackr: ["wire/codec/"], koffi: ["transports/libc.ts"] },
  launcher: { commander: ["cli.ts"], esbuild: ["typescript/"], "oxc-parser": ["analysis/"] },
};

/** The line of a folder's README that says what its files may import beside each other: other folders, or "nothing". */
const mayImport = /^May import: (.+)$/m;

for (const name of ["core", "launcher"]) {
  describe(`packages/${name}/src`, () => {
    const folder = join(root, "packages", name, "src");
    const files = sources(folder);
    const imports = new Map(files.map((file) => [file, importsOf(join(folder, file))]));
    const local = (file: string): string[] =>
      imports
        .get(file)!
        .flatMap((each) => (each.startsWith(".") ? [join(file, "..", each)] : []))
        .filter((target) => imports.has(target));
    const folders = [...new Set(files.map(dirname))].filter((each) => each !== ".").sort();
    const allowed = new Map(folders.map((each) => [each, allowedBy(join(folder, each, "README.md"))]));
    const picture = (): string => draw(folders, allowed);

    test("every file is in a folder, except the entries", () => {
      assert.deepEqual(files.filter((file) => dirname(file) === ".").sort(), entries[name]);
    });

    test("every folder has a README that says what lives there and what it may import", () => {
      assert.deepEqual(
        folders.filter((each) => allowed.get(each) === undefined),
        [],
        "these folders have no README.md with a line `May import: ...`",
      );
    });

    test("files import what their folder may import, and folders name nothing else", () => {
      const faults = folders.flatMap((each) => {
        const own = files.filter((file) => dirname(file) === each);
        const used = new Set(
          own
            .flatMap(local)
            .map(dirname)
            .filter((target) => target !== each),
        );
        const named = allowed.get(each) ?? [];
        const strangers = own.flatMap((file) =>
          local(file)
            .filter((target) => dirname(target) !== each && !named.includes(dirname(target)))
            .map((target) => `${file} imports ${target}: ${each}/README.md does not name ${dirname(target)}`),
        );
        return [
          ...strangers,
          ...named.filter((target) => !used.has(target)).map((target) => `${each} may import ${target}, and does not`),
        ];
      });
      assert.deepEqual(faults, [], picture());
    });

    test("floors: no two folders at the top import each other, not even by way of others", () => {
      const floors = floorsOf(folders, allowed);
      assert.ok(floors !== undefined, `there is a circle of folders\n${picture()}`);
      assert.ok(floors.length <= 8, `${floors.length} floors\n${picture()}`);
    });

    test("nothing imports in a circle", () => {
      const done = new Set<string>();
      const visit = (file: string, path: string[]): void => {
        assert.ok(!path.includes(file), `a circle: ${[...path, file].join(" -> ")}\n${picture()}`);
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
          // The libraries of the page are within the file that the build makes of it.
          const known = file.startsWith("page/") ? { ...manifest.devDependencies } : declared;
          assert.ok(library in known, `${file} imports ${library}, which is no dependency`);
          const places = libraries[name]?.[library];
          assert.ok(places === undefined || holds(places, file), `${file} imports ${library}: only ${places} may`);
        }
      }
    });
  });
}

test("algorithms of collectives see their peers, never sockets, queues or user tags", () => {
  const hidden = ["wire/transport.ts", "wire/envelope.ts"];
  const folder = join(root, "packages/core/src");
  for (const file of sources(folder).filter((each) => each.startsWith("collectives/algorithms/"))) {
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
  devDependencies?: Record<string, string>;
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

/** What a folder's README lets its files import; undefined when it does not say. */
function allowedBy(readme: string): string[] | undefined {
  try {
    const named = mayImport.exec(readFileSync(readme, "utf8"))?.[1];
    return named === "nothing" ? [] : named?.split(", ");
  } catch {
    return undefined;
  }
}

/** The folders at the top by floors, the lowest first; undefined when they import each other in a circle. */
function floorsOf(folders: string[], allowed: ReadonlyMap<string, string[] | undefined>): string[][] | undefined {
  const top = (path: string): string => path.split("/")[0]!;
  let left = new Set(folders.map(top));
  const below = (each: string): string[] =>
    folders
      .filter((one) => top(one) === each)
      .flatMap((one) => allowed.get(one) ?? [])
      .map(top)
      .filter((target) => target !== each);
  const floors: string[][] = [];
  while (left.size > 0) {
    const floor = [...left].filter((each) => !below(each).some((target) => left.has(target)));
    if (floor.length === 0) return undefined;
    floors.push(floor);
    left = new Set([...left].filter((each) => !floor.includes(each)));
  }
  return floors;
}

/** The picture of floors, the highest first, as the READMEs have it. */
function draw(folders: string[], allowed: ReadonlyMap<string, string[] | undefined>): string {
  const floors = floorsOf(folders, allowed);
  if (floors === undefined) return folders.map((each) => `${each} -> ${allowed.get(each)}`).join("\n");
  return floors
    .map((floor, index) => `${index + 1}  ${floor.join("  ")}`)
    .reverse()
    .join("\n");
}
