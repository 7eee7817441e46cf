import { local } from "tsmpi/testing";
import { describe, test } from "vitest";
import { full, perTier } from "../support/tier.ts";
import { themes } from "./cases/index.ts";

/**
 * How many orders of messages each case is run in: `TSMPI_SEEDS=1000` for a night, or `TSMPI_SEED=77` for one again. Even
 * seeds have all ranks on one host, odd ones on several.
 */
const seeds = process.env["TSMPI_SEEDS"];
const only = process.env["TSMPI_SEED"];
const seedsFor = (size: number): number[] => {
  if (only !== undefined) return [Number(only)];
  if (seeds === undefined && !full) return size === 8 ? [1] : [0, 1];
  return Array.from({ length: Number(seeds ?? 20) }, (_, seed) => seed);
};

/** Awkward, and enough for three hosts; a power of two in the full tier. */
const worlds = perTier({ quick: [3, 8], full: [3, 4, 8] });

/** The same suite in simulated worlds, with messages in orders that MPI allows; ranks on one host and on several. */
for (const [theme, cases] of Object.entries(themes)) {
  describe(`any order: ${theme}`, () => {
    for (const { name, from = 1, program, orders = true } of cases) {
      if (!orders) continue;
      for (const size of worlds) {
        if (size < from) continue;
        test(`${size} ranks: ${name}`, async () => {
          for (const seed of seedsFor(size)) {
            try {
              await local(size, program, { seed, ranksPerHost: seed % 2 === 0 ? size : 3 });
            } catch (error) {
              throw new Error(`with TSMPI_SEED=${seed}`, { cause: error });
            }
          }
        });
      }
    }
  });
}
