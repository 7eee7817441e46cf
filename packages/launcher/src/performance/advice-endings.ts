import type { RunRecording, StuckRank } from "../recording/recording.ts";
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
  const first = lost.reduce<(typeof lost)[number] | undefined>(
    (a, b) => (a === undefined || b.leftAt < a.leftAt ? b : a),
    undefined,
  );
  const words = sentence(ending.words[0] ?? `the run ended with exit code ${ending.exitCode}`);
  const call = first?.lastCall;
  const last =
    call === undefined
      ? ""
      : ` ${ranksFirst([first!.rank])} was in ${call.operation}${atSite(call.site)} since ${duration(call.began)}.`;
  return {
    kind: "failed",
    text: `${words}${last}`,
    ranks:
      first === undefined ? [] : [first.rank, ...lost.map(({ rank }) => rank).filter((each) => each !== first.rank)],
    ...(call !== undefined && call.site !== "" && { site: call.site }),
    ...(first !== undefined && { from: call?.began ?? first.leftAt, to: first.leftAt }),
  };
}

/** "rank 3 was killed" -> "Rank 3 was killed." */
function sentence(words: string): string {
  const [line = ""] = words.split("\n");
  const text = `${line.slice(0, 1).toUpperCase()}${line.slice(1)}`;
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
