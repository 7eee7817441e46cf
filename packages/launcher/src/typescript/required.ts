import Module from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";
import { load, resolve } from "./program-hooks.ts";

// Node's loader of CommonJS, which has no types. Tools have replaced these functions for fifteen years.
interface Loader {
  _resolveFilename(request: string, parent: { filename?: string | null } | undefined, ...rest: unknown[]): string;
  readonly _extensions: Record<string, (module: Compiled, path: string) => void>;
}
interface Compiled {
  _compile(code: string, path: string, format: string): void;
}

const loader = Module as unknown as Loader;
const context = { conditions: ["require"] };

/**
 * Makes `require` use {@link resolve} and {@link load}. Node before 22.15 has no hooks there. The hooks of some later versions, up
 * to 24.5 at least, leave out CommonJS that was imported.
 */
export function hookRequires(): void {
  hookResolution();
  hookCompilation();
}

function hookResolution(): void {
  const resolveFilename = loader._resolveFilename;
  loader._resolveFilename = (request, parent, ...rest) => {
    const find = (name: string) => resolveFilename.call(loader, name, parent, ...rest);
    const path = parent?.filename;
    if (!path || Module.isBuiltin(request) || path.includes("/node_modules/")) return find(request);
    const { url } = resolve(request, { ...context, parentURL: pathToFileURL(path).href }, (name) => ({
      url: asURL(find(name)),
    }));
    return url.startsWith("file:") ? fileURLToPath(url) : url;
  };
}

function hookCompilation(): void {
  const javaScript = loader._extensions[".js"]!;
  for (const end of [".js", ".ts", ".cts", ".mts", ".tsx", ".jsx"]) {
    const before = loader._extensions[end] ?? javaScript;
    loader._extensions[end] = (module, path) => {
      const loaded = load(asURL(path), context, () => undefined);
      if (loaded === undefined) before(module, path);
      else module._compile(loaded.source, path, loaded.format);
    };
  }
}

function asURL(path: string): string {
  return path.startsWith("/") ? pathToFileURL(path).href : path; // a module of Node stays a name
}
