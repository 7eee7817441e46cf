import { init } from "tsmpi";
import { themes } from "./cases/index.ts";

/**
 * The conformance suite as one job: every rank runs every case, each in a communicator of its own, and rank 0 prints
 * one line of JSON per case: its theme, its name, and what went wrong on which rank.
 */
const world = await init();
for (const [theme, cases] of Object.entries(themes)) {
  for (const { name, from = 1, program } of cases) {
    if (world.size < from) continue;
    const comm = await world.dup();
    let error: string | null = null;
    try {
      await program(comm);
    } catch (thrown) {
      error = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
    }
    const errors = await world.gather(error);
    await comm.close();
    if (errors) console.log(JSON.stringify({ theme, name, errors }));
  }
}
await world.barrier(); // a rank that tells of a failed collective may be late: nobody leaves before it has
await world.close();
