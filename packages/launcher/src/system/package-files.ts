import { resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { belowHome, followed, isSame } from "./seen-paths.ts";

const folder = seenFolder();

/**
 * The package's folder, by the path with which this process was started: `/home/me/node_modules/tsmpi/`. `import.meta.url` has
 * only the directory that an automounter has put behind /home/me on this host.
 */
function seenFolder(): string {
  // Bundled or not, this file is somewhere below dist or src.
  const own = fileURLToPath(import.meta.url.replace(/^(.*)\/(dist|src)\/.*$/, "$1"));
  const started = resolve(followed(process.argv[1] ?? "/"), "../.."); // bin/tsmpi.js or dist/agent-main.js
  return `${pathToFileURL(isSame(started, own) ? started : belowHome(own)).href}/`;
}

/** A built file of this package. `path` is its path below `src`, with the extension of JavaScript. */
export function builtFile(path: string): URL {
  return new URL(`dist/${path}`, folder);
}

/** The package's manifest. */
export const manifest: URL = new URL("package.json", folder);
