import type { RunRecording } from "../recording/recording.ts";
import { collectiveWaits } from "./collective-waits.ts";
import { type RankEvents, rankEvents } from "./event-lists.ts";
import { type MapRun, mapRuns } from "./map-runs.ts";
import { mapWaits } from "./map-waits.ts";
import { type MessageMatches, matchMessages } from "./message-matches.ts";
import { messageWaits } from "./message-waits.ts";
import { noWaits, type RankWaits } from "./rank-waits.ts";
import { type RankWaitSums, waitSums } from "./wait-sums.ts";

/** The wait states of a run, after Scalasca's definitions. */
export interface Waits {
  ranks: RankEvents[];
  matches: MessageMatches;
  maps: MapRun[];
  /** By rank: event by event. */
  events: RankWaits[];
  /** By rank: for all calls, with those that were not kept one by one. */
  sums: RankWaitSums[];
}

/** Finds how long each call waited, and for which rank. */
export function waitsOf(recording: RunRecording): Waits {
  const ranks = rankEvents(recording);
  const matches = matchMessages(ranks);
  const maps = mapRuns(ranks);
  const events = ranks.map(noWaits);
  // One rank alone waits for nobody.
  if (ranks.length > 1) {
    messageWaits(ranks, matches, events);
    collectiveWaits(recording, ranks, events);
    mapWaits(maps, ranks, events);
  }
  return { ranks, matches, maps, events, sums: waitSums(ranks, events) };
}
