import { signalOf } from "../calls/call.ts";
import { setInterval } from "../calls/event-loop.ts";
import type { Engine } from "../engine/engine.ts";
import type { Stuck } from "../wire/agent-protocol.ts";
import { activeResources } from "./active-resources.ts";
import { whereabouts } from "./pending-report.ts";

/**
 * Reports when this rank has waited in tsmpi for `afterMs` without progress, and when it makes progress again. A rank with a timer,
 * a file, a socket or a child process of its own may continue by itself and is never called stuck. A rank that computes is not
 * either, because this timer does not run then. Costs nothing between checks.
 */
export function watchProgress(
  engine: Engine,
  afterMs: number,
  tell: { stuck(stuck: Stuck): void; moving(): void },
): void {
  const usual = underWay();
  let steps = -1;
  let quietLooks = 0;
  let told = false;
  const look = (): void => {
    const alive = engine.waiting && !engine.settling && !mayGoOn(engine) && same(usual, underWay());
    quietLooks = alive && engine.steps === steps ? quietLooks + 1 : 0;
    steps = engine.steps;
    if (quietLooks === 0) {
      if (told) tell.moving();
      told = false;
    } else if (quietLooks >= 2 && !told) {
      told = true;
      const { sent, received } = engine.traffic;
      void whereabouts(engine).then((where) => told && tell.stuck({ sent, received, ...where }));
    }
  };
  setInterval(look, Math.max(100, afterMs / 2)).unref();
}

/** A call with a signal may still be cancelled. */
function mayGoOn(engine: Engine): boolean {
  for (const { call } of engine.pending()) {
    if (signalOf(call) !== undefined) return true;
  }
  return false;
}

/** Active resources by kind, without those of tsmpi. Pipes are left out: they are the rank's output and its wake pipe. */
function underWay(): Map<string, number> {
  const kinds = activeResources();
  kinds.delete("PipeWrap");
  return kinds;
}

function same(usual: ReadonlyMap<string, number>, now: ReadonlyMap<string, number>): boolean {
  return [...now].every(([kind, count]) => count <= (usual.get(kind) ?? 0));
}
