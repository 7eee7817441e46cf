import { signalOf } from "../calls/call.ts";
import { clearInterval, setInterval } from "../calls/event-loop.ts";
import type { Engine } from "../engine/engine.ts";
import type { Wait } from "../wire/agent-protocol.ts";
import { activeResources } from "./active-resources.ts";
import { whereabouts } from "./pending-report.ts";

/** Time between checks. */
const lookMs = 10;
/** Number of checks in a row that must find nothing changed. A deadlock lasts, so few are enough. */
const looks = 2;
/** The same if the process had timers before: half a second, because a rank's timer may have replaced one of them. */
const looksAmongTimers = 50;

/** Number of watchers in this process. The timer of a watcher is no sign of activity. */
let watchers = 0;

/**
 * Detects a deadlock of ranks within this process: every rank that has not ended waits in tsmpi, no message is in flight, and
 * nothing changes. A rank may wait in tsmpi and at the same time sleep, read a file or compute. So an active resource that Node
 * lists (timer, file, socket) rules a deadlock out, unless it was there from the start. So does a pending call with a signal, which
 * may abort. Activity that Node does not list (crypto in its thread pool) is missed.
 *
 * @param running the ranks that have not ended
 * @param idle whether no message is in flight
 * @param found called once, with the report
 * @returns ends the watch
 */
export function watchForDeadlock(
  running: () => readonly Engine[],
  idle: () => boolean,
  found: (report: string) => void,
): () => void {
  const usual = underWay();
  let seen = -1;
  let times = 0;
  watchers += 1;
  const timer = setInterval(() => {
    const engines = running();
    const now = underWay();
    const asUsual = [...now].every(([kind, count]) => count <= (transient.test(kind) ? 0 : (usual.get(kind) ?? 0)));
    const quiet = asUsual && idle() && engines.length > 0 && engines.every(stuck);
    for (const [kind, count] of usual) usual.set(kind, Math.min(count, now.get(kind) ?? 0));
    const steps = engines.reduce((sum, engine) => sum + engine.steps, 0);
    times = quiet && steps === seen ? times + 1 : 0;
    seen = steps;
    if (times < ((now.get("Timeout") ?? 0) > 0 ? looksAmongTimers : looks)) return;
    times = 0;
    if (engines.map((engine) => engine.notices.ask(true)).includes(true)) return; // ranks in different collectives get that error instead
    stop();
    void reportOn(engines).then(found);
  }, lookMs);
  let watching = true;
  const stop = (): void => {
    if (watching) watchers -= 1;
    watching = false;
    clearInterval(timer);
  };
  return stop;
}

/** Kinds that end by themselves: "Immediate", "FSReqCallback", "GetAddrInfoReqWrap", ... */
const transient = /Req|Immediate/;

/** Active resources by kind, without the watchers. */
function underWay(): Map<string, number> {
  const kinds = activeResources();
  kinds.set("Timeout", (kinds.get("Timeout") ?? 0) - watchers);
  return kinds;
}

function stuck(engine: Engine): boolean {
  if (engine.settling) return false;
  let waits = false;
  for (const { call } of engine.pending()) {
    const signal = signalOf(call);
    if (signal?.aborted) continue;
    if (signal !== undefined) return false;
    waits = true;
  }
  return waits;
}

/** For each rank: its pending calls, the ranks that they wait for, and the unexpected messages. */
async function reportOn(engines: readonly Engine[]): Promise<string> {
  const lines = ["every rank waits and nothing is on its way"];
  for (const engine of engines) {
    const { waits, more, unreceived } = await whereabouts(engine);
    const own = waits.map(describeWait);
    if (more > 0) own.push(`and ${more} more`);
    for (const { source, tag, count } of unreceived) {
      own.push(`not received: ${count === 1 ? "a message" : `${count} messages`} from rank ${source} with tag ${tag}`);
    }
    lines.push(...own.map((line, i) => `  ${i === 0 ? `rank ${engine.who.rank}:` : "   "} ${line}`));
  }
  return lines.join("\n");
}

function describeWait({ call, ranks, site }: Wait): string {
  const who = ranks === undefined ? "any rank" : `rank${ranks.length > 1 ? "s" : ""} ${ranks.join(", ")}`;
  return `${call} waits for ${who}${site === undefined ? "" : `, at ${site}`}`;
}
