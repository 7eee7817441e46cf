import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, test } from "vitest";
import { full } from "../support/tier.ts";

// What a user gets: both packages packed, installed by plain npm into a folder that knows nothing of this repository.
// Registries may be slow; nothing here is fast enough to be worth a tighter limit.
const limitMs = 300_000;
const root = fileURLToPath(new URL("../../", import.meta.url));
const bin = join(root, "node_modules/.bin");
const { packageManager } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { packageManager: string };
const { version } = JSON.parse(readFileSync(join(root, "packages/core/package.json"), "utf8")) as { version: string };

const folder = mkdtempSync(join(tmpdir(), "tsmpi-pack-"));
const user = mkdtempSync(join(tmpdir(), "tsmpi-user-"));
const tarballs = ["core", "launcher"].map((name) => ({ name, path: "" }));

/** What a program printed, run to its end; what it printed is also what to say when it fails. */
async function run(command: string, args: string[], cwd = user, env = process.env): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(command, args, { cwd, env, timeout: limitMs });
    return stdout;
  } catch (error) {
    const { message, stdout, stderr } = error as Error & { stdout: string; stderr: string };
    throw new Error(`${message}\n${stdout}\n${stderr}`);
  }
}

function write(files: Record<string, string>): void {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(user, name), text);
}

beforeAll(async () => {
  for (const tarball of tarballs) {
    const cwd = join(root, "packages", tarball.name);
    const out = await run("npx", ["-y", packageManager, "pack", "--json", "--pack-destination", folder], cwd);
    tarball.path = (JSON.parse(out.slice(out.indexOf("{"))) as { filename: string }).filename;
  }
  await run("npm", ["install", "--no-audit", "--no-fund", ...tarballs.map(({ path }) => path)]);
}, limitMs);

afterAll(() => {
  for (const path of [folder, user]) rmSync(path, { recursive: true, force: true });
});

describe.each(tarballs)("the tarball of packages/$name", (tarball) => {
  test("publint has nothing to say", () => run(join(bin, "publint"), ["--strict", tarball.path]), limitMs);

  test(
    "its types resolve as its code does",
    () => run(join(bin, "attw"), ["--profile", "esm-only", tarball.path]),
    limitMs,
  );
});

test("the command's package asks for the core of its own version, exactly", () => {
  const manifest = JSON.parse(readFileSync(join(user, "node_modules/tsmpi/package.json"), "utf8")) as {
    version: string;
    peerDependencies: Record<string, string>;
  };
  assert.equal(manifest.version, version);
  assert.equal(manifest.peerDependencies["@tsmpi/core"], version);
  const copies = readdirSync(join(user, "node_modules/tsmpi"));
  assert.ok(!copies.includes("node_modules"), "one copy of the core, or classes differ from themselves");
  for (const file of ["LICENSE", "README.md"]) assert.ok(copies.includes(file), file);
});

test("npx tsmpi run -n 2 hello.ts", { timeout: limitMs }, async () => {
  write({
    "hello.ts": `import { init } from "tsmpi";
      await using world = await init();
      console.log(\`I am rank \${world.rank} in group of \${world.size} processes.\`);`,
  });
  const lines = (await run("npx", ["tsmpi", "run", "-n", "2", "hello.ts"])).trimEnd().split("\n");
  assert.deepEqual(
    lines.sort(),
    [0, 1].map((rank) => `I am rank ${rank} in group of 2 processes.`),
  );
});

/** Each installs the tarballs beside each other: what only looks `@tsmpi/core` up in a registry does not find this one. */
const managers: {
  name: string;
  add: (core: string, tsmpi: string) => string[];
  files?: Record<string, string>;
  /** What runs the command where there is no `node_modules/.bin`. */
  runner?: string[];
}[] = [{ name: packageManager, add: (core, tsmpi) => ["-y", packageManager, "add", core, tsmpi] }];
const yarn4 = {
  start: ["-y", "@yarnpkg/cli-dist@4"],
  add: (core: string, tsmpi: string) => [...yarn4.start, "add", `tsmpi@${tsmpi}`, `@tsmpi/core@${core}`],
  files: (linker: string) => ({
    ".yarnrc.yml": `nodeLinker: ${linker}\nenableGlobalCache: true\n`,
    "yarn.lock": "",
  }),
};
const slower: typeof managers = [
  { name: "bun", add: (core, tsmpi) => ["-y", "--ignore-scripts=false", "bun@1", "add", core, tsmpi] },
  {
    name: "yarn 1",
    add: (core, tsmpi) => ["-y", "yarn@1.22.22", "add", `tsmpi@${tsmpi}`, `@tsmpi/core@${core}`],
  },
  { name: "yarn 4", add: yarn4.add, files: yarn4.files("node-modules") },
  { name: "yarn 4, Plug'n'Play", add: yarn4.add, files: yarn4.files("pnp"), runner: ["npx", ...yarn4.start, "tsmpi"] },
];
if (full) managers.push(...slower);

