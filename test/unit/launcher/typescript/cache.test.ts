import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { describe, expect, test } from "vitest";
import { type Project, project } from "./typescript-project.ts";

const files = {
  "main.ts": `import { x } from "./x.ts"; console.log(x as number);`,
  "x.ts": "export const x: number = 1;",
};

// With this for its program esbuild cannot transform, so what runs then came from the cache.
const noTransforms = { ESBUILD_BINARY_PATH: "/bin/false" };

function entries(user: Project): string[] {
  return readdirSync(user.path("cache/tsmpi")).filter((name) => name.endsWith(".json"));
}

function run(user: Project, env: Record<string, string> = {}) {
  return user.run("main.ts", { env: { XDG_CACHE_HOME: user.path("cache"), ...env } });
}

describe.concurrent("the cache of transformed files", () => {
  test("lets a second run start without the transformer", async () => {
    const user = project(files);
    expect((await run(user, noTransforms)).code).toBe(1);
    expect((await run(user)).stdout).toBe("1\n");
    expect(await run(user, noTransforms)).toEqual({ stdout: "1\n", stderr: "", code: 0 });
    expect(
      (await user.runAlone("main.ts", { env: { XDG_CACHE_HOME: user.path("cache"), ...noTransforms } })).stdout,
    ).toBe("1\n");
  });

  test("notices a changed file, and a changed setting", async () => {
    const user = project(files);
    await run(user);
    expect(entries(user)).toHaveLength(2);
    writeFileSync(user.path("x.ts"), "export const x: number = 2;");
    expect((await run(user)).stdout).toBe("2\n");
    expect(entries(user)).toHaveLength(3);
    writeFileSync(
      user.path("tsconfig.json"),
      `{ "compilerOptions": { "experimentalDecorators": true, "strict": true } }`,
    );
    await run(user);
    expect(entries(user)).toHaveLength(5);
    writeFileSync(user.path("tsconfig.json"), `{ "compilerOptions": { "experimentalDecorators": true } }`);
    await run(user);
    expect(entries(user)).toHaveLength(5);
  });

  test("serves a file wherever it is moved, with its new place in traces", async () => {
    const source = `const n: number = 1; console.log(new Error("x").stack!.split("\\n")[1]!.includes(import.meta.filename), n);`;
    const user = project({ "main.ts": source, "moved/main.ts": source });
    const env = { XDG_CACHE_HOME: user.path("cache") };
    expect((await user.run("main.ts", { env })).stdout).toBe("true 1\n");
    expect((await user.run("moved/main.ts", { env: { ...env, ...noTransforms } })).stdout).toBe("true 1\n");
  });

  test("is for the user alone", async () => {
    const user = project(files);
    await run(user);
    expect(statSync(user.path("cache/tsmpi")).mode & 0o777).toBe(0o700);
    for (const name of entries(user)) expect(statSync(user.path(`cache/tsmpi/${name}`)).mode & 0o777).toBe(0o600);
  });

  test("is not used when others may write to it, or it is a link, or no folder", async () => {
    const open = project(files);
    mkdirSync(open.path("cache/tsmpi"), { recursive: true });
    chmodSync(open.path("cache/tsmpi"), 0o777);
    const link = project(files);
    mkdirSync(link.path("elsewhere"));
    mkdirSync(link.path("cache"));
    symlinkSync(link.path("elsewhere"), link.path("cache/tsmpi"));
    const file = project({ ...files, "cache/tsmpi": "a file" });
    for (const user of [open, link, file]) expect(await run(user)).toEqual({ stdout: "1\n", stderr: "", code: 0 });
    expect(readdirSync(open.path("cache/tsmpi"))).toEqual([]);
    expect(readdirSync(link.path("elsewhere"))).toEqual([]);
  });

  test("is left out where it cannot be written", async () => {
    const user = project(files);
    expect(await run(user, { XDG_CACHE_HOME: "/proc/nowhere" })).toEqual({ stdout: "1\n", stderr: "", code: 0 });
    expect(await run(user, { XDG_CACHE_HOME: "", HOME: "/dev/null" })).toEqual({ stdout: "1\n", stderr: "", code: 0 });
  });

  test("is not in the working directory where HOME is empty", async () => {
    const user = project(files);
    expect(await run(user, { XDG_CACHE_HOME: "", HOME: "" })).toEqual({ stdout: "1\n", stderr: "", code: 0 });
    expect(existsSync(user.path(".cache"))).toBe(false);
  });

  test("replaces a half-written entry", async () => {
    const user = project(files);
    await run(user);
    for (const name of entries(user)) writeFileSync(user.path(`cache/tsmpi/${name}`), `{"code":"cons`);
    expect((await run(user)).stdout).toBe("1\n");
    expect((await run(user, noTransforms)).stdout).toBe("1\n");
  });

  test("serves several launchers at once", async () => {
    const user = project(files);
    const runs = await Promise.all(Array.from({ length: 6 }, () => run(user)));
    expect(runs.map(({ stdout }) => stdout)).toEqual(Array(6).fill("1\n"));
    expect(readdirSync(user.path("cache/tsmpi")).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });

  test("forgets what was not used for a month", async () => {
    const user = project(files);
    await run(user);
    const folder = user.path("cache/tsmpi");
    const [old, recent] = [`${folder}/old.json`, `${folder}/recent.json`];
    for (const file of [old, recent]) writeFileSync(file, "{}");
    const before = (days: number) => new Date(Date.now() - days * 24 * 60 * 60 * 1000);
    utimesSync(old, before(31), before(31));
    utimesSync(`${folder}/pruned`, before(2), before(2));
    writeFileSync(user.path("x.ts"), "export const x: number = 3;");
    await run(user);
    expect([existsSync(old), existsSync(recent)]).toEqual([false, true]);
  });
});
