import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { entry } from "./boot.ts";
import { isJsonUrl, mirrorName } from "./mirror.ts";

/**
 * `import(specifier)` of a transformed file, whose own place is `parent`, when what it imports is known only now.
 * A file of the program is the same module here as for its other importers; any other of the user's files
 * goes through the hooks, which are not loaded until then.
 */
export async function importFrom(parent: string, specifier: unknown, options?: ImportCallOptions): Promise<unknown> {
  const { resolve } = await import("./resolve.ts");
  const { url, own } = resolve(String(specifier), parent);
  const directory = dirname(entry as string);
  if (url.startsWith("file:")) {
    const twin = join(directory, mirrorName(url));
    if (existsSync(twin)) return import(pathToFileURL(twin).href);
  }
  if (own && !isJsonUrl(url)) await (await import("./hook.ts")).hook(directory);
  return import(url, options);
}
