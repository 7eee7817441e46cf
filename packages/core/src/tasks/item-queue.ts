import type { Item } from "./item.ts";

/**
 * Items in the order of handing out. What was taken last can come back to the front at the cost of copying it:
 *
 * ```text
 *   [ . . . . 4 5 6 7 ]     take(2) ──► 4 5        [ . . . . . . 6 7 ]
 *             ▲ head        putBack(5) ──►         [ . . . . . 5 6 7 ]
 * ```
 */
export class ItemQueue {
  #items: (Item | undefined)[] = [];
  #head = 0;

  get length(): number {
    return this.#items.length - this.#head;
  }

  /** Up to `most` of the first items. */
  take(most: number): Item[] {
    const end = Math.min(this.#head + most, this.#items.length);
    const taken = this.#items.slice(this.#head, end) as Item[];
    this.#items.fill(undefined, this.#head, end);
    this.#head = end;
    if (this.length === 0) {
      this.#items = [];
      this.#head = 0;
    }
    return taken;
  }

  /** Adds items that come after all others. */
  push(items: readonly Item[]): void {
    for (const item of items) this.#items.push(item);
  }

  /** Adds items in their place. */
  putBack(items: readonly Item[]): void {
    const first = this.#items[this.#head];
    const last = items.at(-1);
    if (last === undefined) return;
    const room = this.#head - items.length;
    if (first !== undefined && (last.at > first.at || room < 0)) {
      const all = [...items, ...(this.#items.slice(this.#head) as Item[])];
      this.#items = all.sort((a, b) => a.at - b.at);
      this.#head = 0;
    } else if (first === undefined) {
      this.push(items);
    } else {
      this.#head = room;
      for (const [i, item] of items.entries()) this.#items[room + i] = item;
    }
  }
}
