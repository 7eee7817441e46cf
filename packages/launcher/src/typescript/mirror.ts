import { createHash } from "node:crypto";

/**
 * The name of a file's twin, its transformed copy in the job's directory. It follows from the file's URL alone, so a rank
 * needs no table to find it. The readable part is for people.
 */
export function mirrorName(url: string): string {
  const { pathname } = new URL(url);
  const stem = decodeURIComponent(pathname)
    .replace(/^.*\//, "")
    .replace(/\.[^.]*$/, "")
    .replace(/[^A-Za-z0-9_-]/g, "_");
  return `${stem.slice(0, 40)}-${createHash("sha256").update(url).digest("hex").slice(0, 16)}.mjs`;
}

/** JSON is imported with an attribute by its own URL, and without one by its twin's name. */
export function isJsonUrl(url: string): boolean {
  return /^file:[^?#]*\.json([?#]|$)/.test(url);
}
