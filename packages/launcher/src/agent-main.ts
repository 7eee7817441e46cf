import { closeSync, openSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isatty } from "node:tty";
import { Agent } from "./agent/agent.ts";
import { nodeOfAgent } from "./hosts/agent-command.ts";
import { agentExit } from "./hosts/agent-exits.ts";
import { cpusOfSlot, keySources } from "./hosts/task.ts";
import { usableAddresses } from "./link/addresses.ts";
import { type Attempt, ownAddress, visit } from "./link/connect.ts";
import { findKey, takeStarterWords } from "./link/keys.ts";
import { Link } from "./link/link.ts";
import type { Hello, Order, Report } from "./link/messages.ts";
import { beReachable } from "./link/reach.ts";
import { closeUnwantedDebugger } from "./system/debugger.ts";
import { processStat } from "./system/process-stat.ts";
import { thisMachine } from "./system/this-host.ts";
import { version } from "./system/version.ts";

/**
 * An agent as a process of its own: `node agent-main.js job=... node=2 at=10.0.0.1:4711,... key=<directory> seconds=60`.
 * Its starter gives it only these words; the rest comes over the link.
 */
const words = new Map<string, string[]>();
for (const word of process.argv.slice(2)) {
  const [name, value] = [word.slice(0, word.indexOf("=")), word.slice(word.indexOf("=") + 1)];
  words.set(name, [...(words.get(name) ?? []), value]);
}
closeUnwantedDebugger();
const [job = ""] = words.get("job") ?? [];
const node = nodeOfAgent(words.get("node")?.[0] ?? "");
const directories = words.get("key") ?? [];
const [only] = words.get("interface") ?? [];
const ports = words.get("ports")?.map((range) => range.split("-").map(Number) as [number, number])[0];

/** When the launcher is lost, the agent's ranks have this long to end. */
const lastMs = 5000;
/** Addresses at which the launcher can test whether it reaches this host, when this host does not reach the launcher. */
let listens: Promise<string[]> | undefined;

// Signals come to all processes of the task, from the scheduler or the starter, or to this process alone. The ranks handle
// them as they like; the agent stays to report how they ended. It leaves when its link does.
for (const signal of ["SIGINT", "SIGHUP", "SIGUSR1", "SIGUSR2"]) process.on(signal, () => {});
let terminated = (): void => {};
process.on("SIGTERM", () => terminated());
// The output may go to a pipe that is not read.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
process.on("exit", leaveTerminal);

const { holdsInput, brought } = takeStarterWords();
if (holdsInput) process.stdin.on("end", starterGone).on("error", starterGone).resume();
const found = brought ?? findKey(job, directories, keySources().secret);
if (found === undefined) fail(agentExit.noKey, `no key in ${directories.join(" or ")}, and none from a batch system`);
const socket = await visit({
  endpoints: (words.get("at")?.[0] ?? "").split(","),
  ...found,
  limitMs: Number(words.get("seconds")?.[0] ?? 60) * 1000,
  waiting: tell,
}).catch((error: Error) => fail(agentExit.unreachable, error.message));

// From now on the link tells of the launcher's end. A starter may be killed, or lose its connection, without harm.
if (holdsInput) process.stdin.off("end", starterGone).unref();
const link = new Link<Report | Hello, Order>(socket);
const reachedFrom = ownAddress(socket);
const others = addresses().filter((address) => address !== reachedFrom);
const slotCpus = cpusOfSlot();
link.send({
  kind: "hello",
  node,
  pid: process.pid,
  group: processStat("self")?.group ?? process.pid,
  version,
  nodeVersion: process.version,
  machine: thisMachine(),
  ...(slotCpus === undefined ? {} : { cpusOfSlot: slotCpus }),
  addresses: [reachedFrom, ...others],
  key: found.name,
});
const agent = new Agent({
  send: (report) => link.send(report),
  receive: (handler) =>
    link.receive({
      message: (order) => {
        if (order.kind === "signal" && order.signal === "SIGSTOP") link.bePatient();
        handler.message(order);
      },
      lost: (reason) => {
        setTimeout(() => process.exit(1), lastMs);
        handler.lost(reason);
      },
    }),
});
terminated = () => link.send({ kind: "terminated" });
await agent.finished;
await link.close();
process.exit(0);

function addresses(): string[] {
  try {
    return usableAddresses(only);
  } catch {
    return []; // this host has no network of that name: the address that it reached the launcher from works
  }
}

/** Writes for the launcher's table why this host cannot connect: the shared directory is the only way that is left. */
async function tell(attempts: Attempt[]): Promise<void> {
  listens ??= beReachable(addresses(), ports);
  const words = JSON.stringify({ attempts, listens: await listens });
  for (const directory of directories) {
    try {
      writeFileSync(join(directory, `agent.${node}`), words, { mode: 0o600 });
    } catch {}
  }
}

/**
 * When Node exits it restores the terminal settings that it found. In an interactive job on one host the agent has the job's
 * terminal and ends when the shell is already at its next prompt: there it would undo the settings of line editing.
 */
function leaveTerminal(): void {
  for (const fd of [0, 1, 2]) {
    if (!isatty(fd)) continue;
    closeSync(fd);
    openSync("/dev/null", "r+"); // gets the lowest free number, which is this one
  }
}

/** The starter holds the standard input: its end is the launcher's, or that of the way to this host. */
function starterGone(): never {
  return fail(agentExit.unreachable, "the launcher has ended, or the connection to it is broken");
}

function fail(code: number, reason: string): never {
  process.stderr.write(`tsmpi agent: ${reason}\n`);
  process.exit(code);
}
