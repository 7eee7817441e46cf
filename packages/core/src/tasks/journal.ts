import { createHash } from "node:crypto";
import { invalid } from "../check.ts";
import { decode, encode, type Parcel } from "../codec.ts";
import { messageOf } from "../errors.ts";
import { FrameFile } from "./frame-file.ts";

const magic = Buffer.from("tsmpi journal 1\n");
/** Position and digest of the input, length of the value's head and number of its attachments. */
const entryBytes = 8 + 16 + 4 + 4;

/**
 * Finished results in a file, so that a later run need not make them again.
 *
 * ```text
 * first frame: { task }    each further frame: [position of the input][its digest][its result]
 * ```
 * The digests find out the journal of other inputs.
 */
export class Journal {
  readonly #path: string;
  readonly #file: FrameFile;
  readonly #results: Map<number, { digest: Buffer; parcel: Parcel }> = new Map();
  #unwritten: Uint8Array[][] = [];
  /** The file could not be written: the next call says so. */
  #failed: Error | undefined;
  #closed = false;

  /** @throws MpiError `invalid-argument` for a file that is no journal, or one of another task; it is left as it is. */
  constructor(path: string, task: string) {
    this.#path = path;
    try {
      this.#file = new FrameFile(path);
    } catch (error) {
      throw invalid(`the journal ${path} cannot be opened: ${messageOf(error)}`);
    }
    try {
      this.#read(task);
    } catch (error) {
      this.#closed = true;
      this.#file.close();
      throw error;
    }
  }

  /** What tells one input from another. @throws MpiError `unserializable` */
  digestOf(input: unknown): Buffer {
    const { head, attachments } = encode(input);
    const hash = createHash("sha256").update(head);
    for (const part of attachments) hash.update(part);
    return hash.digest().subarray(0, 16);
  }

  /**
   * The result of this input, if it is known. It is forgotten then: there is one who asks.
   * @throws MpiError `invalid-argument` when the journal has a result of another input in its place.
   */
  find(index: number, digest: Buffer): { value: unknown } | undefined {
    const result = this.#results.get(index);
    if (result === undefined) return undefined;
    if (!result.digest.equals(digest)) {
      throw invalid(`the journal ${this.#path} belongs to other inputs: input ${index} is not what it has a result of`);
    }
    this.#results.delete(index);
    return { value: decode(result.parcel) };
  }

  /** Takes a result, which is written together with others of the same turn. */
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
    this.#file.close();
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

  #read(task: string): void {
    if (!this.#file.begins(magic)) throw invalid(`${this.#path} is not a journal of tsmpi`);
    const own = encode({ task });
    const { unread } = this.#file;
    const first = this.#file.next();
    if (first === undefined) {
      // Nothing but the beginning of a beginning is replaced.
      if (unread > own.head.byteLength + entryBytes) throw invalid(`the journal ${this.#path} is damaged`);
      this.#file.begin(magic);
      this.#file.append([[own.head]]);
      return;
    }
    const { task: theirs } = decode({ head: first, attachments: [] }) as { task: unknown };
    if (theirs !== task) {
      throw invalid(
        `the journal ${this.#path} belongs to another job: it has results of ${String(theirs)}, not of ${task}`,
      );
    }
    for (let content = this.#file.next(); content !== undefined; content = this.#file.next()) this.#remember(content);
  }

  #remember(content: Buffer): void {
    const sizes = Array.from({ length: content.readUInt32LE(28) }, (_, i) => content.readDoubleLE(entryBytes + 8 * i));
    let at = entryBytes + 8 * sizes.length;
    const [head = content, ...attachments] = [content.readUInt32LE(24), ...sizes].map((size) => {
      at += size;
      return content.subarray(at - size, at);
    });
    this.#results.set(content.readDoubleLE(0), { digest: content.subarray(8, 24), parcel: { head, attachments } });
  }
}
