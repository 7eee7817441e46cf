import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, constants, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { Socket } from "node:net";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { findKey } from "../../packages/launcher/src/link/keys.ts";
import { type AgentWords, type Stages, standInAgent } from "./stand-in-agent.ts";

/**
 * Launches one job over many hosts that are not there, and prints how long that takes and what the launcher uses. The launcher
 * is the real one, and so is rank 0 on its host. The stand-ins for srun and ssh start nothing: they pass their words to this
 * process, which plays the agents of all other hosts.
 *
 *     node --import tsmpi/register bench/scale/launch.ts srun 1000
 *     node --import tsmpi/register bench/scale/launch.ts srun 100 100    # as many ranks on each host
 *
 * ```text
 * tsmpi run ── srun, or an ssh for each host ──(pipe)──► this process
 *     └────────────── TLS, one connection for each host ─────┘
 * ```
 */
const [starter = "", ...counts] = process.argv.slice(2);
const [hosts = 0, perHost = 1] = counts.map(Number);
if (!["srun", "ssh"].includes(starter) || !(hosts >= 1) || !(perHost >= 1))
  throw new Error("launch.ts srun|ssh <hosts besides the launcher's own> [ranks of each]");
const size = 1 + hosts * perHost;

const folder = mkdtempSync(join(tmpdir(), "tsmpi-scale-"));
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
const pipe = join(folder, "words");
const usage = join(folder, "usage");
const names = Array.from({ length: hosts }, (_, index) => `n${String(index + 1).padStart(5, "0")}`);
const stages: Stages = { connected: 0, started: 0, inWorld: 0 };

writeCommand("srun", `printf '%s\\n' "$$ $*" > ${pipe}; exec sleep 600`);
// ssh ends with its input when the launcher ends.
writeCommand(
  "ssh",
  `while [ "$1" != -- ]; do shift; done; read -r line; printf '%s\\n' "$$ --nodelist=$2 $line" > ${pipe}; exec cat > /dev/null`,
);
const words = await openPipe();
createInterface({ input: words }).on("line", (line) => void play(line));

const launchedAt = Date.now();
const { endedAt, lines } = await launch();
words.destroy();
report();

function writeCommand(name: string, script: string): void {
  writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`);
  chmodSync(join(folder, name), 0o755);
}

/** Open for writing too, so that it does not end when the first command has written. */
async function openPipe(): Promise<Socket> {
  const made = spawn("mkfifo", ["-m", "600", pipe], { stdio: "inherit" });
  await once(made, "close");
  return new Socket({ fd: openSync(pipe, constants.O_RDWR | constants.O_NONBLOCK), readable: true, writable: false });
}

/** Plays the agents of one command, which ends after them. */
async function play(line: string): Promise<void> {
  const agents = agentsOf(line);
  await Promise.all(agents.map((agent) => standInAgent(agent, stages)));
  process.kill(Number.parseInt(line, 10));
}

/** The line has the number of the command's process, the hosts, and what is to be run there. */
function agentsOf(line: string): AgentWords[] {
  const word = (pattern: RegExp): string => pattern.exec(line)?.[1] ?? "";
  const brought = word(/TSMPI_AGENT_KEY=(\S+);/);
  const key =
    brought === ""
      ? findKey("", [word(/ key=(\S+)/)], undefined)!
      : { name: "starter" as const, key: Buffer.from(brought, "base64") };
  const endpoints = word(/\bat=([^\s']+)/).split(",");
  const nodes = word(/[ ']node=([\d,]+)/).split(",");
  const list = word(/--nodelist=(\S+)/).split(",");
  return nodes.map((node, index) => ({ node: Number(node), host: list[index]!, endpoints, ...key }));
}

/** Runs the job to its end. Its own host is the first, so no name has to be looked up. */
async function launch(): Promise<{ endedAt: number; lines: number }> {
  const { NODE_EXTRA_CA_CERTS: _, ...inherited } = process.env;
  const file = join(folder, "hosts");
  writeFileSync(file, [`${hostname()} slots=1`, ...names.map((name) => `${name} slots=${perHost}`), ""].join("\n"));
  const job = {
    SLURM_JOB_ID: "1",
    SLURM_JOB_NODELIST: `${hostname()},n[00001-${String(hosts).padStart(5, "0")}]`,
    SLURM_TASKS_PER_NODE: `1,${perHost}(x${hosts})`,
    SLURMD_NODENAME: hostname(),
    SLURM_SUBMIT_DIR: folder,
  };
  const own = starter === "srun" ? job : {};
  const options = ["run", "-n", String(size), ...(starter === "srun" ? [] : ["--hostfile", file])];
  const script = fileURLToPath(new URL("../ours/hello.ts", import.meta.url));
  const command = fileURLToPath(new URL("../../packages/launcher/bin/tsmpi.js", import.meta.url));
  const probe = new URL("usage.mjs", import.meta.url).href;
  const child = spawn(process.execPath, ["--import", probe, command, ...options, script], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...inherited, ...own, PATH: `${folder}:${process.env["PATH"]}`, HOME: folder, TSMPI_BENCH_USAGE: usage },
  });
  let printed = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    printed += text;
  });
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) throw new Error(`tsmpi run ended with ${code}`);
  return { endedAt: Date.now(), lines: printed.split("\n").length - 1 };
}

function report(): void {
  if (lines !== size) throw new Error(`${lines} lines of ${size} ranks arrived`);
  const { userCPUTime, systemCPUTime, maxRSS } = JSON.parse(readFileSync(usage, "utf8")) as NodeJS.ResourceUsage;
  const since = (at: number): number => (at - launchedAt) / 1000;
  const rows = {
    "last agent connected (s)": since(stages.connected),
    "last rank started (s)": since(stages.started),
    "last rank in the world (s)": since(stages.inWorld),
    "end of the job (s)": since(endedAt),
    "CPU of the launcher (s)": (userCPUTime + systemCPUTime) / 1e6,
    "memory of the launcher (MB)": maxRSS / 1024,
  };
  const job = `${hosts.toLocaleString("en-US")} hosts${perHost > 1 ? ` of ${perHost} ranks` : ""}, ${starter}`;
  for (const [row, value] of Object.entries(rows)) console.log(JSON.stringify({ row: `${job}: ${row}`, value }));
}
