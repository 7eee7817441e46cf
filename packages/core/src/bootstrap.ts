/*
 * What the launcher and its agents take from this package, as `@tsmpi/core/bootstrap`: the words that they exchange with the
 * ranks, and the few functions that both sides need. Not for programs.
 */
export { hostClock } from "./calls/event-loop.ts";
export { nativeAdvice } from "./calls/native-package.ts";
export { processStatFields } from "./calls/process-stat.ts";
export { within } from "./calls/timeout.ts";
export * from "./recording/layout.ts";
export { shareOut } from "./transports/shared-memory/room.ts";
export * from "./wire/agent-protocol.ts";
export { type Ballot, Ballots, type Decided, type Outcome, type RankRuns, ranksIn } from "./wire/ballots.ts";
export { eachMessage, sendMessage } from "./wire/json-lines.ts";
export { describeUnjoined, type Joined } from "./wire/unjoined.ts";
export { firstStepOfNoSrun, otherLauncher, otherStarters } from "./worlds/foreign-launcher.ts";
