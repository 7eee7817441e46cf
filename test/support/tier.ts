/**
 * The tier of tests that runs: `npm test` is the quick one, `npm run test:full` sets TSMPI_TEST_TIER=full. A test of the
 * full tier alone is not collected in the quick one, so a skipped test always means that this machine cannot run it.
 */
export const full: boolean = process.env["TSMPI_TEST_TIER"] === "full";

/** One value for each tier: how many, how large, which of them. */
export function perTier<T>(tiers: { quick: T; full: T }): T {
  return full ? tiers.full : tiers.quick;
}
