/** An entry of a {@link List}: extend it and the list needs no memory of its own. */
export class Link {
  previous: Link = this;
  next: Link = this;

  /** Takes the entry out of the list it is in; does nothing when it is in none. */
  unlink(): void {
    this.previous.next = this.next;
    this.next.previous = this.previous;
    this.previous = this;
    this.next = this;
  }

  get linked(): boolean {
    return this.next !== this;
  }
}

/**
 * A doubly linked list through its entries: append, insert and remove anywhere in constant time, without allocation.
 * Ten thousand posted receives that match in any order must not cost ten thousand moves each.
 */
export class List<T extends Link> {
  readonly #end = new Link();

  get empty(): boolean {
    return !this.#end.linked;
  }

  get first(): T | undefined {
    const { next } = this.#end;
    return next === this.#end ? undefined : (next as T);
  }

  append(entry: T): void {
    insert(entry, this.#end);
  }

  /** Puts `entry` before the first one for which `later` is true: keeps an ordered list ordered. */
  insertBefore(later: (other: T) => boolean, entry: T): void {
    let at = this.#end.next;
    while (at !== this.#end && !later(at as T)) at = at.next;
    insert(entry, at);
  }

  /** From the oldest to the newest. The entry just yielded may be unlinked. */
  *[Symbol.iterator](): Generator<T, void> {
    for (let at = this.#end.next; at !== this.#end; ) {
      const { next } = at;
      yield at as T;
      at = next;
    }
  }

  /** The first of the oldest `most` entries that fits. The matching loop of the mailbox: neither iterator nor closure is made. */
  find<A, B>(most: number, fits: (entry: T, a: A, b: B) => boolean, a: A, b: B): T | undefined {
    let left = most;
    for (let at = this.#end.next; at !== this.#end && left > 0; at = at.next, left--) {
      if (fits(at as T, a, b)) return at as T;
    }
    return undefined;
  }
}

function insert(entry: Link, before: Link): void {
  entry.previous = before.previous;
  entry.next = before;
  before.previous.next = entry;
  before.previous = entry;
}
