import { columns } from "./map.ts";

/** How far a host has come, in this order. */
const stages = ["waiting", "asked", "started", "connected", "authenticated", "ranks started"] as const;
export type Stage = (typeof stages)[number];

/** Which host has come how far in a launch: what to tell when it fails. */
export class RollCall {
  readonly #entries: { host: string; stage: Stage; notes: string[] }[];

  constructor(hosts: readonly string[]) {
    this.#entries = hosts.map((host) => ({ host, stage: "waiting", notes: [] }));
  }

  /** Hosts never go back. */
  reach(node: number, stage: Stage): void {
    const entry = this.#entries[node]!;
    if (stages.indexOf(stage) > stages.indexOf(entry.stage)) entry.stage = stage;
  }

  note(node: number, text: string): void {
    const { notes } = this.#entries[node]!;
    if (text !== "" && !notes.includes(text)) notes.push(text);
  }

  missing(stage: Stage): string[] {
    return this.#entries.filter((entry) => stages.indexOf(entry.stage) < stages.indexOf(stage)).map(({ host }) => host);
  }

  /** A table of all hosts that are not all the way through, with what is known of why. */
  describe(goal: Stage): string {
    const late = this.#entries.filter(
      (entry) => stages.indexOf(entry.stage) < stages.indexOf(goal) || entry.notes.length > 0,
    );
    const rows = late.flatMap(({ host, stage, notes }) => {
      const [first = "", ...rest] = notes.flatMap((note) => note.split("\n"));
      return [[host, stage, first], ...rest.map((note) => ["", "", note])];
    });
    return columns([["host", "reached", "what is known"], ...rows]);
  }
}
