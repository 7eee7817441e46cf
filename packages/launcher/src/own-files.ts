/** The package's folder: bundled or not, this file is somewhere below its dist or src. */
const folder = import.meta.url.replace(/^(.*\/)(dist|src)\/.*$/, "$1");

/** A file of this package as it was built; `path` as it is below `src`, with the extension of JavaScript. */
export function builtFile(path: string): URL {
  return new URL(`dist/${path}`, folder);
}

/** The package's manifest. */
export const manifest: URL = new URL("package.json", folder);
