import type { WalltimeSource } from "../scheduler.ts";

/** Which command tells a job's limit in which form differs between versions of LSF: `--walltime` has to be given. */
export const walltime: WalltimeSource = { ask: async () => undefined };
