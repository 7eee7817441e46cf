import { connect, type TLSSocket } from "node:tls";
import { reasonOf } from "../errors/launch-error.ts";
import { parseEndpoint, plainAddress } from "./addresses.ts";
import { type KeyName, secure, tune } from "./secure.ts";

/** The latest attempt at one of the launcher's addresses. */
export interface Attempt {
  endpoint: string;
  outcome: string;
}

const retryMs = 500;
const tellMs = 2000;

/**
 * Connects to the launcher. Tries all its addresses at once, repeatedly until the time is up, and keeps the first connection
 * whose other end has the key. An address that leads nowhere, or to a stranger, costs only a moment.
 */
export function visit(options: {
  endpoints: readonly string[];
  name: KeyName;
  key: Uint8Array;
  limitMs: number;
  /** Called every 2 s while no attempt has succeeded. */
  waiting(attempts: Attempt[]): void | Promise<void>;
}): Promise<TLSSocket> {
  const attempts = options.endpoints.map((endpoint): Attempt => ({ endpoint, outcome: "no answer" }));
  const sockets = new Set<TLSSocket>();
  const timers = new Set<NodeJS.Timeout>();
  return new Promise((resolve, reject) => {
    const end = (): void => {
      for (const timer of timers) clearTimeout(timer);
      for (const socket of sockets) socket.destroy();
    };
    const attempt = (state: Attempt): void => {
      const socket = connect({
        ...secure,
        ...parseEndpoint(state.endpoint),
        checkServerIdentity: () => undefined,
        pskCallback: () => ({ identity: options.name, psk: options.key }),
      });
      sockets.add(socket);
      socket.on("error", (error) => {
        if (!sockets.delete(socket)) return;
        state.outcome = describe(error);
        timers.add(setTimeout(attempt, retryMs, state));
      });
      socket.on("connect", () => {
        state.outcome = "connected, no proof of having the key";
      });
      socket.once("secureConnect", () => {
        if (!sockets.delete(socket)) return;
        end();
        socket.removeAllListeners("error");
        tune(socket);
        resolve(socket);
      });
    };
    timers.add(setTimeout(() => void options.waiting(attempts), retryMs));
    timers.add(setInterval(() => void options.waiting(attempts), tellMs));
    timers.add(
      setTimeout(() => {
        end();
        void Promise.resolve(options.waiting(attempts)).then(() => reject(new Error("the launcher cannot be reached")));
      }, options.limitMs),
    );
    for (const state of attempts) attempt(state);
  });
}

function describe(error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case "ECONNREFUSED":
      return "refused";
    case "ETIMEDOUT":
      return "no answer";
    case "ENETUNREACH":
    case "EHOSTUNREACH":
      return "no route";
    case "ECONNRESET":
      return "hung up";
    default:
      return error.code?.startsWith("ERR_SSL") ? "somebody else, without the key of this job" : reasonOf(error);
  }
}

/** The address by which this host reached the launcher. */
export function ownAddress(socket: TLSSocket): string {
  return plainAddress(socket.localAddress ?? "");
}
