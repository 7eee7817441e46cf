import { calls, functions, taskFirst } from "./vocabulary.ts";

/** Methods that arrays, strings and others have too: they count only after a communicator's name. */
const common = new Set(["map", "reduce", "split", "send", "close", "merge", "sub", "scan", "graph"]);
// Bounded, because a file may hold a long text without any space.
const anyCall = /(?<![\w$])([\w$]{3,20})\s*(?:<[^()]{0,200}>)?\(/g;
const communicator =
  /(?<![\w$])([\w$]+)\s*=\s*(?:await\s+)?(?:[\w$.]+\.)?(?:init|split|dup|subset|cart|graph|intercomm|sub|merge)\s*\(|(?<![\w$])([\w$]+)\??\s*:\s*\w*[cC]ommunicator\b/g;

/**
 * Whether a program may have a slip: it has a task, or a call without `await`, or a property of an awaited call. Saves most
 * programs the parser, which takes 30 ms to load; this takes less than 1 ms.
 */
export function isSuspicious(text: string): boolean {
  if (!text.includes("tsmpi") || !/["'](tsmpi|@tsmpi\/core)(\/testing)?["']/.test(text)) return false;
  const isCommunicator = communicatorsOf(text);
  for (const match of text.matchAll(anyCall)) {
    const [all, name = ""] = match;
    if (!calls.has(name) && !taskFirst.has(name)) continue;
    const before = text.slice(Math.max(0, match.index - 80), match.index);
    if (!isOurs(name, before, isCommunicator)) continue;
    if (taskFirst.has(name) || name === "pool") return true;
    if (!/\b(await|void)\s+[\w$.]*$/.test(before)) return true;
    if (/^\s*(!?\??\.(?!(then|catch|finally)\b)|!?\[)/.test(text.slice(endOfCall(text, match.index + all.length))))
      return true;
  }
  return false;
}

/** Whether a call of this name may be one of tsmpi; `before` is the text in front of it. */
function isOurs(name: string, before: string, isCommunicator: (name: string) => boolean): boolean {
  const receiver = /([\w$]*)[)!?]*\.$/.exec(before)?.[1];
  if (receiver === undefined) return functions.has(name);
  return !common.has(name) || isCommunicator(receiver);
}

/** Tells whether a name is one of a communicator. The names are searched for at the first question only. */
function communicatorsOf(text: string): (name: string) => boolean {
  let names: ReadonlySet<string> | undefined;
  return (name) => {
    names ??= communicatorsIn(text);
    return names.has(name);
  };
}

function communicatorsIn(text: string): ReadonlySet<string> {
  const names = new Set(["world", "comm"]);
  for (const [, made, typed] of text.matchAll(communicator)) names.add(made ?? typed ?? "");
  return names;
}

const mostArguments = 5000;

/** The position behind the parenthesis that closes the call. Parentheses in strings count too, which is rare. */
function endOfCall(text: string, start: number): number {
  const end = Math.min(text.length, start + mostArguments);
  let depth = 1;
  for (let at = start; at < end; at++) {
    const character = text[at];
    if (character === "(") depth++;
    else if (character === ")" && --depth === 0) return at + 1;
  }
  return end;
}
