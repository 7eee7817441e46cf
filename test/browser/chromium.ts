import { existsSync } from "node:fs";

/** Where Debian's package `chromium` puts it. */
export const chromium: string = "/usr/bin/chromium";

/** Why there can be no test in a browser; undefined when there can. */
export const obstacle: string | undefined = existsSync(chromium)
  ? undefined
  : `${chromium} is missing: install Debian's package chromium`;
