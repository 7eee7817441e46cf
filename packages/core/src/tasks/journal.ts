import { createHash } from "node:crypto";
import { invalid } from "../calls/check.ts";
import { messageOf } from "../calls/errors.ts";
import { setImmediate } from "../calls/event-loop.ts";
import { decode, encode, type Parcel } from "../wire/codec/codec.ts";
import { cannotTravel } from "./batch.ts";
import { FrameFile } from "./frame-file.ts";
import { JournalLock } from "./journal-lock.ts";
import type { ResultStore } from "./result-store.ts";
import type { AnyTask } from "./task.ts";
import { isBound, sourceOf } from "./task-source.ts";

const magic = Buffer.from("tsmpi journal 2\n");
const earlierMagic = Buffer.from("tsmpi journal 1\n");
/** Position and digest of the input, length of the value's head and number of its attachments. */
const entryBytes = 8 + 16 + 4 + 4;

/** In place of the position of an input that has none. */
export const noPosition = -1;

/** What the results of a journal depend on, beside the inputs. */
export interface Subject {
  task: string;
  work: AnyTask;
  /** Given by the user: everything else that results depend on. */
  key: unknown;
}

/** The subject, as stored in the first frame. */
interface Title {
  task: string;
  source: string;
  key: string;
}

/**
 * Stores finished results in a file, so that a later run skips their tasks.
 *
 * ```text
 * first frame: { task, source, key }    each further frame: [position of the input][its digest][its result]
 * ```
 * By these digests the journal of another function, another key or other inputs is refused.
 */
export class Journal implements ResultStore {
  readonly #path: string;
  readonly #lock: JournalLock;
  readonly #file: FrameFile;
  readonly #warn: (text: string) => void;
  readonly #title: Title;
  readonly #results: Map<number, { digest: Buffer; parcel: Parcel }> = new Map();
  /** Results of inputs that have no position, by the digest of the input. */
  readonly #unplaced: Map<string, Parcel[]> = new Map();
  #unwritten: Uint8Array[][] = [];
  /** The file could not be written. The next `add` or `close` throws this. */
  #failed: Error | undefined;
  #closed = false;

  /**
   * @param warn called for damaged frames; their results are computed again
   * @throws MpiError `invalid-argument` for a file that is no journal, a journal of another subject, or one in use. The file is
   *   left unchanged.
   */
  constructor(path: string, subject: Subject, warn: (text: string) => void) {
    this.#path = path;
    this.#warn = warn;
    this.#title = titleOf(subject);
    this.#lock = new JournalLock(path);
    try {
      this.#file = open(path);
    } catch (error) {
      this.#lock.release();
      throw error;
    }
    try {
      this.#read();
    } catch (error) {
      this.#closed = true;
      this.#release();
      throw error;
    }
  }

  /** @throws MpiError `invalid-argument` when this journal is of another subject */
  check(subject: Subject): void {
    this.#compare(this.#title, titleOf(subject));
  }

  digestOf(input: unknown): Buffer {
    return digest(encode(input));
  }

  find(index: number, digest: Buffer): { value: unknown } | undefined {
    const result = this.#results.get(index);
    if (result === undefined) return undefined;
    if (!result.digest.equals(digest)) {
      throw invalid(
        `the journal ${this.#path} belongs to other inputs: input ${index} is not what it has a result of; ${remedy}`,
      );
    }
    this.#results.delete(index);
    return { value: decode(result.parcel) };
  }

  /**
   * The result of an input without a position. Each is given once: where the same input was done three times, the next three
   * calls get the three results, in the order in which they were written.
   */
  findInput(digest: Buffer): { value: unknown } | undefined {
    const parcel = this.#unplaced.get(digest.toString("hex"))?.shift();
    return parcel && { value: decode(parcel) };
  }

