import { readFileSync } from "node:fs";
import { type AddressInfo, connect, createServer } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { addressOf, asKernel, connections, hasSocket } from "../../../../packages/launcher/src/agent/stalls.ts";

const head = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode";
const row = (timer: string, repeats: string): string =>
  `   1: 0200580A:D431 0100580A:C3B4 01 00000054:00000000 ${timer}:00000C3E ${repeats}  0  0 4711 2 0000000000000000 40 4 30 10 -1`;

test("bytes that are repeated are told from those that wait for a slow receiver, and from signs of life", () => {
  const own = { local: "0200580A:D431", remote: "0100580A:C3B4", inode: "4711", queued: 0x54 };
  expect(connections([head, row("01", "00000005")].join("\n"))).toEqual([{ ...own, repeated: 5 }]);
  for (const other of [row("04", "00000005"), row("02", "00000005"), row("00", "00000000")])
    expect(connections([head, other].join("\n"))).toEqual([{ ...own, repeated: 0 }]);
  expect(connections("")).toEqual([]);
});

test.each([
  ["10.88.0.1:50100", "0100580A:C3B4", "10.88.0.1"],
  ["[::1]:80", "00000000000000000000000001000000:0050", "::1"],
  ["[fd00::1:2]:80", "000000FD000000000000000002000100:0050", "fd00::1:2"],
])("%s is what the kernel writes as %s", (endpoint, kernels, address) => {
  expect(asKernel(endpoint)).toBe(kernels);
  expect(addressOf(kernels)).toBe(address);
});

test.each(["127.0.0.1", "::1"])("the kernel's own table says the same of a connection to %s", async (address) => {
  const server = createServer().listen(0, address);
  onTestFinished(() => void server.close());
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as AddressInfo;
  const socket = connect(port, address);
  onTestFinished(() => void socket.destroy());
  await new Promise((resolve) => socket.once("connect", resolve));
  const to = asKernel(`${address.includes(":") ? `[${address}]` : address}:${port}`);
  const table = readFileSync(`/proc/self/net/tcp${address.includes(":") ? "6" : ""}`, "latin1");
  const rows = table.split("\n").map((line) => line.trim().split(/\s+/));
  const own = rows.find(([, , remote, state]) => remote === to && state === "01");
  expect(own).toBeDefined();
  expect(addressOf(own?.[1] as string)).toBe(address);
  expect(hasSocket(process.pid, own?.[9] as string)).toBe(true);
  expect(hasSocket(process.pid, "1")).toBe(false);
});
