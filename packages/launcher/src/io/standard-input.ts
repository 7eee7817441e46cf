import { createReadStream, fstatSync, readFileSync } from "node:fs";
import { Readable } from "node:stream";

/** The standard input of a job that may be started several times. */
export class StandardInput {
  /** Where a file is read from; undefined for a terminal, a pipe and all else that can be read once. */
  readonly #position: number | undefined = positionOfFile();

  /** It is a file, which can be read again. */
  get isFile(): boolean {
    return this.#position !== undefined;
  }

  /** What the ranks of a start read; undefined: the launcher's own input. A file is read again. Any other input is empty then. */
  source(restart: number): Readable | undefined {
    if (restart === 0) return undefined;
    if (this.#position === undefined) return Readable.from([]);
    return createReadStream("", { fd: 0, start: this.#position, autoClose: false });
  }
}

function positionOfFile(): number | undefined {
  try {
    if (!fstatSync(0).isFile()) return undefined;
    return Number(/^pos:\s*(\d+)/m.exec(readFileSync("/proc/self/fdinfo/0", "utf8"))?.[1] ?? 0);
  } catch {
    return undefined; // it is closed
  }
}
