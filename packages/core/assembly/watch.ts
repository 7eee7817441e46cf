/**
 * Looks `looks` times at each of `count` words, and returns true as soon as one of them has changed. `list` has a pair for
 * each word: its address, and the value that it had.
 */
export function watch(list: usize, count: i32, looks: i32): bool {
  const end = list + ((<usize>count) << 3);
  for (; looks > 0; looks--) {
    for (let at = list; at < end; at += 8) {
      if (atomic.load<i32>(load<u32>(at)) != load<i32>(at, 4)) return true;
    }
  }
  return false;
}
