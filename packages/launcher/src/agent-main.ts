import { closeSync, openSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isatty } from "node:tty";
import { Agent } from "./agent/agent.ts";
import { agentExit } from "./hosts/agent-exits.ts";
import { cpusOfLine } from "./hosts/pbs/environment.ts";
import { usableAddresses } from "./link/addresses.ts";
import { type Attempt, ownAddress, visit } from "./link/connect.ts";
import { findKey } from "./link/keys.ts";
import { Link } from "./link/link.ts";
import type { Hello, Order, Report } from "./link/messages.ts";
import { beReachable } from "./link/reach.ts";
import { processStat } from "./system/process-stat.ts";
import { thisMachine } from "./system/this-host.ts";
import { version } from "./system/version.ts";

/**
 * An agent as a process of its own: `node agent-main.js job=... node=2 at=10.0.0.1:4711,... key=<directory> seconds=60`.
 * Its starter gives it nothing but these words; the rest comes over the link.
 */
const words = new Map<string, string[]>();
for (const word of process.argv.slice(2)) {
  const [name, value] = [word.slice(0, word.indexOf("=")), word.slice(word.indexOf("=") + 1)];
  words.set(name, [...(words.get(name) ?? []), value]);
}
const [job = ""] = words.get("job") ?? [];
const node = Number(words.get("node")?.[0]);
const directories = words.get("key") ?? [];
const [only] = words.get("interface") ?? [];
const ports = words.get("ports")?.map((range) => range.split("-").map(Number) as [number, number])[0];

/** How long ranks of a job that is lost may need to die. */
const lastMs = 5000;
/** Where the launcher may try whether it reaches this host, which does not reach the launcher. */
let listens: Promise<string[]> | undefined;

// Signals come to all processes of the task, from PBS or from whatever started it: the ranks take them as they like, and
// the agent stays to tell how they ended. It leaves when its link does.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2"]) process.on(signal, () => {});
// Where this goes is not known: perhaps to a pipe that nobody reads.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
process.on("exit", leaveTerminal);

const found = findKey(job, directories);
if (found === undefined) fail(agentExit.noKey, `no key in ${directories.join(" or ")}, and no PBS_JOBCOOKIE`);
const socket = await visit({
  endpoints: (words.get("at")?.[0] ?? "").split(","),
  ...found,
  limitMs: Number(words.get("seconds")?.[0] ?? 60) * 1000,
  waiting: tell,
}).catch((error: Error) => fail(agentExit.unreachable, error.message));

const link = new Link<Report | Hello, Order>(socket);
const reachedFrom = ownAddress(socket);
const others = addresses().filter((address) => address !== reachedFrom);
const lineCpus = cpusOfLine();
link.send({
  kind: "hello",
  node,
  pid: process.pid,
  group: processStat("self")?.group ?? process.pid,
  version,
  nodeVersion: process.version,
  machine: thisMachine(),
  ...(lineCpus === undefined ? {} : { cpusOfLine: lineCpus }),
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
await agent.finished;
await link.close();
process.exit(0);

function addresses(): string[] {
  try {
    return usableAddresses(only);
  } catch {
    return []; // a network that this host knows under no such name: the address that led here is known to work
  }
}

/** For the launcher's table, should this host stay outside: the shared directory is the only way that is left. */
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
 * When Node exits it gives its terminal the settings back that it found. In an interactive job on one host the agent has the
 * job's terminal, and ends when the shell is already at its next prompt, where it would undo the settings of line editing.
 */
function leaveTerminal(): void {
  for (const fd of [0, 1, 2]) {
    if (!isatty(fd)) continue;
    closeSync(fd);
    openSync("/dev/null", "r+"); // takes the lowest number that is free, which is this one
  }
}

function fail(code: number, reason: string): never {
  process.stderr.write(`tsmpi agent: ${reason}\n`);
  process.exit(code);
}
