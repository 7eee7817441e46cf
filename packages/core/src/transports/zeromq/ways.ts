import { connect, type Socket } from "node:net";
import { networkInterfaces } from "node:os";
import { MpiError } from "../../errors.ts";

/** How long the way to a host is looked for. */
const limitMs = 10_000;
const retryMs = 250;

/** ZeroMQ's I/O thread greets with this byte, also when its program is busy. */
const greeting = 0xff;

/**
 * Finds which of a rank's addresses leads to it, by trying all at once: which of a host's networks the others can reach
 * is nothing that its names, or its routing table, tell. What was found for one rank holds for its host.
 */
export class Ways {
  /** By host: the address that works, or the search for it. */
  readonly #known: Map<string, string> = new Map();
  readonly #searches: Map<string, Promise<string>> = new Map();

  /** The endpoint to use, when it is known already. */
  known(host: string, endpoints: readonly string[]): string | undefined {
    const address = this.#known.get(host);
    return address === undefined ? undefined : endpoints.find((each) => addressOf(each) === address);
  }

  /**
   * The endpoint to use.
   *
   * @throws MpiError `launch` with a table of what was tried. `wanted` ends the search early.
   */
  async find(host: string, rank: number, endpoints: readonly string[], wanted: () => boolean): Promise<string> {
    const search = this.#searches.get(host);
    if (search !== undefined) await search.catch(() => {});
    const known = this.known(host, endpoints);
    if (known !== undefined) return known;
    const own = race(host, rank, withoutOwn(endpoints), wanted);
    this.#searches.set(host, own);
    try {
      const endpoint = await own;
      this.#known.set(host, addressOf(endpoint));
      return endpoint;
    } finally {
      if (this.#searches.get(host) === own) this.#searches.delete(host);
    }
  }
}

/** An address that this host has, too, is one of those that every host has (of a bridge for containers): it leads here. */
function withoutOwn(endpoints: readonly string[]): readonly string[] {
  const own = new Set(Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map(({ address }) => address)));
  const foreign = endpoints.filter((endpoint) => !own.has(addressOf(endpoint)));
  return foreign.length > 0 ? foreign : endpoints;
}

function race(host: string, rank: number, endpoints: readonly string[], wanted: () => boolean): Promise<string> {
  const outcomes = new Map(endpoints.map((endpoint) => [endpoint, "no answer"]));
  const sockets = new Set<Socket>();
  const end = performance.now() + limitMs;
  return new Promise((resolve, reject) => {
    const finish = (): void => {
      clearTimeout(timer);
      for (const socket of sockets) socket.destroy();
      sockets.clear();
    };
    const attempt = (endpoint: string): void => {
      if (!wanted() || performance.now() > end) return;
      const socket = connect({
        host: addressOf(endpoint),
        port: Number(endpoint.slice(endpoint.lastIndexOf(":") + 1)),
      });
      sockets.add(socket);
      const failed = (outcome: string): void => {
        socket.destroy();
        if (!sockets.delete(socket)) return;
        outcomes.set(endpoint, outcome);
        setTimeout(attempt, retryMs, endpoint);
      };
      socket.once("connect", () => outcomes.set(endpoint, "connected, but nobody says anything"));
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
    const timer = setTimeout(() => {
      finish();
      const table = [...outcomes].map(([endpoint, outcome]) => `  ${host}  ${endpoint}  ${outcome}`).join("\n");
      reject(
        new MpiError(
          "launch",
          `rank ${rank} cannot be reached from here:\n${table}\n  (--interface chooses a network)`,
        ),
      );
    }, limitMs);
    for (const endpoint of endpoints) attempt(endpoint);
  });
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
