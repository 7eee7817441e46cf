import type { RankRecording, RunEnding, RunRecording, StuckRank } from "../recording/recording.ts";
import { count } from "../reports/table.ts";
import type { Advice } from "./report-data.ts";
import { atSite, duration, ranksFirst, ranksNamed } from "./words.ts";

/** Most ranks of a deadlock that a sentence names. */
const mostStuck = 4;

/** What ended the run before its time: a deadlock or a failure. */
export function endingAdvice(recording: RunRecording): Advice | undefined {
  const { deadlock } = recording.ending;
  return deadlock === undefined || deadlock.length === 0 ? failure(recording) : deadlockAdvice(deadlock);
}

function deadlockAdvice(stuck: readonly StuckRank[]): Advice {
  const parties = stuck.slice(0, mostStuck).map(({ rank, call, site, ranks }) => {
    const others = ranks === undefined ? "any rank" : ranks.length === 0 ? "others" : ranksNamed(ranks);
    return `rank ${rank} waits for ${others} in ${call}${atSite(site ?? "")}`;
  });
  const left = stuck.length - parties.length;
  const rest = left > 0 ? `; so do ${left} more` : "";
  const { site } = stuck[0]!;
  return {
    kind: "deadlock",
    text: `Deadlock: ${parties.join("; ")}${rest}.`,
    ranks: stuck.map(({ rank }) => rank),
    ...(site !== undefined && site !== "" && { site }),
  };
}

function failure({ ending, ranks }: RunRecording): Advice | undefined {
  if (ending.exitCode === 0 && ending.words.length === 0) return undefined;
  const lost = ranks.filter(({ complete, leftAt, joinedAt }) => !complete && leftAt > joinedAt);
  const first = lost.reduce<RankRecording | undefined>(
    (a, b) => (a === undefined || b.leftAt < a.leftAt ? b : a),
    undefined,
  );
  const call = first?.lastCall;
  return {
    kind: "failed",
    text: `${whatFailed(ending)}${first === undefined ? "" : lastWords(first)}`,
    ranks:
      first === undefined ? [] : [first.rank, ...lost.map(({ rank }) => rank).filter((each) => each !== first.rank)],
    ...(call !== undefined && call.site !== "" && { site: call.site }),
    ...(first !== undefined && { from: call?.began ?? first.leftAt, to: first.leftAt }),
  };
}

/** " Rank 2 was in recv at app.ts:5 for 1.8 s.", or nothing if it was in no call. */
function lastWords({ rank, lastCall, leftAt }: RankRecording): string {
  if (lastCall === undefined) return "";
  const { operation, site, began } = lastCall;
  return ` ${ranksFirst([rank])} was in ${operation}${atSite(site)} for ${duration(Math.max(0, leftAt - began))}.`;
}

/** Without an exit code, the failure did not end the run (`--keep-going`). */
function whatFailed({ exitCode, words }: RunEnding): string {
  const [first] = words;
  if (first === undefined) return `The run ended with exit code ${exitCode}.`;
  if (exitCode !== 0) return sentence(first);
  const more = words.length > 1 ? ` ${count(words.length - 1, "failure")} followed.` : "";
  return `${sentence(first).slice(0, -1)}; the others went on without it.${more}`;
}

/** "rank 3 was killed; stopping the other ranks" -> "Rank 3 was killed." */
function sentence(words: string): string {
  const text = shortened(words);
  const whole = `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
  return /[.!?]$/.test(whole) ? whole : `${whole}.`;
}

/** What follows in the launcher's words: what it does then, what the other ranks do, the stack of an error. */
const sequel = /\n|; (stopping|going on without|the others went on|what the ranks do:)/;

function shortened(words: string): string {
  const [start = ""] = words.trim().split(sequel);
  return start.replace(/[\s:;,]+$/, "").replace(/\.:?$/, "");
}
