import { type AddressInfo, createServer, type Server } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { NoRoute } from "../../../../../packages/core/src/transports/zeromq/endpoint-race.ts";
import { RouteSearch } from "../../../../../packages/core/src/transports/zeromq/route-search.ts";

/** A server that greets as ZeroMQ does, or says something else, or nothing; and its endpoint. */
async function greeting(bytes?: number): Promise<{ server: Server; endpoint: string }> {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    if (bytes !== undefined) socket.write(Buffer.of(bytes));
  }).listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await new Promise((resolve) => server.once("listening", resolve));
  return { server, endpoint: `tcp://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

const wanted = (): boolean => true;

/** An endpoint that refuses. */
async function closed(): Promise<string> {
  const { server, endpoint } = await greeting();
  await new Promise((resolve) => server.close(resolve));
  return endpoint;
}

test("of several endpoints the one that greets is used, and remembered", async () => {
  const { endpoint } = await greeting(0xff);
  const ways = new RouteSearch();
  expect(await ways.find("a", [await closed(), endpoint], wanted)).toBe(endpoint);
  expect(ways.known("a", [endpoint])).toBe(endpoint);
});

test("one that refuses is given up soon, and the error lists the attempts", async () => {
  const endpoint = await closed();
  const failure = await new RouteSearch().find("a", [endpoint], wanted).catch((error: unknown) => error as NoRoute);
  expect(failure).toBeInstanceOf(NoRoute);
  expect((failure as NoRoute).message).toMatch(/^refused, \d+ times in 3 s$/);
});

test("no endpoint is given up while this process computes", async () => {
  const { endpoint } = await greeting(0xff);
  const found = new RouteSearch().test(endpoint, wanted);
  const end = performance.now() + 6000; // longer than an endpoint that was known is tested for
  while (performance.now() < end);
  await expect(found).resolves.toBeUndefined();
});

test("calls during a test of an endpoint share its answer", async () => {
  const endpoint = await closed();
  const ways = new RouteSearch();
  const answers = await Promise.allSettled([ways.test(endpoint, wanted), ways.test(endpoint, wanted)]);
  const [first, second] = answers.map((answer) => (answer as PromiseRejectedResult).reason as unknown);
  expect(first).toBeInstanceOf(NoRoute);
  expect(second).toBe(first);
});
