import type { OutputStream } from "../link/messages.ts";

/** Enough for twenty lines that somebody would read. */
const keptBytes = 8 << 10;
const keptLines = 20;
/** So much of others' output since then has pushed a rank's last lines off most screens. */
const screenBytes = 4 << 10;

/** The end of what each rank has written, for the report of its failure. */
export class LastLines {
  readonly #tails = new Map<string, Tail>();
  #total = 0;

  /** Called with each block of output. Costs a copy of it, of 8 KiB at most. */
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

  /** Whether so much has been written since that nobody sees these lines any more. */
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
    // A copy: the block may be a part of something much larger.
    this.#blocks.push(block.slice(-keptBytes));
    this.#bytes += Math.min(block.length, keptBytes);
    while (this.#bytes - this.#blocks[0]!.length >= keptBytes) this.#bytes -= this.#blocks.shift()!.length;
  }

  get text(): string {
    return Buffer.concat(this.#blocks).toString();
  }
}
