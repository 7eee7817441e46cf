/** Lines longer than this go on in pieces, so that a rank that never writes a newline costs bounded memory. */
const longestLineBytes = 32 << 20;
/**
 * Writes of up to this many bytes are atomic in a pipe: more than this without a newline is no prompt but half a line, and so
 * is the end of a longer piece, which may have filled the pipe in the middle of a write.
 */
const longestPromptBytes = 4096;
const promptAfterMs = 100;
const halfLineAfterMs = 1000;

/** Which lines are shown before they have ended. */
interface Shows {
  /** Those that are not going to be completed soon. */
  partial: boolean;
  /** Of these, short ones without waiting. */
  promptsAtOnce: boolean;
}

/**
 * Cuts what a rank writes to a stream into whole lines.
 *
 * A block handed to `emit` ends with a newline, or is the start of a line that is not going to be completed soon (a
 * prompt, the very last line), never cut inside a UTF-8 sequence.
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

  /** While nothing is read from the rank, its silence means nothing. */
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

  /** Nothing more will come: hands over what is left, newline or not. */
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

  /** What came in while this process was busy is read before the line counts as unfinished. */
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
