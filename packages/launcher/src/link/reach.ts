import { connect, createServer } from "node:net";
import type { PortRange } from "@tsmpi/core/bootstrap";
import { endpoint, parseEndpoint } from "./addresses.ts";
import { listenInRange } from "./port-range.ts";

const answerMs = 1500;

/** Lets other hosts test whether they reach this one: accepts connections at these addresses and closes them. */
export async function beReachable(addresses: readonly string[], ports: PortRange | undefined): Promise<string[]> {
  const server = createServer((socket) => socket.on("error", () => {}).end()).unref();
  try {
    await listenInRange(server, undefined, ports);
  } catch {
    return [];
  }
  const { port } = server.address() as { port: number };
  return addresses.map((address) => endpoint(address, port));
}

/** Whether one of these addresses accepts a connection. */
export async function reachesOne(endpoints: readonly string[]): Promise<boolean> {
  const found = await Promise.all(endpoints.map(reaches));
  return found.includes(true);
}

function reaches(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(parseEndpoint(address));
    const done = (reached: boolean) => () => {
      clearTimeout(timer);
      socket.destroy();
      resolve(reached);
    };
    const timer = setTimeout(done(false), answerMs);
    socket.once("connect", done(true)).once("error", done(false));
  });
}
