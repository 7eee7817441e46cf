import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { sendMessage } from "@tsmpi/core/bootstrap";
import { expect, test } from "vitest";
import { RankListener } from "../../../../packages/launcher/src/agent/rank-listener.ts";
import { folder } from "../../../support/run-tsmpi.ts";

const rank = `
  import { createConnection } from "node:net";
  const socket = createConnection(process.argv[1]);
  const tell = (message) => socket.write(JSON.stringify(message) + "\\n");
  tell({ kind: "hello", rank: 0, pid: process.pid, thread: 0 });
  socket.once("data", () => { tell({ kind: "left", sent: { 1: 7 } }); process.exit(0); });`;

test("what a rank said before its end is read, although a message to it fails", async () => {
  let heard!: (message: unknown) => void;
  const left = new Promise((resolve) => {
    heard = resolve;
  });
  const closed = new Promise<void>((resolve) => {
    const listener = RankListener.open(folder(), ({ pid }, socket) => {
      sendMessage(socket, { kind: "welcome" });
      while (!hasEnded(pid)); // a busy agent: it learns of nothing in the meantime
      sendMessage(socket, { kind: "ended" });
      socket.once("close", () => void listener.then((open) => open.close()).then(resolve));
      return heard;
    });
    void listener.then(({ path }) => spawn(process.execPath, ["--input-type=module", "-e", rank, path]));
  });
  expect(await left).toEqual({ kind: "left", sent: { 1: 7 } });
  await closed;
});

function hasEnded(pid: number): boolean {
  return /\) Z /.test(readFileSync(`/proc/${pid}/stat`, "latin1"));
}
