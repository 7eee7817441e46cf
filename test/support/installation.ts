import { cpSync, mkdirSync, readdirSync, realpathSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { folder } from "./run-tsmpi.ts";

const packages = fileURLToPath(new URL("../../packages/", import.meta.url));

/** Libraries with a native binary. All but zeromq have it in another package. */
type Native = "zeromq" | "koffi" | "esbuild" | "oxc-parser";

/**
 * Both packages in a folder's node_modules, as they are after `npm install --omit=optional`, or when node_modules came from
 * another kind of machine: these libraries have no binary. Returns the command's script.
 */
export function installedWithout(...names: Native[]): string {
  const modules = join(folder(), "node_modules");
  const copy = (name: string, from: string): void => {
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    const isWanted = (path: string): boolean => !/\/node_modules$|\/zeromq\/build$/.test(path);
    cpSync(realpathSync(from), join(modules, name), { recursive: true, filter: isWanted });
  };
  for (const [name, own] of [
    ["tsmpi", "launcher"],
    ["@tsmpi/core", "core"],
  ] as const) {
    copy(name, join(packages, own));
    const libraries = join(packages, own, "node_modules");
    for (const library of readdirSync(libraries).filter((each) => !/^[.@]/.test(each))) {
      // Behind a link a library finds the packages that it was installed with; its copy does not.
      if (names.some((each) => each === library)) copy(library, join(libraries, library));
      else if (!readdirSync(modules).includes(library))
        symlinkSync(realpathSync(join(libraries, library)), join(modules, library));
    }
  }
  const besideZeromq = dirname(realpathSync(join(packages, "core/node_modules/zeromq")));
  symlinkSync(realpathSync(join(besideZeromq, "cmake-ts")), join(modules, "cmake-ts")); // loads zeromq's binary
  return join(modules, "tsmpi/bin/tsmpi.js");
}
