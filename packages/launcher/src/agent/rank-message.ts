import type { RankMessage } from "@tsmpi/core/bootstrap";

type Fields = Record<string, unknown>;
type Check = (message: Fields) => boolean;

/** A run of more ranks is nonsense that would take memory. */
const mostRanks = 1_000_000;
const anything: Check = () => true;
const isNumber = (value: unknown): boolean => typeof value === "number" && value >= 0;
const isText = (value: unknown): boolean => typeof value === "string";
const isCount = (value: unknown): boolean => isTable(value) && Object.values(value).every(isNumber);
const isTexts = (value: unknown): boolean => Array.isArray(value) && value.every(isText);
const isNumbers = (value: unknown): boolean => Array.isArray(value) && value.every(isNumber);
const isWait: Check = ({ call, collective, ranks, ms, site }) =>
  isText(call) && isMaybe(isCount, collective) && isMaybe(isNumbers, ranks) && isNumber(ms) && isMaybe(isText, site);
const isUnreceived: Check = ({ source, tag, count }) => [source, tag, count].every(isNumber);
const isListOf = (check: Check, value: unknown): boolean =>
  Array.isArray(value) && value.every((each) => isTable(each) && check(each));
/** Where a rank is in its program. */
const isWhereabouts: Check = ({ waits, more, unreceived }) =>
  isListOf(isWait, waits) && isNumber(more) && isListOf(isUnreceived, unreceived);
const isStuck: Check = (message) => isCount(message["sent"]) && isCount(message["received"]) && isWhereabouts(message);
const isCalled: Check = ({ number, call, site }) => isNumber(number) && isText(call) && isMaybe(isText, site);
const isJoined: Check = ({ context, failed, count, last }) =>
  isNumber(context) && typeof failed === "boolean" && isNumber(count) && isListOf(isCalled, last);
const isRuns = (value: unknown): boolean =>
  Array.isArray(value) && value.every((run) => isNumbers(run) && run.length === 2 && run[1] <= mostRanks);
const isBallot: Check = ({ context, number, members, question, value }) =>
  isNumber(context) && isNumber(number) && isRuns(members) && isText(question) && isText(value);
const isPeer: Check = ({ rank, host, endpoints }) => isNumber(rank) && isText(host) && isTexts(endpoints);
const isWish: Check = ({ context, count, script, args, environment, directory, parents }) =>
  isNumber(context) &&
  isRanks(count) &&
  [script, directory].every(isText) &&
  isTexts(args) &&
  isTable(environment) &&
  isTexts(Object.values(environment)) &&
  isListOf(isPeer, parents);
const isRanks = (value: unknown): boolean =>
  Number.isInteger(value) && (value as number) >= 1 && (value as number) <= mostRanks;
const isMaybe = (check: (value: unknown) => boolean, value: unknown): boolean => value === undefined || check(value);

/** The fields that launcher and agent need in each message of a rank. */
const checks: Record<RankMessage["kind"], Check> = {
  hello: ({ rank, pid, thread }) => [rank, pid, thread].every(isNumber),
  moving: anything,
  ready: ({ endpoints, unshared }) => isTexts(endpoints) && isMaybe(isText, unshared),
  left: ({ sent, strangers }) => isCount(sent) && isMaybe(isNumber, strangers),
  joined: ({ communicators }) => isListOf(isJoined, communicators),
  mail: ({ sent, received, unreceived }) =>
    isTable(sent) && Object.values(sent).every(isCount) && isCount(received) && isListOf(isUnreceived, unreceived),
  here: isStuck,
  stuck: isStuck,
  progress: ({ progress }) => isTable(progress) && isProgress(progress),
  warning: ({ text }) => isText(text),
  undelivered: ({ dest, attempts }) => isNumber(dest) && isText(attempts),
  missing: ({ source, packets }) => isNumber(source) && isNumber(packets),
  unresponsive: ({ rank, reason }) => isNumber(rank) && isText(reason),
  ballot: ({ ballot }) => isTable(ballot) && isBallot(ballot),
  revoke: ({ context, members }) => isNumber(context) && isRuns(members),
  spawn: ({ id, wish }) => isNumber(id) && isTable(wish) && isWish(wish),
  abort: ({ code, reason }) => Number.isInteger(code) && isText(reason),
};

/** Whether this is a message of `@tsmpi/core` to the agent, with all its fields. Anything else is ignored. */
export function isRankMessage(message: unknown): message is RankMessage {
  if (!isTable(message) || !isText(message["kind"])) return false;
  const { kind } = message as { kind: RankMessage["kind"] };
  return Object.hasOwn(checks, kind) && checks[kind](message);
}

const isRunningTask: Check = ({ task, index, rank, host, ms }) =>
  isText(task) && isText(host) && [index, rank, ms].every(isNumber);

function isProgress({
  task,
  done,
  failed,
  total,
  elapsedMs,
  perSecond,
  remainingMs,
  busy,
  ranks,
  slowest,
  lost,
}: Fields): boolean {
  const numbers = [done, failed, elapsedMs, perSecond, busy, ranks];
  const maybe = [total, remainingMs];
  return (
    isText(task) &&
    numbers.every(isNumber) &&
    maybe.every((each) => isMaybe(isNumber, each)) &&
    isNumbers(lost) &&
    isListOf(isRunningTask, slowest)
  );
}

function isTable(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
