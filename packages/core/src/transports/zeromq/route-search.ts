import { createSocket } from "node:dgram";
import { networkInterfaces } from "node:os";
import { within } from "../../calls/timeout.ts";
import { type Attempts, addressOf, describeAttempt, raceEndpoints } from "./endpoint-race.ts";

/** How long the search for a route takes at most; and the test of a route that was used and works no more. */
const searchMs = 10_000;
const testMs = 5000;
const localAddressMs = 500;

/** A route to another host that does not work. */
export interface Route {
  /** The rank that cannot be reached, and its host. */
  dest: number;
  host: string;
  /** A line for each address that was tried: from where, to where, what happened. */
  attempts: string;
}

/**
 * Finds which of a rank's addresses leads to it, by trying all at once. Neither host names nor routing tables tell which
 * of a host's networks the others can reach. An address that was found for one rank is used for all ranks of its host.
 */
export class RouteSearch {
  /** By host: the address that works, or the search for it. */
  readonly #known: Map<string, string> = new Map();
  readonly #searches: Map<string, Promise<string>> = new Map();
  /** By endpoint. */
  readonly #tests: Map<string, Promise<string>> = new Map();

  /** The endpoint to use, if the host's address is known. */
  known(host: string, endpoints: readonly string[]): string | undefined {
    const address = this.#known.get(host);
    return address === undefined ? undefined : endpoints.find((each) => addressOf(each) === address);
  }

  /**
   * The endpoint to use. `wanted` ends the search early.
   *
   * @throws NoRoute when there is none.
   */
  async find(host: string, endpoints: readonly string[], wanted: () => boolean): Promise<string> {
    const search = this.#searches.get(host);
    if (search !== undefined) await search.catch(() => {});
    const known = this.known(host, endpoints);
    if (known !== undefined) return known;
    const own = raceEndpoints(withoutOwn(endpoints), searchMs, wanted);
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
   * Tests whether an endpoint that was found can still be reached. Calls that ask during a test share its answer.
   *
   * @throws NoRoute when it cannot.
   */
  async test(endpoint: string, wanted: () => boolean): Promise<void> {
    const running = this.#tests.get(endpoint) ?? raceEndpoints([endpoint], testMs, wanted);
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
    const from = (await within(localAddressMs, addressTowards(addressOf(endpoint)))) ?? "";
    return `  ${here} ${from}${from && " "}-> ${there} ${endpoint.replace("tcp://", "")}  ${describeAttempt(attempt)}`;
  });
  return (await Promise.all(lines)).join("\n");
}

/** The address of this host that the system would use for a connection there. Sends nothing. */
function addressTowards(address: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = createSocket(address.includes(":") ? "udp6" : "udp4");
    const end = (own?: string): void => {
      socket.close();
      resolve(own);
    };
    socket.once("error", () => end());
    socket.connect(discardPort, address, () => end(socket.address().address));
  });
}

const discardPort = 9;

/**
 * Leaves out the addresses that this host has, too. Every host has them (a bridge for containers), so from here they lead
 * to this host.
 */
function withoutOwn(endpoints: readonly string[]): readonly string[] {
  const own = new Set(Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map(({ address }) => address)));
  const foreign = endpoints.filter((endpoint) => !own.has(addressOf(endpoint)));
  return foreign.length > 0 ? foreign : endpoints;
}
