#!/usr/bin/env node
// Small, and in old syntax: a Node that is too old must get as far as the sentence that says so.
const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`tsmpi: Node.js 20.19 or newer is needed, this is ${process.versions.node} (${process.execPath})`);
  process.exit(125);
}
import("../dist/cli.js").then(
  (cli) => cli.main(process.argv.slice(2)),
  (error) => {
    const unbuilt = error.code === "ERR_MODULE_NOT_FOUND" && /^Cannot find module '.*dist.cli\.js'/.test(error.message);
    if (/'@tsmpi\/core'/.test(error.message)) {
      console.error(
        "tsmpi: the package @tsmpi/core is not installed: add it to the project, in the same version as tsmpi",
      );
      process.exit(125);
    }
    console.error(unbuilt ? "tsmpi: not built yet: run `pnpm build` first" : `tsmpi: cannot load: ${error.message}`);
    process.exit(125);
  },
);
