/** At most this many bytes of output are on their way to the launcher. Then the agent reads no more from the ranks' pipes. */
const limitBytes = 4 << 20;

/** Keeps the output on its way to the launcher within a limit, so that a slow reader costs bounded memory. */
export class OutputWindow {
  readonly #changed: (paused: boolean) => void;
  #underway = 0;
  #paused = false;

  /** `changed` is called when the ranks' pipes are to be read no more, and when they are to be read again. */
  constructor(changed: (paused: boolean) => void) {
    this.#changed = changed;
  }

  get paused(): boolean {
    return this.#paused;
  }

  sent(bytes: number): void {
    this.#underway += bytes;
    this.#check();
  }

  /** The launcher has written so many bytes. */
  taken(bytes: number): void {
    this.#underway -= bytes;
    this.#check();
  }

  #check(): void {
    const paused = this.#underway > (this.#paused ? limitBytes / 2 : limitBytes);
    if (paused === this.#paused) return;
    this.#paused = paused;
    this.#changed(paused);
  }
}
