/**
 * `node --import tsmpi/register script.ts` runs a script, alone in its world, as `tsmpi run` would.
 */
import { startHooks } from "./start-hooks.ts";

process.setSourceMapsEnabled(true);
startHooks();
