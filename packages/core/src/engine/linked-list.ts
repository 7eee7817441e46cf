/**
 * An entry of a {@link List}; the list needs no memory of its own. Both fields refer to the entry itself while it is in
 * no list.
 *
 * An interface, because V8 takes three times as long to make an object of a class that extends another, and each
 * message is one.
 */
export interface Link {
  previous: Link;
  next: Link;
}

/** Removes the entry from its list; does nothing when it is in none. */
export function unlink(link: Link): void {
  link.previous.next = link.next;
  link.next.previous = link.previous;
  link.previous = link;
  link.next = link;
}

export function isLinked(link: Link): boolean {
  return link.next !== link;
}

/** The beginning and the end of a list. */
class End implements Link {
  previous: Link = this;
  next: Link = this;
}

/**
 * A doubly linked list through its entries: append, insert and remove anywhere in constant time, without allocation.
 * Ten thousand posted receives that match in any order must not cost ten thousand moves each.
 */
export class List<T extends Link> {
  readonly #end: Link = new End();

  get empty(): boolean {
    return !isLinked(this.#end);
  }

  get first(): T | undefined {
    const { next } = this.#end;
    return next === this.#end ? undefined : (next as T);
  }

  append(entry: T): void {
    insert(entry, this.#end);
  }

  /** Inserts `entry` before the first entry for which `later` is true, which keeps the list ordered. */
  insertBefore(later: (other: T) => boolean, entry: T): void {
    let at = this.#end.next;
    while (at !== this.#end && !later(at as T)) at = at.next;
    insert(entry, at);
  }

  /** From the oldest to the newest. The entry that was just yielded may be unlinked. */
  *[Symbol.iterator](): Generator<T, void> {
    for (let at = this.#end.next; at !== this.#end; ) {
      const { next } = at;
      yield at as T;
      at = next;
    }
  }

  /**
   * The first of the oldest `most` entries that fits. The inner loop of matching: it makes neither iterator nor
   * closure.
   */
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
