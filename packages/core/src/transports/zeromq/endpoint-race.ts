import { connect, type Socket } from "node:net";
import { clearInterval, setInterval, setTimeout } from "../../calls/event-loop.ts";

/** How long a race lasts when every address refuses. */
const refusedMs = 3000;
/** How long it lasts when an address accepts and sends nothing: that process may be stopped, and may go on. */
const silenceMs = 60_000;
const retryMs = 250;

/** The first byte that ZeroMQ's I/O thread sends, also when its program is busy. */
const greeting = 0xff;

/** The endpoints that were tried in vain. */
export type Attempts = ReadonlyMap<string, Attempt>;

interface Attempt {
  /** The outcome of the last try: "refused". */
  outcome: string;
  /** How many tries have ended. */
  times: number;
  /** How long all of them took together. */
  ms: number;
}

/** No endpoint leads there. The message has the outcome of each. */
export class NoRoute extends Error {
  readonly attempts: Attempts;

  constructor(attempts: Attempts) {
    super([...new Set(Array.from(attempts.values(), describeAttempt))].join("; "));
    this.attempts = attempts;
  }
}

/** "refused, 12 times in 3 s" */
export function describeAttempt({ outcome, times, ms }: Attempt): string {
  return `${outcome}${times > 1 ? `, ${times} times` : ""} in ${Math.round(ms / 1000)} s`;
}

/**
 * Connects to all endpoints at once, again and again, and resolves with the first that greets as ZeroMQ does. `wanted`
 * ends the tries early.
 *
 * @throws NoRoute when none has within `limitMs`.
 */
export function raceEndpoints(endpoints: readonly string[], limitMs: number, wanted: () => boolean): Promise<string> {
  return new Promise((resolve, reject) => new EndpointRace(endpoints, limitMs, wanted, resolve, reject).start());
}

class EndpointRace {
  readonly #limitMs: number;
  readonly #wanted: () => boolean;
  readonly #found: (endpoint: string) => void;
  readonly #lost: (error: NoRoute) => void;
  readonly #attempts: Map<string, Attempt>;
  readonly #sockets: Set<Socket> = new Set();
  #timer: NodeJS.Timeout | undefined;
  #over = false;
  /** How long this process has listened. Counted in ticks of its timer, which stand still while the program computes. */
  #heardMs = 0;

  constructor(
    endpoints: readonly string[],
    limitMs: number,
    wanted: () => boolean,
    found: (endpoint: string) => void,
    lost: (error: NoRoute) => void,
  ) {
    this.#limitMs = limitMs;
    this.#wanted = wanted;
    this.#found = found;
    this.#lost = lost;
    this.#attempts = new Map(endpoints.map((endpoint): [string, Attempt] => [endpoint, { ...unanswered }]));
  }

  start(): void {
    this.#timer = setInterval(() => this.#tick(), retryMs);
    for (const endpoint of this.#attempts.keys()) this.#try(endpoint);
  }

  #try(endpoint: string): void {
    if (this.#over || !this.#wanted()) return;
    const attempt = this.#attempts.get(endpoint) as Attempt;
    const socket = connect({ host: addressOf(endpoint), port: portOf(endpoint) });
    this.#sockets.add(socket);
    const failed = (outcome: string): void => {
      socket.destroy();
      if (!this.#sockets.delete(socket)) return;
      attempt.outcome = outcome;
      attempt.times++;
      setTimeout(() => this.#try(endpoint), retryMs);
    };
    socket.once("connect", () => {
      attempt.outcome = accepted;
    });
    socket.once("data", (bytes: Buffer) => {
      if (bytes[0] !== greeting) {
        failed("another program answers");
        return;
      }
      this.#end();
      this.#found(endpoint);
    });
    socket.on("error", ({ code, message }: NodeJS.ErrnoException) => failed(words[code ?? ""] ?? message));
    socket.once("close", () => failed("hung up"));
  }

  #tick(): void {
    this.#heardMs += retryMs;
    const outcomes = Array.from(this.#attempts.values(), ({ outcome }) => outcome);
    const refused = outcomes.every((outcome) => outcome === "refused");
    const patienceMs = outcomes.includes(accepted) ? silenceMs : refused ? refusedMs : this.#limitMs;
    if (this.#heardMs < patienceMs && this.#wanted()) return;
    this.#end();
    for (const attempt of this.#attempts.values()) attempt.ms = this.#heardMs;
    this.#lost(new NoRoute(this.#attempts));
  }

  #end(): void {
    this.#over = true;
    clearInterval(this.#timer);
    for (const socket of this.#sockets) socket.destroy();
    this.#sockets.clear();
  }
}

const accepted = "connected, but it sends nothing";
const unanswered: Attempt = { outcome: "no answer", times: 0, ms: 0 };

const words: Record<string, string> = {
  ECONNREFUSED: "refused",
  ETIMEDOUT: "no answer",
  ENETUNREACH: "no route",
  EHOSTUNREACH: "no route",
  ECONNRESET: "hung up",
};

/** "tcp://[fd00::1]:4711" -> "fd00::1" */
export function addressOf(endpoint: string): string {
  return endpoint.slice("tcp://".length, endpoint.lastIndexOf(":")).replace(/^\[|\]$/g, "");
}

function portOf(endpoint: string): number {
  return Number(endpoint.slice(endpoint.lastIndexOf(":") + 1));
}
