import { visit } from "../../packages/launcher/src/link/connect.ts";
import { Link } from "../../packages/launcher/src/link/link.ts";
import type { Hello, Order, Report } from "../../packages/launcher/src/link/messages.ts";
import type { KeyName } from "../../packages/launcher/src/link/secure.ts";
import { version } from "../../packages/launcher/src/system/version.ts";

/** What a starter tells the agent of a host. */
export interface AgentWords {
  node: number;
  host: string;
  /** Where the launcher listens. */
  endpoints: readonly string[];
  name: KeyName;
  key: Uint8Array;
}

/** How far agents have come: the latest time of each stage, in milliseconds since 1970. */
export interface Stages {
  connected: number;
  started: number;
  inWorld: number;
}

/** From a rank's end until its agent has found nothing that it left behind. */
const cleanUpMs = 20;

/**
 * An agent of a host that is not there: it speaks to the launcher as a real one does, over a real connection. Its ranks take
 * no time: they call init(), print a line and end. Resolves when the launcher needs the agent no more.
 */
export async function standInAgent(words: AgentWords, stages: Stages): Promise<void> {
  const { node, host, endpoints, name, key } = words;
  const socket = await visit({ endpoints, name, key, limitMs: 60_000, waiting: () => {} });
  const link = new Link<Report | Hello, Order>(socket);
  const machine = { name: host, addresses: [] };
  const { pid } = process;
  const who = { pid, group: pid, version, nodeVersion: process.version, machine };
  link.send({ kind: "hello", node, ...who, addresses: [addressOf(node)], key: name });
  stages.connected = Date.now();
  await new Promise<void>((resolve, reject) => {
    const lost = (reason: string): void => reject(new Error(`the agent of ${host} has lost its launcher: ${reason}`));
    let ranks: readonly number[] = [];
    const message = (order: Order): void => {
      if (order.kind === "start") {
        ranks = order.plan.ranks;
        for (const rank of ranks) begin(link, rank);
        stages.started = Date.now();
      }
      if (order.kind !== "table") return;
      stages.inWorld = Date.now();
      for (const rank of ranks) end(link, rank, host);
      setTimeout(() => {
        link.send({ kind: "finished" });
        resolve();
      }, cleanUpMs);
    };
    link.receive({ message, lost });
  });
  await link.close();
}

function begin(link: Link<Report, Order>, rank: number): void {
  const pid = pidOf(rank);
  link.send({ kind: "started", rank, pid });
  link.send({ kind: "said", rank, message: { kind: "hello", rank, pid, thread: 0 } });
  link.send({ kind: "said", rank, message: { kind: "ready", endpoints: [`tcp://${addressOf(rank)}:50000`] } });
}

function end(link: Link<Report, Order>, rank: number, host: string): void {
  link.send({ kind: "output", rank, stream: "stdout", bytes: Buffer.from(`stand-in for rank ${rank}\n`) });
  const ending = { rank, host, pid: pidOf(rank), code: 0, signal: null };
  link.send({ kind: "ended", ending, sent: {}, strangers: 0 });
  link.send({ kind: "drained", rank });
}

function pidOf(rank: number): number {
  return 1000 + rank;
}

/** No machine has it: nothing is ever sent there. */
function addressOf(node: number): string {
  return `10.${node >> 16}.${(node >> 8) & 255}.${node & 255}`;
}
