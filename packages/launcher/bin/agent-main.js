// What starters start on other hosts. In old syntax: a Node that is too old must get as far as the exit code that says so,
// for a starter lets nothing else through. The codes are those of agent-exits.ts.
const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) process.exit(67);
// Else Node would open its debugger, and every user of this host could read the keys of the job.
process.on("SIGUSR1", () => {});
import("../dist/agent-main.js").catch((error) => {
  console.error(`tsmpi agent: ${error.stack}`);
  process.exit(error.code === "ERR_MODULE_NOT_FOUND" ? 68 : 1);
});
