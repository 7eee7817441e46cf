import type { RunRecording } from "../recording/recording.ts";

/** Options of a run that do not make it another program: how many ranks, and what is shown of it. */
const withValue = /^(-n|-np|--np|--report|--trace|--record)$/;
const ignored = /^(-np?\d+|(-n|-np|--np|--report|--trace|--record)=.*|--live|--record-lines|--summary)$/;

/** A line before a table of several recordings, if they are not all of the same command line; else "". */
export function commandsNote(recordings: readonly RunRecording[]): string {
  const lines = new Set(recordings.map(({ about }) => comparable(about.command)));
  return lines.size > 1 ? "note: the recordings are of different command lines\n" : "";
}

function comparable(command: string): string {
  const words = command.split(" ");
  return words.filter((word, i) => !ignored.test(word) && !withValue.test(word) && !isValue(words, i)).join(" ");
}

function isValue(words: readonly string[], i: number): boolean {
  return withValue.test(words[i - 1] ?? "");
}
