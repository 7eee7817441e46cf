import { callAdvice } from "./advice-calls.ts";
import { endingAdvice } from "./advice-endings.ts";
import { resourceAdvice } from "./advice-resources.ts";
import { waitingAdvice } from "./advice-waiting.ts";
import type { Analysis } from "./analysis.ts";
import { withSharedCpus } from "./crowding.ts";
import type { Advice } from "./report-data.ts";

const mostAdvice = 3;
/** Of a shorter run nothing is said but how it ended. */
const shortestRunMs = 100;

/** What to improve: at most three sentences, what costs the most first. None where nothing is wrong. */
export function adviceOf(analysis: Analysis): Advice[] {
  const ending = endingAdvice(analysis.recording);
  const first = ending === undefined ? [] : [ending];
  // A deadlock makes all else look small.
  if (ending?.kind === "deadlock" || analysis.runMs < shortestRunMs) return first;
  const found = [...waitingAdvice(analysis), ...callAdvice(analysis), ...resourceAdvice(analysis)];
  const stalled = found.filter(({ advice }) => advice.kind === "stall").map(({ advice }) => advice.ranks[0]);
  // Waiting for a rank that does not yield is said once, with its reason.
  const left = found.filter(
    ({ advice: { kind, ranks } }) => (kind !== "late-rank" && kind !== "root") || !stalled.includes(ranks[0]),
  );
  // Ranks that exchange many small messages also wait for each other's: that has the same cause.
  const small = left.some(({ advice }) => advice.kind === "small-messages");
  const told = left.filter(({ advice }) => advice.kind !== "serialization" || !small);
  const ordered = withSharedCpus(analysis, told)
    .sort((a, b) => b.costMs - a.costMs)
    .map(({ advice }) => advice);
  return [...first, ...ordered].slice(0, mostAdvice);
}
