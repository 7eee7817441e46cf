import { readFileSync } from "node:fs";
import { join } from "node:path";
import { HostsError } from "../errors/launch-error.ts";
import type { RemoteHost } from "../hosts/starters.ts";
import { reachesOne } from "../link/reach.ts";
import type { RollCall } from "../reports/launch-stages.ts";

/** What the launcher knows about an agent that has not connected. */
export interface Missing {
  remote: RemoteHost;
  /** The starter's command for it still runs. */
  isStarting: boolean;
}

/**
 * Finds out why a host's agent did not connect: from what it wrote beside its key, and by trying the way to it from here.
 * `here` is the name of the launcher's own host.
 */
export async function diagnose(
  { remote, isStarting }: Missing,
  directories: readonly string[],
  here: string,
  roll: RollCall,
): Promise<void> {
  const { node, host, starter } = remote;
  const note = noteOf(node, directories);
  if (note === undefined) {
    if (isStarting)
      roll.blame(
        node,
        `${starter.name} still waits for this host: ${starter.hangs}, or a firewall keeps it from connecting to ${here}`,
      );
    return;
  }
  const connected = note.attempts.some(({ outcome }) => outcome.startsWith("connected"));
  roll.reach(node, connected ? "connected" : "started");
  for (const { endpoint, outcome } of note.attempts) roll.note(node, `launcher at ${endpoint}: ${outcome}`);
  if (connected) {
    roll.blame(node, `${host.name} reaches ${here}, but its agent and the launcher have different keys`);
    return;
  }
  const backwards = (await reachesOne(note.listens))
    ? `${here} reaches ${host.name}: a firewall lets connections through one way only`
    : `${here} cannot reach ${host.name} either: a firewall, or no network between them`;
  roll.blame(node, `${host.name} cannot reach ${here}; ${backwards}`);
}

/** What an agent that cannot reach the launcher writes beside its key. */
interface Note {
  attempts: { endpoint: string; outcome: string }[];
  /** Where the agent can be reached, should the way there be open. */
  listens: string[];
}

function noteOf(node: number, directories: readonly string[]): Note | undefined {
  for (const directory of directories) {
    try {
      return JSON.parse(readFileSync(join(directory, `agent.${node}`), "utf8")) as Note;
    } catch {} // it has written none, or not here
  }
  return undefined;
}

/** The error of a launch that fails. `tooLateMs`: the time limit, when that is why. */
export function missingAgents(
  missing: readonly RemoteHost[],
  expected: number,
  tooLateMs: number | undefined,
  roll: RollCall,
  turnedAway: ReadonlyMap<string, number>,
): HostsError {
  const causes = new Map(
    missing.flatMap(({ node, host }) => {
      const cause = roll.causeOf(node) ?? (tooLateMs === undefined ? undefined : "its agent did not connect in time");
      return cause === undefined ? [] : [[host.name, cause] as const];
    }),
  );
  const when = tooLateMs === undefined ? "at all" : `within ${tooLateMs / 1000} s (--launch-timeout)`;
  const what = `${causes.size} of ${expected} agents did not connect ${when}`;
  const strangers = [...turnedAway].map(
    ([origin, times]) => `turned away: ${origin}${times > 1 ? ` (${times} times)` : ""}`,
  );
  return new HostsError([what, roll.describe("authenticated"), ...strangers].join("\n"), causes);
}
