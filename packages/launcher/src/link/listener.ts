import type { Socket } from "node:net";
import { createServer, type Server, type TLSSocket } from "node:tls";
import type { PortRange } from "@tsmpi/core/bootstrap";
import { endpoint, plainAddress, usableAddresses } from "./addresses.ts";
import type { JobKeys } from "./keys.ts";
import { Link } from "./link.ts";
import { listen } from "./listen.ts";
import type { Hello, Order, Report } from "./messages.ts";
import { secure, tune } from "./secure.ts";

/** An agent that has proved that it belongs to the job. */
export interface Guest {
  link: Link<Order, Report>;
  hello: Hello;
  /** The launcher's address that it came to. */
  at: string;
}

/** Who knocks without a key is shown out after this time. */
const handshakeTimeoutMs = 10_000;
/** Or before, the oldest first, when so many wait: agents have proved themselves within milliseconds. */
const mostWaiting = 256;
/** A flood from many addresses is counted, not kept. */
const mostKept = 100;

/** Where the agents of other hosts come to: listens on the launcher's networks, and lets in who has a key of the job. */
export class Reception {
  readonly #server: Server;
  /** Where it listens, `address:port`. */
  readonly endpoints: readonly string[];
  /** Who came and did not get in, and how often, for the diagnosis of a launch that fails. */
  readonly turnedAway: Map<string, number> = new Map();
  /** By address and port, the oldest first. */
  readonly #waiting = new Map<string, Socket>();

  private constructor(server: Server, addresses: readonly string[]) {
    this.#server = server;
    const { port } = server.address() as { port: number };
    this.endpoints = addresses.map((address) => endpoint(address, port));
  }

  static async open(
    only: string | undefined,
    ports: PortRange | undefined,
    keys: JobKeys,
    welcome: (guest: Guest) => void,
  ): Promise<Reception> {
    const addresses = usableAddresses(only);
    const names = new WeakMap<TLSSocket, string>();
    const server = createServer({
      ...secure,
      handshakeTimeout: handshakeTimeoutMs,
      pskCallback: (socket: TLSSocket, name: string) => {
        names.set(socket, name);
        return keys.get(name) ?? null;
      },
    } as Parameters<typeof createServer>[0]);
    // One address: nothing else may reach it. Several: whatever comes later to an interface is reached, too.
    const [single] = addresses;
    await listen(server, addresses.length === 1 ? single : undefined, ports);
    const reception = new Reception(server, addresses);
    server.on("tlsClientError", (error, socket) => {
      const known = reception.turnedAway.size < mostKept;
      const who = known ? `${plainAddress(socket.remoteAddress ?? "somebody")}: ${refusal(error)}` : "others";
      reception.turnedAway.set(who, (reception.turnedAway.get(who) ?? 0) + 1);
    });
    server.on("connection", (socket: Socket) => reception.#admit(socket));
    server.on("secureConnection", (socket) => {
      reception.#waiting.delete(origin(socket));
      tune(socket);
      const link = new Link<Order, Report | Hello>(socket);
      link.receive({
        message: (message) => {
          if (message.kind !== "hello") return;
          const at = plainAddress(socket.localAddress ?? "");
          welcome({ link: link as Link<Order, Report>, hello: { ...message, key: names.get(socket) ?? "" }, at });
        },
        lost: () => {}, // an agent connects to several addresses and keeps one
      });
    });
    return reception;
  }

  /** Everybody is here: nothing listens any more, and who still waits may go. */
  close(): void {
    this.#server.close();
    for (const socket of this.#waiting.values()) socket.destroy();
  }

  /** How many were turned away. */
  get strangers(): number {
    return [...this.turnedAway.values()].reduce((total, count) => total + count, 0);
  }

  #admit(socket: Socket): void {
    const [oldest] = this.#waiting.values();
    if (this.#waiting.size >= mostWaiting) oldest?.destroy();
    const from = origin(socket);
    this.#waiting.set(from, socket);
    socket.once("close", () => this.#waiting.delete(from));
  }
}

function origin({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}

function refusal(error: Error & { code?: string }): string {
  if (error.code === "ERR_TLS_HANDSHAKE_TIMEOUT") return "said nothing";
  if (error.code === "ECONNRESET") return "hung up";
  return "has not the key of this job";
}
