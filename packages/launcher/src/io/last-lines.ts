import type { OutputStream } from "../link/messages.ts";

/** Enough for twenty lines of usual length. */
const keptBytes = 8 << 10;
const keptLines = 20;
/** After so much later output, a rank's last lines have left most screens. */
const screenBytes = 4 << 10;

/** The last lines of each rank's output, for the report of its failure. */
export class LastLines {
  readonly #tails = new Map<string, Tail>();
  #total = 0;

  /** Called with each block of output. Copies at most 8 KiB of it. */
  note(rank: number, stream: OutputStream, block: Uint8Array): void {
    this.#total += block.length;
    const key = `${rank} ${stream}`;
    let tail = this.#tails.get(key);
    if (tail === undefined) {
      tail = new Tail();
      this.#tails.set(key, tail);
    }
    tail.push(block);
    tail.writtenAt = this.#total;
  }

  /** The last lines of a stream, twenty at most. */
  of(rank: number, stream: OutputStream): string[] {
    const text = this.#tails.get(`${rank} ${stream}`)?.text ?? "";
    return text === "" ? [] : text.replace(/\n$/, "").split("\n").slice(-keptLines);
  }

  /** Whether later output has pushed these lines off the screen. */
  isBuried(rank: number, stream: OutputStream): boolean {
    const tail = this.#tails.get(`${rank} ${stream}`);
    return tail !== undefined && this.#total - tail.writtenAt > screenBytes;
  }
}

class Tail {
  writtenAt = 0;
  #blocks: Uint8Array[] = [];
  #bytes = 0;

  push(block: Uint8Array): void {
    // A copy, because the block may be a view of a much larger buffer.
    this.#blocks.push(block.slice(-keptBytes));
    this.#bytes += Math.min(block.length, keptBytes);
    while (this.#bytes - this.#blocks[0]!.length >= keptBytes) this.#bytes -= this.#blocks.shift()!.length;
  }

  get text(): string {
    return Buffer.concat(this.#blocks).toString();
  }
}
