#!/usr/bin/env node
// Small, and in old syntax: a Node that is too old must get as far as the sentence that says so.
const other = ["bun", "deno"].find((name) => process.versions[name] !== undefined);
if (other !== undefined) {
  console.error(
    `tsmpi: Node.js is needed, this is ${other} ${process.versions[other]}: install Node.js and type tsmpi`,
  );
  process.exit(125);
}
const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`tsmpi: Node.js 20.19 or newer is needed, this is ${process.versions.node} (${process.execPath})`);
  process.exit(125);
}
// Else Node would open its debugger, and every user of this host could read the keys of the job.
process.on("SIGUSR1", () => {});
/** A copy of node_modules/.bin that has followed its links is beside the package, and not within. */
const beside = "../tsmpi/dist/cli.js";
const isMissing = (error) =>
  error.code === "ERR_MODULE_NOT_FOUND" && /^Cannot find module '.*dist.cli\.js'/.test(error.message);
const loaded = import("../dist/cli.js").catch((error) => (isMissing(error) ? import(beside) : Promise.reject(error)));
loaded.then(
  (cli) => cli.main(process.argv.slice(2)),
  (error) => {
    if (/'@tsmpi\/core'/.test(error.message)) {
      console.error(
        "tsmpi: the package @tsmpi/core is not installed: add it to the project, in the same version as tsmpi",
      );
      process.exit(125);
    }
    console.error(
      isMissing(error)
        ? `tsmpi: ${process.argv[1]} is not beside the dist of its package: in a checkout run \`pnpm build\`, elsewhere link to bin/tsmpi.js of the package instead of copying it`
        : error.code === "EMFILE"
          ? "tsmpi: cannot load its files: the limit of open files is reached (ulimit -n)"
          : `tsmpi: cannot load: ${error.message}`,
    );
    process.exit(125);
  },
);
