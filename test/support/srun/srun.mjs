// Stands in for Slurm's srun: node srun.mjs <socket of the daemon> [options] -- program [args...]
// It does what srun of 22.05 was seen to do, and refuses what some version would refuse, ignore or take for another option.
import { connect } from "node:net";

const [socketPath, ...words] = process.argv.slice(2);
const fail = (code, why) => {
  process.stderr.write(`srun: ${why}\n`);
  process.exit(code);
};
const dashes = words.indexOf("--");
if (dashes < 0) fail(255, "no --");
const program = words.slice(dashes + 1);
const known = [
  "jobid",
  "het-group",
  "nodes",
  "ntasks",
  "ntasks-per-node",
  "nodelist",
  "mem",
  "cpu-bind",
  "mpi",
  "export",
];
const more = ["input", "kill-on-bad-exit", "wait", "chdir", "job-name", "overlap", "no-kill"];
const options = new Map();
for (const word of words.slice(0, dashes)) {
  const [, name, value = ""] = /^--([a-z-]+)(?:=(.*))?$/.exec(word) ?? [];
  if (![...known, ...more].includes(name)) fail(255, `unrecognized option '${word}'`);
  options.set(name, value);
}
// Options that come as variables: any of them may change the step, or make it fail.
const stray = Object.keys(process.env).filter((name) => /^(SLURM|SRUN)_/.test(name) && name !== "SLURM_CONF");
if (stray.length > 0) fail(1, `error: these variables change the step: ${stray.join(" ")}`);
// Without these a step beside others waits for ever, is bound to a CPU, or does not have the environment.
const needed = { overlap: "", mem: "0", "cpu-bind": "none", export: "ALL", "ntasks-per-node": "1", input: "none" };
for (const [name, value] of Object.entries(needed))
  if (options.get(name) !== value) fail(1, `error: --${name}=${value} is needed`);
const nodes = options.get("nodelist")?.split(",") ?? [];
if (Number(options.get("nodes")) !== nodes.length || Number(options.get("ntasks")) !== nodes.length)
  fail(1, "error: --nodes and --ntasks are not those of --nodelist");

process.stderr.write("srun: cluster configuration lacks support for cpu binding\n");
const socket = connect(socketPath);
socket.on("error", () => process.exit(1));
const { env } = process;
const order = {
  job: options.get("jobid"),
  nodes,
  program,
  env,
  directory: options.get("chdir"),
  umask: process.umask(),
};
socket.write(`${JSON.stringify(order)}\n`);
for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => socket.write(`${JSON.stringify({ signal })}\n`));
process.on("SIGINT", () => process.stderr.write("srun: interrupt (one more within 1 sec to abort)\n"));
let text = "";
let code = 1;
socket.setEncoding("utf8").on("data", (piece) => {
  text += piece;
  for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n")) {
    const message = JSON.parse(text.slice(0, end));
    text = text.slice(end + 1);
    if ("print" in message) process[message.stream].write(message.print);
    else code = message.code;
  }
});
socket.on("end", () => process.exit(code));
