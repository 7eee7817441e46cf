import { existsSync, readdirSync, readFileSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const packages = fileURLToPath(new URL("../../packages/", import.meta.url));
const manifestOf = (library: string): { optionalDependencies: Record<string, string> } =>
  JSON.parse(readFileSync(join(packages, library, "package.json"), "utf8"));

/** What docs/reliability.md promises ready-made binaries for. */
const platforms = ["x64", "arm64"].flatMap((arch) => [
  { arch, libc: "glibc" },
  { arch, libc: "musl" },
]);

describe.each(platforms)("on Linux $arch with $libc", ({ arch, libc }) => {
  test("ZeroMQ has a binary", () => {
    const folder = join(realpathSync(join(packages, "core/node_modules/zeromq")), "build/linux", arch, "node");
    const builds = readdirSync(folder).filter((name) => name.startsWith(libc));
    expect(builds.filter((name) => existsSync(join(folder, name, "addon.node")))).not.toEqual([]);
  });

  test("esbuild has one, which needs no libc", () => {
    expect(manifestOf("launcher/node_modules/esbuild").optionalDependencies).toHaveProperty([`@esbuild/linux-${arch}`]);
  });

  test("oxc-parser, which looks for slips, has one", () => {
    const name = `@oxc-parser/binding-linux-${arch}-${libc === "glibc" ? "gnu" : libc}`;
    expect(manifestOf("launcher/node_modules/oxc-parser").optionalDependencies).toHaveProperty([name]);
  });
});

test.each(["x64", "arm64"])("koffi, through which ranks share memory, has one for glibc on %s", (arch) => {
  expect(manifestOf("core/node_modules/koffi").optionalDependencies).toHaveProperty([`@koromix/koffi-linux-${arch}`]);
});
