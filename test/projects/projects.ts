import { kinds } from "./kinds.ts";
import { modules } from "./modules.ts";
import type { Sample } from "./sample.ts";
import { scripts } from "./scripts.ts";
import { settings } from "./settings.ts";

/** All projects by name. */
export const samples: Readonly<Record<string, Sample>> = { ...modules, ...scripts, ...settings, ...kinds };
