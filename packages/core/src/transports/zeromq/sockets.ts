import { readFileSync } from "node:fs";
import { context, Push } from "zeromq";
import type { Network, PortRange } from "../../wire/agent-protocol.ts";
import type { Inbox } from "./inbox.ts";

/** How long a closed socket tries to send what is queued. To a live peer that takes microseconds. */
const lingerMs = 5000;

/** Never reconnects: a peer on this host that disconnects has ended, and what is queued for it has no reader. */
const never = -1;
/**
 * Reconnects: the accept queue of the peer may have been full. Between hosts a connection can break while both ranks live;
 * packets that were lost with it are noticed when the next one comes.
 */
const reconnectMs = 20;
/** An address that refuses is tried at longer and longer intervals, up to this one. */
const slowestReconnectMs = 1000;
/** Each peer on another host takes one. */
const mostSockets = 32_768;
/** Firewalls drop connections that are silent for long. */
export const keepAlive = { tcpKeepalive: 1, tcpKeepaliveIdle: 60 } as const;

/** Must be called before the first socket of a job with several hosts is made. */
export function allowManySockets(): void {
  context.maxSockets = mostSockets;
}

/** A socket for a peer on this host. The accept queue of each rank must hold one connection from each of `size` ranks. */
export function pushNear(endpoint: string, size: number): Push {
  return connected(endpoint, { reconnectInterval: size < acceptQueue() ? never : reconnectMs });
}

/**
 * A socket for a peer on another host. `patient`: it accepts no message before it is connected, so that a message that waits
 * for the connection can be noticed.
 */
export function pushFar(endpoint: string, patient: boolean, keys: Network["keys"]): Push {
  return connected(endpoint, {
    ...keepAlive,
    immediate: patient,
    reconnectInterval: reconnectMs,
    reconnectMaxInterval: slowestReconnectMs,
    ipv6: endpoint.startsWith("tcp://["),
    ...(keys === undefined
      ? {}
      : { curveServerKey: keys.publicKey, curvePublicKey: keys.publicKey, curveSecretKey: keys.secretKey }),
  });
}

function connected(endpoint: string, options: ConstructorParameters<typeof Push>[0]): Push {
  const push = new Push({ sendHighWaterMark: 0, linger: lingerMs, ...options });
  push.connect(endpoint);
  return push;
}

let acceptQueueLength: number | undefined;

function acceptQueue(): number {
  if (acceptQueueLength === undefined) {
    try {
      acceptQueueLength = Number(readFileSync("/proc/sys/net/core/somaxconn", "utf8"));
    } catch {
      acceptQueueLength = 0;
    }
  }
  return acceptQueueLength;
}

/** Binds to a free port of an address. The ranks of a host begin their search at different ports. */
export async function bindTo(inbox: Inbox, address: string, rank: number, ports?: PortRange): Promise<string> {
  if (ports === undefined) return inbox.bind(`${address}:*`);
  const [first, last] = ports;
  const count = last - first + 1;
  for (let i = 0; i < count; i++) {
    try {
      return await inbox.bind(`${address}:${first + ((rank + i) % count)}`);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
    }
  }
  throw new Error(`no port from ${first} to ${last} is free (--port-range)`);
}
