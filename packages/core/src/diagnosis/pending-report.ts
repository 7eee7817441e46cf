import { type Call, describe } from "../calls/call.ts";
import { locate } from "../calls/call-site.ts";
import { performance } from "../calls/event-loop.ts";
import type { Engine } from "../engine/engine.ts";
import type { PendingCall } from "../engine/pending-call.ts";
import { countMessages } from "../engine/traffic.ts";
import type { Wait, Whereabouts } from "../wire/agent-protocol.ts";

/** Most calls, and most kinds of messages, of a rank in a report. */
const most = 5;

/** What the pending calls of a rank wait for, since when, and their source positions. */
export async function whereabouts(engine: Engine): Promise<Whereabouts> {
  const calls = new Map<Call, PendingCall[]>();
  for (const pending of engine.pending()) {
    const all = calls.get(pending.call);
    if (all === undefined) calls.set(pending.call, [pending]);
    else all.push(pending);
  }
  const waits = await Promise.all([...calls.values()].slice(0, most).map(waitOf));
  return {
    waits,
    more: Math.max(0, calls.size - most),
    unreceived: countMessages(engine.traffic.unreceived()).slice(0, most),
  };
}

async function waitOf(pendings: readonly PendingCall[]): Promise<Wait> {
  const { call, collective } = pendings[0] as PendingCall;
  const divert = pendings.find((pending) => pending.divert !== undefined)?.divert;
  const site = await locate(call, divert);
  const ranks = pendings.flatMap(({ rank }) => (rank === undefined ? [] : [rank]));
  return {
    call: describe(call),
    ...(collective !== undefined && { collective }),
    ...(ranks.length === pendings.length && { ranks: [...new Set(ranks)].sort((a, b) => a - b) }),
    ms: call.since === undefined ? 0 : Math.round(performance.now() - call.since),
    ...(site !== undefined && { site }),
  };
}
