import { statSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/**
 * Has a file written under another name, and gives it its own when it is whole: a full disk leaves no half a file, and what was
 * there before stays. Devices and pipes are written to directly.
 */
export async function writeWhole(path: string, write: (path: string) => Promise<void>): Promise<void> {
  if (!mayBeReplaced(path)) return write(path);
  const part = join(dirname(path), `.part-${basename(path)}`);
  try {
    await write(part);
    await rename(part, path);
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
}

function mayBeReplaced(path: string): boolean {
  const found = statSync(path, { throwIfNoEntry: false });
  return found === undefined || found.isFile();
}
