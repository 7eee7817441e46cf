import type { Transformed } from "./transform.ts";

/** The comment that leads Node from transformed code, which begins after `skip` lines of ours, to the original file. */
export function sourceMap(url: string, { mappings, names }: Transformed, skip = 0): string {
  const map = { version: 3, sources: [url], names, mappings: ";".repeat(skip) + mappings };
  return `//# sourceMappingURL=data:application/json;base64,${Buffer.from(JSON.stringify(map)).toString("base64")}\n`;
}
