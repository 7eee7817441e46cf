// Round trips of buffers between two plain Node processes over one socket: what Node's own sockets allow, with nothing
// on top. `node point-to-point.mjs unix|tcp` prints those rows of ours/point-to-point.ts.
import { fork } from "node:child_process";
import { rmSync } from "node:fs";
import { connect, createServer } from "node:net";

const [kind, address] = process.argv.slice(2);
const sizes = [
  { name: "8 B", bytes: 8, repetitions: 5000 },
  { name: "1 KiB", bytes: 1024, repetitions: 5000 },
  { name: "64 KiB", bytes: 65536, repetitions: 1000 },
  { name: "1 MiB", bytes: 1 << 20, repetitions: 200 },
];
const warmUp = 10_000;

/** Calls `whole` as often as so many bytes have come. */
function count(socket, bytes, whole) {
  let come = 0;
  socket.removeAllListeners("data");
  socket.on("data", (piece) => {
    come += piece.length;
    while (come >= bytes) {
      come -= bytes;
      whole();
    }
  });
}

/** The side that answers: it goes through the same list of sizes. */
function answer(socket) {
  const [{ bytes, times }, ...rest] = plan();
  step(bytes, times, rest);
  function step(bytes, times, rest) {
    const message = Buffer.alloc(bytes, 1);
    let left = times;
    count(socket, bytes, () => {
      socket.write(message);
      if (--left === 0 && rest.length > 0) step(rest[0].bytes, rest[0].times, rest.slice(1));
    });
  }
}

function plan() {
  const rows = sizes.map(({ bytes, repetitions }) => ({ bytes, times: 5 * repetitions }));
  return [{ bytes: 8, times: warmUp }, ...rows];
}

function roundTrips(socket, bytes, times) {
  const message = Buffer.alloc(bytes, 1);
  return new Promise((resolve) => {
    let left = times;
    const began = performance.now();
    count(socket, bytes, () => {
      if (--left > 0) socket.write(message);
      else resolve(((performance.now() - began) * 1000) / times);
    });
    socket.write(message);
  });
}

async function ask(socket) {
  await roundTrips(socket, 8, warmUp);
  for (const { name, bytes, repetitions } of sizes) {
    for (let i = 0; i < 2; i++) await roundTrips(socket, bytes, repetitions);
    const three = [];
    for (let i = 0; i < 3; i++) three.push(await roundTrips(socket, bytes, repetitions));
    const us = three.sort((x, y) => x - y)[1];
    console.log(JSON.stringify({ row: `buffer of ${name}, round trip (us)`, value: us }));
    if (bytes >= 1 << 20) {
      console.log(JSON.stringify({ row: `buffer of ${name}, both ways (GB/s)`, value: (2 * bytes) / us / 1000 }));
    }
  }
}

if (address !== undefined) {
  const socket = connect(kind === "tcp" ? { port: Number(address), host: "127.0.0.1" } : { path: address });
  socket.setNoDelay(true);
  answer(socket);
} else {
  const path = `/tmp/tsmpi-bench-${process.pid}`;
  const server = createServer(async (socket) => {
    socket.setNoDelay(true);
    await ask(socket);
    socket.destroy();
    server.close();
    rmSync(path, { force: true });
  });
  server.listen(kind === "tcp" ? { port: 0, host: "127.0.0.1" } : { path }, () => {
    fork(new URL(import.meta.url), [kind, kind === "tcp" ? String(server.address().port) : path]);
  });
}
