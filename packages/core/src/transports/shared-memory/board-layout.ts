/** Bytes of one post, with its table. */
export const placeBytes = 1024;

/**
 * Flags in the signature of a post. The lowest 8 bits of a signature are the number of an operation, which is below
 * these.
 *
 * `bare`: a post that only says that its rank is there consists of its mark. Using its place would cost one more cache line on
 * both sides. `large`: the post is in a large place.
 */
export const flag = { bare: 0x80, large: 0x40 } as const;

/** In the kind of a post: its only part begins 7 bytes further on, see `short-posts.ts`. */
export const shifted = 16;

/** The mark of a post that is there. Never 0, the initial value of memory. */
export function markOf(number: number): number {
  return (number + 1) | 0 || -1;
}
