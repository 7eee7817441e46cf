import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { recordingBytes } from "@tsmpi/core/bootstrap";
import type { HostPlan, Report } from "../link/messages.ts";

/** A part of a recording on the link. Output and orders go between two parts. */
const partBytes = 256 * 1024;
const leastEvents = 1024;
/** Recordings take at most this part of the memory that is free. */
const share = 0.25;

/** The file that a rank records in. */
export function recordingPath(directory: string, rank: number): string {
  return join(directory, `${rank}.recording`);
}

/** How many calls each rank of this host may keep, so that `room` bytes are enough; undefined: there is no room. */
export function eventsIn(room: number, { ranks, size, recording }: HostPlan): number | undefined {
  for (let events = recording?.events ?? 0; events >= leastEvents; events /= 2) {
    if (recordingBytes(size, events) * ranks.length <= room * share) return events;
  }
  return undefined;
}

/** Sends what the ranks of this host have recorded so far. It is read from their memory: they need not be alive. */
export async function sendRecordings(
  directory: string,
  ranks: readonly number[],
  send: (report: Report) => void,
): Promise<void> {
  for (const rank of ranks) {
    const bytes = await compressed(recordingPath(directory, rank));
    for (let at = 0; at < bytes.length || at === 0; at += partBytes) {
      const last = at + partBytes >= bytes.length;
      send({ kind: "recorded", rank, bytes: bytes.subarray(at, at + partBytes), last });
    }
  }
}

/** Empty if the rank has recorded nothing. */
async function compressed(path: string): Promise<Uint8Array> {
  try {
    return await promisify(gzip)(await readFile(path), { level: 1 });
  } catch {
    return new Uint8Array(0);
  }
}
