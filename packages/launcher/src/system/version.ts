import { readFileSync } from "node:fs";
import { manifest } from "./package-files.ts";

/** The version of this package: `tsmpi --version`, `TSMPI_VERSION`. */
export const version: string = (JSON.parse(readFileSync(manifest, "utf8")) as { version: string }).version;
