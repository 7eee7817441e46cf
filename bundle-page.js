// Makes the page of `tsmpi report`: shell, style and script become one file without any reference to another one. The data
// takes the place of a mark in it: packages/launcher/src/performance/report-page.ts.
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { build, transform } from "esbuild";

/** Writes `dist/report-page.html`, and returns the directories of the libraries that are in it. */
export async function bundlePage(folder) {
  const source = join(folder, "src/page");
  const { outputFiles, metafile } = await build({
    entryPoints: [join(source, "main.ts")],
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    format: "iife",
    platform: "browser",
    target: ["chrome111", "firefox113", "safari16.4"],
    legalComments: "none",
    logLevel: "warning",
  });
  const style = await transform(readFileSync(join(source, "style.css"), "utf8"), { loader: "css", minify: true });
  const parts = {
    "/* style.css */": style.code.trim(),
    "/* main.ts */": outputFiles[0].text.trim().replaceAll("</script", "<\\/script"),
  };
  const shell = readFileSync(join(source, "index.html"), "utf8");
  const page = Object.entries(parts).reduce((text, [mark, part]) => text.replace(mark, () => part), shell);
  writeFileSync(join(folder, "dist/report-page.html"), page);
  const inputs = Object.values(metafile.outputs).flatMap(({ inputs }) => Object.entries(inputs));
  const used = inputs.filter(([, { bytesInOutput }]) => bytesInOutput > 0).map(([path]) => path);
  return [...new Set(used.flatMap(packageOf))].sort();
}

/** `node_modules/d3-scale/src/band.js` is of the package `node_modules/d3-scale`. */
function packageOf(path) {
  const match = /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path);
  return match === null ? [] : [resolve(match[0])];
}
