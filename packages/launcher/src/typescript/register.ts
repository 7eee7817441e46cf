/**
 * `node --import tsmpi/register script.ts` runs a script as `tsmpi run` does, in a world of one.
 */
import { startHooks } from "./start-hooks.ts";

process.setSourceMapsEnabled(true);
startHooks();
