import { signalOf } from "../calls/call.ts";
import { clearInterval, setInterval } from "../calls/event-loop.ts";
import type { Engine } from "../engine/engine.ts";
import type { Wait } from "../wire/agent-protocol.ts";
import { activeResources } from "./active-resources.ts";
import { whereabouts } from "./pending-report.ts";

/** How often is looked, and how many looks in a row must find nothing changed: a deadlock lasts for ever. */
const lookMs = 10;
const looks = 2;
/** As many where the process had timers before, of which one may have made room for a rank's own: half a second. */
const looksAmongTimers = 50;

/** Watchers of this process: each has a timer of its own, which is no sign of life. */
let watchers = 0;

/**
 * Looks out for a deadlock of ranks within this process: every rank that has not ended waits in tsmpi, nothing is on
 * its way, and nothing happens. A rank may wait in tsmpi with one hand and sleep, read or compute with the other, so
 * whatever Node knows to be under way (timers, files, sockets) speaks against it unless it was there from the start;
 * so does a waiting call with a signal, which may abort. What Node does not list (crypto in its thread pool) is missed.
 *
 * @param running the ranks that have not ended
 * @param idle whether nothing is on its way
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
    if (engines.map((engine) => engine.notices.ask(true)).includes(true)) return; // ranks in different collectives are told that instead
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

/** What keeps this process alive, by kind, other than the watchers. */
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

/** Who waits for whom in which call, and what has arrived that nobody wanted. */
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
