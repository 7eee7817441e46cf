import type { Socket } from "node:net";
import { createServer, type Server, type TLSSocket } from "node:tls";
import type { PortRange } from "@tsmpi/core/bootstrap";
import { endpoint, plainAddress, usableAddresses } from "./addresses.ts";
import type { JobKeys } from "./keys.ts";
import { Link } from "./link.ts";
import type { Hello, Order, Report } from "./messages.ts";
import { listenInRange } from "./port-range.ts";
import { secure, tune } from "./secure.ts";

/** An agent that has proved that it belongs to the job. */
export interface ConnectedAgent {
  link: Link<Order, Report>;
  hello: Hello;
  /** The launcher's address that it connected to. */
  at: string;
}

export interface ListenerOptions {
  /** `--interface`. */
  only: string | undefined;
  /** `--port-range`. */
  ports: PortRange | undefined;
  keys: JobKeys;
  /** How many agents are expected. */
  agents: number;
  welcome(agent: ConnectedAgent): void;
}

/** A connection that has not proved within this time that it has a key is closed. */
const handshakeTimeoutMs = 10_000;
/**
 * With more of these connections than agents can have, the oldest is closed before: an agent proves itself within
 * milliseconds. But all agents of a job come at once, and to let one in takes the launcher about a millisecond.
 */
const mostStrangers = 256;
/** Refusals from more addresses than this are counted together. */
const mostKept = 100;

/** Listens on the launcher's networks for the agents of other hosts. Only connections with a key of the job get in. */
export class AgentListener {
  readonly #server: Server;
  /** Where it listens, `address:port`. */
  readonly endpoints: readonly string[];
  /** Which addresses were refused, why, and how often: for the report on a launch that fails. */
  readonly turnedAway: Map<string, number> = new Map();
  /** Connections without proof so far, by address and port, the oldest first. */
  readonly #waiting = new Map<string, Socket>();
  readonly #mostWaiting: number;

  private constructor(server: Server, addresses: readonly string[], mostWaiting: number) {
    this.#server = server;
    this.#mostWaiting = mostWaiting;
    const { port } = server.address() as { port: number };
    this.endpoints = addresses.map((address) => endpoint(address, port));
  }

  static async open({ only, ports, keys, agents, welcome }: ListenerOptions): Promise<AgentListener> {
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
    // With one address, no other one is listened on. With several, all are, also those that an interface gets later.
    const [single] = addresses;
    const mostWaiting = mostStrangers + agents * addresses.length; // an agent tries all addresses at once
    await listenInRange(server, addresses.length === 1 ? single : undefined, ports, mostWaiting);
    const listener = new AgentListener(server, addresses, mostWaiting);
    server.on("tlsClientError", (error, socket) => {
      const known = listener.turnedAway.size < mostKept;
      const who = known ? `${plainAddress(socket.remoteAddress ?? "somebody")}: ${refusal(error)}` : "others";
      listener.turnedAway.set(who, (listener.turnedAway.get(who) ?? 0) + 1);
    });
    server.on("connection", (socket: Socket) => listener.#admit(socket));
    server.on("secureConnection", (socket) => {
      listener.#waiting.delete(origin(socket));
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
    return listener;
  }

  /** All agents are here: listens no more, and closes connections without proof. */
  close(): void {
    this.#server.close();
    for (const socket of this.#waiting.values()) socket.destroy();
  }

  /** How many connections were refused. */
  get strangers(): number {
    return [...this.turnedAway.values()].reduce((total, count) => total + count, 0);
  }

  #admit(socket: Socket): void {
    const [oldest] = this.#waiting.values();
    if (this.#waiting.size >= this.#mostWaiting) oldest?.destroy();
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
