import type { Transformed } from "./transform.ts";

/**
 * The source map comment of transformed code, which begins after `skip` added lines. It names the original file by its path, not
 * by a URL: source-map-support joins a URL to the folder of the code, which gives wrong paths.
 */
export function sourceMap(url: string, { mappings, names }: Transformed, skip = 0): string {
  const map = { version: 3, sources: [new URL(url).pathname], names, mappings: ";".repeat(skip) + mappings };
  return `//# sourceMappingURL=data:application/json;base64,${Buffer.from(JSON.stringify(map)).toString("base64")}\n`;
}
