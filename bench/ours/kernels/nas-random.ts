/** The random numbers of the NAS Parallel Benchmarks: x' = a x mod 2^46. */
const two23 = 2 ** 23;
const two46 = 2 ** 46;

/** a x mod 2^46, exactly: only the lower half of the product is made, in pieces of 23 bits. */
export function times(a: number, x: number): number {
  const a1 = Math.floor(a / two23);
  const x1 = Math.floor(x / two23);
  const a2 = a - two23 * a1;
  const x2 = x - two23 * x1;
  const middle = a1 * x2 + a2 * x1;
  const low = two23 * (middle - two23 * Math.floor(middle / two23)) + a2 * x2;
  return low - two46 * Math.floor(low / two46);
}

/** a^n mod 2^46. */
export function powerOf(a: number, n: number): number {
  let [result, square] = [1, a];
  for (let k = n; k > 0; k = Math.floor(k / 2)) {
    if (k % 2 === 1) result = times(result, square);
    square = times(square, square);
  }
  return result;
}

/** The numbers in (0, 1) that follow a state. */
export class Sequence {
  #state: number;
  readonly #a: number;

  constructor(state: number, a: number) {
    this.#state = state;
    this.#a = a;
  }

  next(): number {
    this.#state = times(this.#a, this.#state);
    return this.#state / two46;
  }
}
