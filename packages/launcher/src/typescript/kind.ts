import { readFileSync } from "node:fs";
import { dirname, extname, join } from "node:path";
import { compileFunction } from "node:vm";
import { parse, prepareLexer } from "./lexer.ts";

/** `typescript` and `module` are transformed, `json` is read at run time, `other` (CommonJS, addons, wasm) runs in place. */
export type Kind = "typescript" | "module" | "json" | "other";

/** Whether a file needs the transform by its name: TypeScript, or JavaScript with JSX. */
export function isTypeScript(path: string): boolean {
  return /\.([mc]?ts|tsx|jsx)$/.test(path) && !/\.d\.[mc]?ts$/.test(path);
}

/** Whether a file belongs to an installed package. Such files are not transformed. */
export function isInstalled(path: string): boolean {
  return /[\\/]node_modules[\\/]/.test(path);
}

/** The kind of the file `path` whose text `source()` yields; the text is read only if the name does not decide. */
export async function kindOf(path: string, source: () => string): Promise<Kind> {
  await prepareLexer();
  if (isTypeScript(path)) return "typescript";
  if (isInstalled(path)) return path.endsWith(".json") ? "json" : "other";
  switch (extname(path)) {
    case ".mjs":
      return "module";
    case ".json":
      return "json";
    case ".js":
      return packageType(path) === "module" || !isCommonJS(path, source()) ? "module" : "other";
    case "": // A tool that names its interpreter: #!/usr/bin/env -S tsmpi run -n 4
      return source().startsWith("#!") ? "typescript" : "other";
    default:
      return "other";
  }
}

/**
 * Decides by the syntax, as newer Node does for a `.js` without a package type, so that Node 20 runs the same files. A text
 * that compiles as neither counts as a module: the transform then reports the mistake.
 */
export function isCommonJS(path: string, source: string): boolean {
  if (hasModuleSyntax(source)) return false;
  try {
    const body = source.replace(/^#!/, "//");
    compileFunction(body, ["exports", "require", "module", "__filename", "__dirname"], { filename: path });
    return true;
  } catch {
    return false;
  }
}

/** Whether there is an `import` or `export` statement, or `import.meta`. */
export function hasModuleSyntax(source: string): boolean {
  try {
    return parse(source)[3];
  } catch {
    return false; // the lexer is stricter than CommonJS; the compiler decides
  }
}

export function packageType(path: string): unknown {
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    try {
      return (JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { type?: unknown }).type;
    } catch (error) {
      if (error instanceof SyntaxError) return undefined;
    }
    if (folder === dirname(folder)) return undefined;
  }
}
