// Stands in for PBS's own pbsdsh: node pbsdsh.mjs <socket of the mom> <openpbs|torque> [options] -- program [args...]
// What it does not do is as important as what it does: no environment, no output, no exit status reach its caller.
import { connect } from "node:net";
import { hostname } from "node:os";

const [socketPath, flavour, ...words] = process.argv.slice(2);
const usage = (why) => {
  process.stderr.write(
    `pbsdsh: ${why}\nusage: pbsdsh [-c copies][-s][-v] -- program [args...]\n       pbsdsh [-n nodenumber][-s][-v] -- program [args...]\n`,
  );
  process.exit(1);
};
const dashes = words.indexOf("--");
// OpenPBS's getopt permutes: without -- it takes the program's own options. TORQUE needs none; nobody may rely on that.
if (dashes < 0) usage("no --");
const program = words.slice(dashes + 1);
if (program.length === 0) usage("no program");
let line;
for (let at = 0; at < dashes; at++) {
  const word = words[at];
  if (word === "-n") line = Number(words[++at]);
  else if (word === "-s" || word === "-v") continue;
  else usage(`${word} does not mean the same in OpenPBS and TORQUE`);
}
if (!Number.isInteger(line) || line < 0) usage("-n");
// Calls with some 400 KB of arguments hang now and then; more than a few KB is asking for it.
if (program.join(" ").length > 4096) usage("a command line that may hang");

const { PBS_JOBID: job, PBS_JOBCOOKIE: cookie, PBS_NODENUM: node, PBS_TASKNUM: task, PBS_MOMPORT: port } = process.env;
if (!job || !cookie || !node || !task || !port) {
  process.stderr.write("pbsdsh: not executing under PBS\n");
  process.exit(1);
}
const socket = connect(socketPath);
socket.on("error", () => process.exit(2));
socket.write(`${JSON.stringify({ job, cookie, node: Number(node), caller: hostname(), line, program })}\n`);
for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"]) {
  process.on(signal, () => {
    process.stdout.write(`pbsdsh: killing task 0x00000000 signal ${signal}\n`);
    socket.end(`${JSON.stringify({ signal })}\n`, () => process.exit(1));
  });
}
let answer = "";
socket.on("data", (text) => {
  answer += text;
});
socket.on("end", () => {
  const { refused, error, status } = JSON.parse(answer || "{}");
  if (error !== undefined) process.stderr.write(`error ${error} on spawn\n`); // and exit code 0
  if (refused !== undefined) {
    process.stderr.write(`pbsdsh: ${refused}\n`);
    process.exit(1);
  }
  if (status) {
    if (flavour === "torque") process.stderr.write(`pbsdsh: task 0 exit status ${status}\n`);
    else process.stdout.write(`pbsdsh: task 0x00000000 exit status ${status}\n`);
  }
  process.exit(0); // whatever the task did
});
