import { defineConfig } from "vitest/config";
import { obstacle } from "./chromium.ts";

if (obstacle !== undefined) throw new Error(`The page of reports is tested in a real browser: ${obstacle}`);

/** Pictures for the documentation are only made when a directory for them is named. */
const pictures = process.env["TSMPI_PICTURES"] === undefined ? ["pictures.browser.ts"] : [];

// One file after the other: each starts a browser.
export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ["*.browser.ts"],
    exclude: pictures,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    fileParallelism: false,
    reporters: ["verbose"],
    watch: false,
  },
});
