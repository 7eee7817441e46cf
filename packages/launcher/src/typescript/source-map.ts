import type { Transformed } from "./transform.ts";

/**
 * The comment that leads Node from transformed code, which begins after `skip` lines of ours, to the original file. The file
 * is named by its path, not as a URL: source-map-support joins a URL to the folder of the code, which gives odd paths.
 */
export function sourceMap(url: string, { mappings, names }: Transformed, skip = 0): string {
  const map = { version: 3, sources: [new URL(url).pathname], names, mappings: ";".repeat(skip) + mappings };
  return `//# sourceMappingURL=data:application/json;base64,${Buffer.from(JSON.stringify(map)).toString("base64")}\n`;
}
