/** Longer lines are passed on in pieces, so that a rank that never writes a newline costs bounded memory. */
const longestLineBytes = 32 << 20;
/**
 * A write of up to this many bytes is atomic in a pipe (PIPE_BUF). More than this without a newline is half a line and no
 * prompt. The end of a longer piece is half a line too: it may have filled the pipe in the middle of a write.
 */
const longestPromptBytes = 4096;
const promptAfterMs = 100;
const halfLineAfterMs = 1000;

/** Which lines are shown before their newline has come. */
interface Shows {
  /** Those that have waited a while for the rest. */
  partial: boolean;
  /** Short ones of these are shown without waiting. */
  promptsAtOnce: boolean;
}

/**
 * Cuts what a rank writes to a stream into whole lines.
 *
 * A block that `emit` gets ends with a newline, or is the start of a line whose rest has not come for a while (a prompt, the
 * very last line). It is never cut inside a UTF-8 sequence.
 */
export class LineAssembler {
  readonly #emit: (block: Uint8Array) => void;
  readonly #shows: Shows;
  #held: Uint8Array[] = [];
  #heldBytes = 0;
  #lastBytes = 0;
  #paused = false;
  #timer: NodeJS.Timeout | undefined;
  #check: NodeJS.Immediate | undefined;

  constructor(shows: Shows, emit: (block: Uint8Array) => void) {
    this.#shows = shows;
    this.#emit = emit;
  }

  /** While the rank's pipe is not read, the time without a newline does not count. */
  set paused(paused: boolean) {
    this.#paused = paused;
    if (paused) this.#forgetTimer();
    else this.#awaitRest();
  }

  push(chunk: Uint8Array): void {
    this.#forgetTimer();
    this.#lastBytes = chunk.length;
    const end = chunk.lastIndexOf(newline) + 1;
    if (end > 0) this.#release(chunk.subarray(0, end));
    if (end < chunk.length) {
      this.#held.push(chunk.subarray(end));
      this.#heldBytes += chunk.length - end;
      if (this.#heldBytes > longestLineBytes) this.#releaseWholeCharacters();
    }
    this.#awaitRest();
  }

  /** The stream has ended: emits what is left, with or without a newline. */
  end(): void {
    this.#forgetTimer();
    if (this.#heldBytes > 0) this.#release(new Uint8Array(0));
  }

  #awaitRest(): void {
    if (this.#heldBytes === 0 || !this.#shows.partial || this.#paused) return;
    const isPrompt = Math.max(this.#heldBytes, this.#lastBytes) <= longestPromptBytes;
    if (isPrompt && this.#shows.promptsAtOnce) this.#awaitMore();
    else this.#timer = setTimeout(() => this.#awaitMore(), isPrompt ? promptAfterMs : halfLineAfterMs);
  }

  /** Reads first what arrived while this process was busy; only then the line counts as unfinished. */
  #awaitMore(): void {
    this.#check = setImmediate(() => this.#releaseWholeCharacters());
  }

  #release(last: Uint8Array): void {
    const block = this.#heldBytes === 0 ? last : Buffer.concat([...this.#held, last]);
    this.#held = [];
    this.#heldBytes = 0;
    this.#emit(block);
  }

  #releaseWholeCharacters(): void {
    const held = Buffer.concat(this.#held);
    const end = wholeCharacters(held);
    if (end === 0) return;
    this.#held = end < held.length ? [held.subarray(end)] : [];
    this.#heldBytes = held.length - end;
    this.#emit(held.subarray(0, end));
  }

  #forgetTimer(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#check);
  }
}

const newline = 10;

/** The length of `bytes` without the UTF-8 sequence that has only begun at its end. */
function wholeCharacters(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back]!;
    if (byte < 0x80) break;
    if (byte < 0xc0) continue;
    const needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    return needed > back ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}
