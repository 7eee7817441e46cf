/**
 * `node --import tsmpi/register script.ts` runs a script, alone in its world, as `tsmpi run` would.
 */
import { hook } from "./hook.ts";

process.setSourceMapsEnabled(true);
await hook();
