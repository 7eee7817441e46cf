import { createSocket } from "node:dgram";
import { connect, type Socket } from "node:net";
import { networkInterfaces } from "node:os";
import { clearInterval, setInterval, setTimeout } from "../../calls/event-loop.ts";
import { within } from "../../calls/timeout.ts";

/** How long the way to a host is looked for; and one that was used and does not work any more. */
const searchMs = 10_000;
const testMs = 5000;
/** So long when each address says clearly that it leads nowhere. */
const refusedMs = 3000;
/** Who lets us in and says nothing is perhaps stopped, and will go on. */
const silenceMs = 60_000;
const retryMs = 250;
const routeMs = 500;

/** ZeroMQ's I/O thread greets with this byte, also when its program is busy. */
const greeting = 0xff;

/** What was tried in vain, by endpoint. */
export type Attempts = ReadonlyMap<string, Attempt>;

interface Attempt {
  /** Of the last one: "refused". */
  outcome: string;
  /** How many had come to an end. */
  times: number;
  /** For how long. */
  ms: number;
}

/** No endpoint leads there. The message says what came of those that were tried. */
export class NoRoute extends Error {
  readonly attempts: Attempts;

  constructor(attempts: Attempts) {
    super([...new Set(Array.from(attempts.values(), describe))].join("; "));
    this.attempts = attempts;
  }
}

/**
 * Finds which of a rank's addresses leads to it, by trying all at once: which of a host's networks the others can reach
 * is nothing that its names, or its routing table, tell. What was found for one rank holds for its host.
 */
export class RouteSearch {
  /** By host: the address that works, or the search for it. */
  readonly #known: Map<string, string> = new Map();
  readonly #searches: Map<string, Promise<string>> = new Map();
  /** By endpoint. */
  readonly #tests: Map<string, Promise<string>> = new Map();

  /** The endpoint to use, when it is known already. */
  known(host: string, endpoints: readonly string[]): string | undefined {
    const address = this.#known.get(host);
    return address === undefined ? undefined : endpoints.find((each) => addressOf(each) === address);
  }

  /**
   * The endpoint to use.
   *
   * @throws NoRoute when there is none. `wanted` ends the search early.
   */
  async find(host: string, endpoints: readonly string[], wanted: () => boolean): Promise<string> {
    const search = this.#searches.get(host);
    if (search !== undefined) await search.catch(() => {});
    const known = this.known(host, endpoints);
    if (known !== undefined) return known;
    const own = race(withoutOwn(endpoints), searchMs, wanted);
    this.#searches.set(host, own);
    try {
      const endpoint = await own;
      this.#known.set(host, addressOf(endpoint));
      return endpoint;
    } finally {
      if (this.#searches.get(host) === own) this.#searches.delete(host);
    }
  }

  /**
   * Whether an endpoint that was found can still be reached. Who asks while it is being tried gets the same answer.
   *
   * @throws NoRoute when it cannot.
   */
  async test(endpoint: string, wanted: () => boolean): Promise<void> {
    const running = this.#tests.get(endpoint) ?? race([endpoint], testMs, wanted);
    this.#tests.set(endpoint, running);
    try {
      await running;
    } finally {
      this.#tests.delete(endpoint);
    }
  }
}

/** A line for each attempt: `node3 10.0.0.3 -> node4 10.0.0.4:4711  refused, 12 times in 3 s`. */
export async function describeAttempts(here: string, there: string, attempts: Attempts): Promise<string> {
  const lines = [...attempts].map(async ([endpoint, attempt]) => {
    const from = (await within(routeMs, addressTowards(addressOf(endpoint)))) ?? "";
    return `  ${here} ${from}${from && " "}-> ${there} ${endpoint.replace("tcp://", "")}  ${describe(attempt)}`;
  });
  return (await Promise.all(lines)).join("\n");
}

/** "refused, 12 times in 3 s" */
function describe({ outcome, times, ms }: Attempt): string {
  return `${outcome}${times > 1 ? `, ${times} times` : ""} in ${Math.round(ms / 1000)} s`;
}

/** Which address of this host the system would use for it; nothing is sent. */
function addressTowards(address: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = createSocket(address.includes(":") ? "udp6" : "udp4");
    const end = (own?: string): void => {
      socket.close();
      resolve(own);
    };
    socket.once("error", () => end());
    socket.connect(portOfNobody, address, () => end(socket.address().address));
  });
}

const portOfNobody = 9;

/** An address that this host has, too, is one of those that every host has (of a bridge for containers): it leads here. */
function withoutOwn(endpoints: readonly string[]): readonly string[] {
  const own = new Set(Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map(({ address }) => address)));
  const foreign = endpoints.filter((endpoint) => !own.has(addressOf(endpoint)));
  return foreign.length > 0 ? foreign : endpoints;
}

function race(endpoints: readonly string[], limitMs: number, wanted: () => boolean): Promise<string> {
  const attempts = new Map(endpoints.map((endpoint): [string, Attempt] => [endpoint, { ...unanswered }]));
  const sockets = new Set<Socket>();
  let over = false;
  /** Only what this process can hear counts: while it computes nothing that arrives is looked at. */
  let heardMs = 0;
  return new Promise((resolve, reject) => {
    const finish = (): void => {
      over = true;
      clearInterval(timer);
      for (const socket of sockets) socket.destroy();
      sockets.clear();
    };
    const attempt = (endpoint: string): void => {
      if (over || !wanted()) return;
      const state = attempts.get(endpoint) as Attempt;
      const socket = connect({ host: addressOf(endpoint), port: portOf(endpoint) });
      sockets.add(socket);
      const failed = (outcome: string): void => {
        socket.destroy();
        if (!sockets.delete(socket)) return;
        state.outcome = outcome;
        state.times++;
        setTimeout(attempt, retryMs, endpoint);
      };
      socket.once("connect", () => {
        state.outcome = letIn;
      });
      socket.once("data", (bytes: Buffer) => {
        if (bytes[0] !== greeting) {
          failed("somebody else answers");
          return;
        }
        finish();
        resolve(endpoint);
      });
      socket.on("error", ({ code, message }: NodeJS.ErrnoException) => failed(words[code ?? ""] ?? message));
      socket.once("close", () => failed("hung up"));
    };
    const look = (): void => {
      heardMs += retryMs;
      const outcomes = Array.from(attempts.values(), ({ outcome }) => outcome);
      const patienceMs = outcomes.includes(letIn) ? silenceMs : outcomes.every(isRefusal) ? refusedMs : limitMs;
      if (heardMs < patienceMs) return;
      finish();
      for (const state of attempts.values()) state.ms = heardMs;
      reject(new NoRoute(attempts));
    };
    const timer = setInterval(look, retryMs);
    for (const endpoint of endpoints) attempt(endpoint);
  });
}

const letIn = "connected, but nobody says anything";
const unanswered: Attempt = { outcome: "no answer", times: 0, ms: 0 };

/** Somebody is there and says no: asking for long does not help. */
function isRefusal(outcome: string): boolean {
  return outcome === "refused";
}

const words: Record<string, string> = {
  ECONNREFUSED: "refused",
  ETIMEDOUT: "no answer",
  ENETUNREACH: "no route",
  EHOSTUNREACH: "no route",
  ECONNRESET: "hung up",
};

/** "tcp://[fd00::1]:4711" -> "fd00::1" */
function addressOf(endpoint: string): string {
  return endpoint.slice("tcp://".length, endpoint.lastIndexOf(":")).replace(/^\[|\]$/g, "");
}

function portOf(endpoint: string): number {
  return Number(endpoint.slice(endpoint.lastIndexOf(":") + 1));
}
