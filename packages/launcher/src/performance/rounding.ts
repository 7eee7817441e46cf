/** Rounds numbers for a page, which has many of them. */
export class Rounding {
  readonly #decimals: number;

  /** @param runMs the length of the run: points in time are kept to about a millionth of it */
  constructor(runMs: number) {
    this.#decimals = Math.max(0, Math.min(3, 6 - Math.ceil(Math.log10(Math.max(1, runMs)))));
  }

  /** A point in time. */
  at(time: number): number {
    return fixed(time, this.#decimals);
  }

  /** A duration: four digits, and no more than three decimals. */
  ms(duration: number): number {
    return digits(duration);
  }
}

/** Four digits, at most three decimals. */
export function digits(value: number): number {
  return Math.abs(value) >= 1000 ? Math.round(value) + 0 : fixed(Number(value.toPrecision(4)), 3);
}

/** At most so many decimals, and never -0. */
export function fixed(value: number, decimals: number): number {
  return Number(value.toFixed(decimals)) + 0;
}
