import { readdirSync, readlinkSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { isIPv6 } from "node:net";
import type { PeerAddress } from "@tsmpi/core/bootstrap";
import { parseEndpoint } from "../link/addresses.ts";

/** A connection to a rank on another host that carries nothing: what was sent is repeated and never acknowledged. */
export interface Stall {
  dest: number;
  /** This end's address. */
  from: string;
  /** The other end's address and port. */
  to: string;
  /** The kernel's number of the socket. */
  inode: string;
  seconds: number;
}

const lookMs = 2000;
/**
 * A connection has stalled when it has made at least 3 repeats in 7 looks in a row. A kernel repeats after 0.2, 0.6, 1.4, 3,
 * 6.2 and 12.6 s: a bad network needs three repeats, and a link that was cut for 10 s works again with the last of them.
 */
const looks = 7;
const repeats = 3;
/** With many thousand connections there are fewer looks: they take at most this part of the time. */
const share = 0.02;

/** The timer of a repeat. Other timers keep a connection alive, or wait for a receiver that takes nothing now. */
const repeating = "01";

/**
 * Watches the kernel's table of connections for connections to the job's ranks on other hosts that have stalled. ZeroMQ and
 * the kernel go on trying for a quarter of an hour and say nothing. A firewall that has forgotten a connection, or a link
 * that is cut while the launcher's works, would look like a program that hangs. A receiver that is slow or stopped is no
 * stall: its kernel acknowledges.
 */
export class StallWatch {
  /** Ranks on other hosts, by address and port as the kernel writes them. */
  readonly #far: Map<string, { rank: number; to: string }> = new Map();
  readonly #host: string;
  readonly #found: (stall: Stall) => void;
  /** By the socket's number. */
  #suspects: ReadonlyMap<string, number> = new Map();
  #timer: NodeJS.Timeout | undefined;

  constructor(peers: readonly PeerAddress[], host: string, found: (stall: Stall) => void) {
    this.#host = host;
    this.add(peers);
    this.#found = found;
    this.#lookIn(lookMs);
  }

  /** Ranks that have joined the job. */
  add(peers: readonly PeerAddress[]): void {
    for (const { rank, host, endpoints } of peers) {
      if (host === this.#host) continue;
      for (const endpoint of endpoints.filter((each) => each.startsWith("tcp://"))) {
        const to = endpoint.slice("tcp://".length);
        this.#far.set(asKernel(to), { rank, to });
      }
    }
  }

  end(): void {
    clearTimeout(this.#timer);
  }

  /** How many bytes in connections to ranks on other hosts are waiting or not acknowledged. */
  async queued(): Promise<number> {
    const rows = (await tables()).flatMap(connections).filter(({ remote }) => this.#far.has(remote));
    return rows.reduce((sum, { queued }) => sum + queued, 0);
  }

  #lookIn(ms: number): void {
    this.#timer = setTimeout(() => void this.#look(), ms).unref();
  }

  async #look(): Promise<void> {
    const began = performance.now();
    const suspects = new Map<string, number>();
    for (const { local, remote, inode, repeated } of (await tables()).flatMap(connections)) {
      const peer = this.#far.get(remote);
      if (peer === undefined || repeated < repeats) continue;
      const times = (this.#suspects.get(inode + local) ?? 0) + 1;
      suspects.set(inode + local, times);
      if (times !== looks) continue;
      const seconds = ((looks - 1) * lookMs) / 1000;
      this.#found({ dest: peer.rank, from: addressOf(local), to: peer.to, inode, seconds });
    }
    this.#suspects = suspects;
    this.#lookIn(Math.max(lookMs, (performance.now() - began) / share));
  }
}

/** Whether a process has this socket. */
export function hasSocket(pid: number, inode: string): boolean {
  try {
    const descriptors = readdirSync(`/proc/${pid}/fd`);
    return descriptors.some((fd) => targetOf(`/proc/${pid}/fd/${fd}`) === `socket:[${inode}]`);
  } catch {
    return false; // it has ended
  }
}

function targetOf(link: string): string {
  try {
    return readlinkSync(link);
  } catch {
    return ""; // closed since
  }
}

interface Row {
  local: string;
  remote: string;
  inode: string;
  /** Bytes that were sent and are not acknowledged yet, or could not be sent. */
  queued: number;
  /** How often the oldest of them were sent again. */
  repeated: number;
}

/** The connections in such a table. */
export function connections(table: string): Row[] {
  const rows: Row[] = [];
  for (const line of table.split("\n")) {
    // number: local remote state tx:rx timer:when repeats user timeout inode
    const [, local = "", remote = "", , queues = "", timer = "", times = "", , , inode] = line.trim().split(/\s+/);
    if (inode === undefined || !remote.includes(":")) continue;
    const repeated = timer.startsWith(repeating) ? Number.parseInt(times, 16) : 0;
    rows.push({ local, remote, inode, queued: Number.parseInt(queues, 16), repeated });
  }
  return rows;
}

function tables(): Promise<string[]> {
  return Promise.all(["/proc/self/net/tcp", "/proc/self/net/tcp6"].map(read));
}

/** "10.0.0.1:80" as `/proc/net/tcp` has it, "0100000A:0050": an address in words of this machine's byte order. */
export function asKernel(endpoint: string): string {
  const { host, port } = parseEndpoint(endpoint);
  return `${wordsOf(host)}:${hex(port, 4)}`;
}

function wordsOf(address: string): string {
  return swapped(Buffer.from(isIPv6(address) ? bytesOfIPv6(address) : address.split(".").map(Number)));
}

/** Each four bytes in the opposite order. */
function swapped(bytes: Buffer): string {
  return Buffer.from(bytes).swap32().toString("hex").toUpperCase();
}

function bytesOfIPv6(address: string): number[] {
  const [head = "", tail] = address.replace(/%.*$/, "").split("::");
  const groups = (text: string): number[] =>
    text
      .split(":")
      .filter(Boolean)
      .map((group) => Number.parseInt(group, 16));
  const [first, last] = [groups(head), groups(tail ?? "")];
  const all = [...first, ...new Array<number>(8 - first.length - last.length).fill(0), ...last];
  return all.flatMap((group) => [group >> 8, group & 255]);
}

/** The address in "0100000A:0050". */
export function addressOf(kernels: string): string {
  const bytes = Buffer.from(kernels.split(":")[0] as string, "hex").swap32();
  if (bytes.length === 4) return bytes.join(".");
  const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(2 * i).toString(16));
  return new URL(`http://[${groups.join(":")}]`).hostname.slice(1, -1); // in its short form
}

function hex(number: number, digits: number): string {
  return number.toString(16).toUpperCase().padStart(digits, "0");
}

async function read(path: string): Promise<string> {
  try {
    return await readFile(path, "latin1");
  } catch {
    return ""; // no Linux, or no IPv6
  }
}
