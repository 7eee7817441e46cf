/**
 * Whether the posts of the ranks `first` to `last` are there, each with this signature; waits for them for so many looks. `marks`
 * is the address of rank 0's mark, as `src/transports/shared-memory/board.ts` draws them. Flags in `ignored` do not count.
 */
export function awaitPosts(
  marks: usize,
  mark: i32,
  signature: u32,
  ignored: u32,
  first: i32,
  last: i32,
  looks: i32,
): bool {
  for (let rank = first; rank <= last; rank++) {
    const at = marks + ((<usize>rank) << 3);
    while (atomic.load<i32>(at) != mark) {
      if (--looks < 0) return false;
    }
    if ((load<u32>(at, 4) & ~ignored) != signature) return false;
  }
  return true;
}

/** Whether those posts that are there, of the ranks 0 to `last`, have this signature. */
export function agree(marks: usize, mark: i32, signature: u32, ignored: u32, last: i32): bool {
  for (let rank = 0; rank <= last; rank++) {
    const at = marks + ((<usize>rank) << 3);
    if (atomic.load<i32>(at) == mark && (load<u32>(at, 4) & ~ignored) != signature) return false;
  }
  return true;
}
