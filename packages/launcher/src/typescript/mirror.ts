import { createHash } from "node:crypto";

/**
 * The name of a transformed file in the job's directory. It follows from the file's URL alone, so that a rank finds
 * the twin of any file without a table. The readable part is for people who look into the directory.
 */
export function mirrorName(url: string): string {
  const { pathname } = new URL(url);
  const stem = decodeURIComponent(pathname)
    .replace(/^.*\//, "")
    .replace(/\.[^.]*$/, "")
    .replace(/[^A-Za-z0-9_-]/g, "_");
  return `${stem.slice(0, 40)}-${createHash("sha256").update(url).digest("hex").slice(0, 16)}.mjs`;
}

/** JSON is imported with an attribute where it lies, and without by its twin's name. */
export function isJsonUrl(url: string): boolean {
  return /^file:[^?#]*\.json([?#]|$)/.test(url);
}
