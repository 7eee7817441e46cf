import { columns } from "./table.ts";

/** The stages of a host's launch, in order. */
const stages = ["waiting", "asked", "started", "connected", "authenticated", "ranks started"] as const;
export type Stage = (typeof stages)[number];

/** If more hosts are ready, they share a line. */
const mostReady = 16;

/** How far each host has come in a launch, for the report of a failed one. */
export class RollCall {
  readonly #entries: { host: string; stage: Stage; cause?: string; notes: string[] }[];

  constructor(hosts: readonly string[]) {
    this.#entries = hosts.map((host) => ({ host, stage: "waiting", notes: [] }));
  }

  /** A host never returns to an earlier stage. */
  reach(node: number, stage: Stage): void {
    const entry = this.#entries[node]!;
    if (stages.indexOf(stage) > stages.indexOf(entry.stage)) entry.stage = stage;
  }

  note(node: number, text: string): void {
    const { notes } = this.#entries[node]!;
    if (text !== "" && !notes.includes(text)) notes.push(text);
  }

  /** Sets the most likely cause. The report shows it before the notes. */
  blame(node: number, cause: string): void {
    this.#entries[node]!.cause ??= cause;
  }

  causeOf(node: number): string | undefined {
    return this.#entries[node]!.cause;
  }

  missing(stage: Stage): string[] {
    return this.#entries.filter((entry) => stages.indexOf(entry.stage) < stages.indexOf(stage)).map(({ host }) => host);
  }

  /** A table of all hosts: `ready` for those at the goal, and what is known of the others. */
  describe(goal: Stage): string {
    const rows = this.#entries.map(({ host, stage, cause, notes }) => {
      const isReady = stages.indexOf(stage) >= stages.indexOf(goal) && cause === undefined;
      const texts = [...(cause === undefined ? [] : [cause]), ...notes];
      return { host, stage: isReady ? "ready" : stage, isReady, texts: isReady ? [] : texts };
    });
    const ready = rows.filter(({ isReady }) => isReady);
    const shown = ready.length > mostReady ? rows.filter(({ isReady }) => !isReady) : rows;
    const lines = shown.flatMap(({ host, stage, texts }) => {
      const [first = "", ...rest] = texts.flatMap((text) => text.split("\n"));
      return [[host, stage, first], ...rest.map((text) => ["", "", text])];
    });
    if (shown.length < rows.length) lines.push([`${ready.length} others`, "ready", ""]);
    return columns([["host", "reached", "what is known"], ...lines]);
  }
}
