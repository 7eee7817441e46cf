/** The sums of `of` by key. */
export function totals<T, K>(items: readonly T[], keyOf: (item: T) => K, of: (item: T) => number): Map<K, number> {
  const found = new Map<K, number>();
  for (const item of items) found.set(keyOf(item), (found.get(keyOf(item)) ?? 0) + of(item));
  return found;
}

/** The entry with the most; undefined of an empty map. */
export function greatest<K>(of: ReadonlyMap<K, number>): [K, number] | undefined {
  let most: [K, number] | undefined;
  for (const entry of of) if (most === undefined || entry[1] > most[1]) most = entry;
  return most;
}