  /** All results of one turn of the event loop are written together. */
  add(index: number, digest: Buffer, value: unknown): void {
    if (this.#failed !== undefined) throw this.#failed;
    const { head, attachments } = encode(value);
    const entry = Buffer.alloc(entryBytes + 8 * attachments.length);
    entry.writeDoubleLE(index, 0);
    entry.set(digest, 8);
    entry.writeUInt32LE(head.byteLength, 24);
    entry.writeUInt32LE(attachments.length, 28);
    for (const [i, part] of attachments.entries()) entry.writeDoubleLE(part.byteLength, entryBytes + 8 * i);
    if (this.#unwritten.push([entry, head, ...attachments]) === 1) setImmediate(() => this.#flush());
  }

  close(): void {
    if (this.#closed) return;
    this.#flush();
    this.#closed = true;
    this.#release();
    if (this.#failed !== undefined) throw this.#failed;
  }

  #flush(): void {
    if (this.#closed) return;
    try {
      this.#file.append(this.#unwritten);
    } catch (error) {
      this.#failed = new Error(`the journal ${this.#path} cannot be written: ${messageOf(error)}`, { cause: error });
    }
    this.#unwritten = [];
  }

  #release(): void {
    try {
      this.#file.close();
    } finally {
      this.#lock.release();
    }
  }

  #read(): void {
    if (this.#file.begins(earlierMagic) && this.#file.unread > 0) {
      throw invalid(
        `the journal ${this.#path} is of an earlier version of tsmpi, which did not say whose it is; ${remedy}`,
      );
    }
    if (!this.#file.begins(magic)) throw invalid(`${this.#path} is not a journal of tsmpi`);
    const own = encode({ ...this.#title });
    const { unread } = this.#file;
    let titleIsWhole = true;
    const first = this.#file.next(() => {
      titleIsWhole = false;
    });
    // Only a file with at most a part of its first frame is begun again.
    if (!titleIsWhole || (first === undefined && unread > own.head.byteLength + entryBytes)) {
      throw invalid(`the journal ${this.#path} is damaged at its beginning, which says whose it is; ${remedy}`);
    }
    if (first === undefined) {
      this.#file.begin(magic);
      this.#file.append([[own.head]]);
      return;
    }
    this.#compare(decode({ head: first, attachments: [] }) as Title, this.#title);
    const damaged = (bytes: number, at: number): void =>
      this.#warn(`the journal ${this.#path} is damaged: ${bytes} bytes from ${at} on are passed over`);
    for (;;) {
      const content = this.#file.next(damaged);
      if (content === undefined) return;
      this.#remember(content);
    }
  }

  #compare(theirs: Title, ours: Title): void {
    const other =
      theirs.task !== ours.task
        ? `it has results of ${theirs.task}, not of ${ours.task}`
        : theirs.source !== ours.source
          ? `its results are of a function ${ours.task} with another source`
          : theirs.key !== ours.key && "its results have another key";
    if (other) throw invalid(`the journal ${this.#path} belongs to another job: ${other}; ${remedy}`);
  }

  #remember(content: Buffer): void {
    const sizes = Array.from({ length: content.readUInt32LE(28) }, (_, i) => content.readDoubleLE(entryBytes + 8 * i));
    let at = entryBytes + 8 * sizes.length;
    const [head = content, ...attachments] = [content.readUInt32LE(24), ...sizes].map((size) => {
      at += size;
      return content.subarray(at - size, at);
    });
    const index = content.readDoubleLE(0);
    const input = content.subarray(8, 24);
    const parcel = { head, attachments };
    if (index !== noPosition) {
      this.#results.set(index, { digest: input, parcel });
      return;
    }
    const key = input.toString("hex");
    const same = this.#unplaced.get(key);
    if (same === undefined) this.#unplaced.set(key, [parcel]);
    else same.push(parcel);
  }
}

const remedy = "remove it, or name another file";

function titleOf({ task, work, key }: Subject): Title {
  if (isBound(work) && key === undefined) {
    throw invalid(`the task ${task} is a bound function, whose source cannot be read: give journal: { file, key }`);
  }
  let parcel: Parcel;
  try {
    parcel = encode(key);
  } catch (error) {
    throw cannotTravel("the journal's key", error);
  }
  return { task, source: digest(encode(sourceOf(work))).toString("hex"), key: digest(parcel).toString("hex") };
}

function digest({ head, attachments }: Parcel): Buffer {
  const hash = createHash("sha256").update(head);
  for (const part of attachments) hash.update(part);
  return hash.digest().subarray(0, 16);
}

function open(path: string): FrameFile {
  try {
    return new FrameFile(path);
  } catch (error) {
    throw invalid(`the journal ${path} cannot be opened: ${messageOf(error)}`);
  }
}
