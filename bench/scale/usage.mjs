// Loaded into the launcher before its own code: writes what it has used, when it ends.
import { writeFileSync } from "node:fs";

const file = process.env["TSMPI_BENCH_USAGE"];
process.once("exit", () => writeFileSync(file, JSON.stringify(process.resourceUsage())));