describe.concurrent.each(managers)(
  "installed by $name",
  ({ add, files = {}, runner = ["node_modules/.bin/tsmpi"] }) => {
    test("a script runs, and what it imports from both packages is the same", { timeout: limitMs }, async () => {
      const project = mkdtempSync(join(tmpdir(), "tsmpi-project-"));
      try {
        const script = `import { init, MpiError } from "tsmpi";
        import { MpiError as same } from "@tsmpi/core";
        import { local } from "tsmpi/testing";
        await using world = await init();
        const [error] = await local(1, (each) => each.recv({ source: 7 }).catch((thrown: unknown) => thrown));
        console.log(world.rank, world.size, MpiError === same, error instanceof same);`;
        const all = { "package.json": '{ "private": true, "type": "module" }', "script.ts": script, ...files };
        for (const [name, text] of Object.entries(all)) writeFileSync(join(project, name), text);
        const [core = "", tsmpi = ""] = tarballs.map(({ path }) => path);
        // yarn knows no other way to be told of a certificate; the tests' own processes do without.
        const env = { ...process.env, NODE_EXTRA_CA_CERTS: process.env["SSL_CERT_FILE"] };
        await run("npx", add(core, tsmpi), project, env);
        const [command = "", ...args] = [...runner, "run", "-n", "2", "script.ts"];
        const out = await run(command, args, project, runner.length === 1 ? process.env : env);
        assert.deepEqual(out.trimEnd().split("\n").sort(), ["0 2 true true", "1 2 true true"]);
      } finally {
        rmSync(project, { recursive: true, force: true });
      }
    });
  },
);

test("without the core the command says what to install", { timeout: limitMs }, async () => {
  const alone = mkdtempSync(join(tmpdir(), "tsmpi-alone-"));
  try {
    await run("tar", ["xzf", tarballs[1]?.path ?? "", "-C", alone]);
    const others = readdirSync(join(user, "node_modules")).filter((name) => name !== "@tsmpi");
    mkdirSync(join(alone, "node_modules"));
    for (const name of others) symlinkSync(join(user, "node_modules", name), join(alone, "node_modules", name));
    await assert.rejects(
      run(process.execPath, [join(alone, "package/bin/tsmpi.js"), "run", "x.ts"]),
      /tsmpi: the package @tsmpi\/core is not installed: add it to the project, in the same version as tsmpi\n/,
    );
  } finally {
    rmSync(alone, { recursive: true, force: true });
  }
});

test("both entries load in plain node: a world of one, and local ranks", { timeout: limitMs }, async () => {
  write({
    "one.mjs": `import { init, sum, MpiError } from "tsmpi";
      import { local } from "tsmpi/testing";
      import { MpiError as same } from "@tsmpi/core";
      const world = await init();
      console.log(world.size, await local(3, (each) => each.allreduce(each.rank, sum)), MpiError === same);
      await world[Symbol.asyncDispose]?.();`,
  });
  assert.equal(await run(process.execPath, ["one.mjs"]), "1 [ 3, 3, 3 ] true\n");
});

test.each([
  ["nodenext", "nodenext"],
  ["esnext", "bundler"],
])(
  "a strict program compiles, module %s, moduleResolution %s",
  { timeout: limitMs },
  async (module, moduleResolution) => {
    const types = dirname(dirname(fileURLToPath(import.meta.resolve("@types/node/package.json"))));
    write({
      "typed.mts": `import { type Communicator, init, MpiError, sum } from "tsmpi";
      import { local } from "tsmpi/testing";
      await using world: Communicator = await init();
      const total: number = await world.allreduce(world.rank, sum);
      const parts: string[] | undefined = await world.gather(String(total));
      const all: number[] = await local(2, async (each) => each.rank);
      export { all, MpiError, parts };`,
      "tsconfig.json": JSON.stringify({
        compilerOptions: {
          ...{ module, moduleResolution, target: "es2022", lib: ["es2023", "esnext.disposable"] },
          ...{ strict: true, exactOptionalPropertyTypes: true, noEmit: true },
          ...{ typeRoots: [types], types: ["node"] },
        },
        files: ["typed.mts"],
      }),
    });
    await run(join(bin, "tsc"), ["-p", "."]);
  },
);
