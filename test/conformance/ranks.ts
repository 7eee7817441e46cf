import { init } from "tsmpi";
import { isRun, type Load } from "./case.ts";
import { themes } from "./cases/index.ts";

/**
 * The conformance suite as one job: every rank runs every case, each in a communicator of its own, and rank 0 prints
 * one line of JSON per case: its theme, its name, and what went wrong on which rank. Its argument is a `Load`.
 */
const load = process.argv[2] as Load;
const world = await init();
for (const [theme, cases] of Object.entries(themes)) {
  for (const each of cases) {
    if (!isRun(each, world.size, load)) continue;
    const comm = await world.dup();
    let error: string | null = null;
    try {
      await each.program(comm);
    } catch (thrown) {
      error = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
    }
    const errors = await world.gather(error);
    await comm.close();
    if (errors) console.log(JSON.stringify({ theme, name: each.name, errors }));
  }
}
await world.barrier(); // a rank that tells of a failed collective may be late: no rank leaves before it has
await world.close();
