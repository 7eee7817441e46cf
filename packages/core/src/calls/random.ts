/**
 * Pseudo-random numbers from 0 to 1, the same for the same seed. Mulberry32 (Tommy Ettinger, public domain): 32 bits of
 * state suffice to order the messages of a test.
 */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let x = Math.imul(state ^ (state >>> 15), state | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  };
}
