import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import type { Module } from "./graph.ts";

/** The file name of a script on standard input. There is no such file. */
export const stdinName = "[stdin].mts";

/**
 * The source map comment of transformed code, which begins after `skip` added lines. It names the original file by its path, not
 * by a URL: source-map-support joins a URL to the folder of the code, which gives wrong paths. The path is as `fs` takes it: Node
 * encodes it once more, so that a space that is `%20` already would stay `%20` in stacks.
 *
 * Node reads the line that it shows above a stack from the original file. For a script on standard input, which is no file, the
 * map has the text.
 */
export function sourceMap(
  { url, source, transformed }: Pick<Module, "url" | "source" | "transformed">,
  skip = 0,
): string {
  const path = fileURLToPath(url);
  const { mappings, names } = transformed;
  const content = basename(path) === stdinName ? { sourcesContent: [source] } : {};
  const map = { version: 3, sources: [path], ...content, names, mappings: ";".repeat(skip) + mappings };
  return `//# sourceMappingURL=data:application/json;base64,${Buffer.from(JSON.stringify(map)).toString("base64")}\n`;
}
