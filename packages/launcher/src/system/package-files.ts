import { resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { belowHome, followed, isSame } from "./seen-paths.ts";

const folder = seenFolder();

/**
 * The package's folder, by the path that led to it when this process was started: `/home/me/node_modules/tsmpi/`, where
 * `import.meta.url` has only what an automounter has put behind /home/me on this host.
 */
function seenFolder(): string {
  // Bundled or not, this file is somewhere below dist or src.
  const own = fileURLToPath(import.meta.url.replace(/^(.*)\/(dist|src)\/.*$/, "$1"));
  const started = resolve(followed(process.argv[1] ?? "/"), "../../.."); // bin/tsmpi.js or dist/agent-main.js
  return `${pathToFileURL(isSame(started, own) ? started : belowHome(own)).href}/`;
}

/** A file of this package as it was built; `path` as it is below `src`, with the extension of JavaScript. */
export function builtFile(path: string): URL {
  return new URL(`dist/${path}`, folder);
}

/** The package's manifest. */
export const manifest: URL = new URL("package.json", folder);
