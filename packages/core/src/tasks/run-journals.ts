import { resolve } from "node:path";
import type { Journal, Subject } from "./journal.ts";
import type { ResultStore } from "./result-store.ts";

/**
 * The journals of a pool's `run` calls. A call has one input, which is known by its digest alone. Calls that name the same file
 * share it: it is opened by the first one and closed with the pool, because opening reads the whole file.
 */
export class RunJournals {
  readonly #open: Map<string, Journal> = new Map();

  /** @throws MpiError `invalid-argument` as the journal itself does */
  async of(file: string, subject: Subject, warn: (text: string) => void): Promise<ResultStore> {
    const { Journal, noPosition } = await import("./journal.ts");
    const path = resolve(file);
    const shared = this.#open.get(path);
    shared?.check(subject);
    const journal = shared ?? new Journal(file, subject, warn);
    this.#open.set(path, journal);
    return {
      digestOf: (input) => journal.digestOf(input),
      find: (_, digest) => journal.findInput(digest),
      add: (_, digest, value) => journal.add(noPosition, digest, value),
      close: () => {},
    };
  }

  /** @throws when a journal could not be written */
  close(): void {
    const journals = [...this.#open.values()];
    this.#open.clear();
    for (const journal of journals) journal.close();
  }
}
