import type { WordList } from "../../wire/word-list.ts";
import { load } from "./load.ts";
import type { WakeFifoWriter } from "./wake-fifo.ts";

/**
 * The part of a rank's shared memory that all ranks of its host may write to: the sleep flag, the process, and the
 * ranks that have opened a ring to it.
 *
 * ```text
 * byte 0 sleeping   4 number of rings announced   8 pid   64 + r: rank r has a ring to this one
 * ```
 */
export class WakeFlag {
  readonly #words: Int32Array;
  readonly #announced: Uint8Array;
  #seen = 0;

  static bytes(size: number): number {
    return 64 + Math.ceil(size / 64) * 64;
  }

  constructor({ buffer, byteOffset, byteLength }: Uint8Array<ArrayBuffer>) {
    this.#words = new Int32Array(buffer, byteOffset, 16);
    this.#announced = new Uint8Array(buffer, byteOffset + 64, byteLength - 64);
  }

  /** Set by the owner before it sleeps, cleared when it is awake. */
  set sleeping(sleeps: boolean) {
    Atomics.store(this.#words, 0, sleeps ? 1 : 0);
  }

  /** The owner's process; 0 until the owner has set it. */
  get pid(): number {
    return load(this.#words, 2);
  }

  set pid(pid: number) {
    Atomics.store(this.#words, 2, pid);
  }

  /** Clears the flag. True if it was set; then the caller must wake the owner. */
  clear(): boolean {
    return load(this.#words, 0) === 1 && Atomics.exchange(this.#words, 0, 0) === 1;
  }

  announce(source: number): void {
    Atomics.store(this.#announced, source, 1);
    Atomics.add(this.#words, 1, 1);
  }

  /** Whether a ring was announced since {@link takeAnnounced}. */
  get hasNewRings(): boolean {
    return load(this.#words, 1) !== this.#seen;
  }

  /** Adds the word that changes when a ring is announced. */
  watchRings(list: WordList): void {
    list.add(this.#words, 1, this.#seen);
  }

  /** The ranks that have announced a ring since the last call. */
  takeAnnounced(): number[] {
    this.#seen = load(this.#words, 1);
    const sources: number[] = [];
    for (let source = this.#announced.indexOf(1); source >= 0; source = this.#announced.indexOf(1, source + 1)) {
      Atomics.store(this.#announced, source, 2);
      sources.push(source);
    }
    return sources;
  }
}

/** Wakes another rank: its flag and its fifo. */
export class Waker {
  readonly #wakeFlag: WakeFlag;
  readonly #writer: WakeFifoWriter;

  constructor(wakeFlag: WakeFlag, writer: WakeFifoWriter) {
    this.#wakeFlag = wakeFlag;
    this.#writer = writer;
  }

  /** Wakes the rank if it sleeps. */
  wake(): void {
    if (this.#wakeFlag.clear()) this.#writer.write();
  }

  announce(source: number): void {
    this.#wakeFlag.announce(source);
  }

  /** The rank's process; 0 until the rank has set it. */
  get pid(): number {
    return this.#wakeFlag.pid;
  }

  close(): void {
    this.#writer.close();
  }
}
