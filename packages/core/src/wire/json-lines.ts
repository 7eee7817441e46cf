import type { Socket } from "node:net";

/**
 * Reads messages from a stream socket: one JSON text per line. Skips lines that are no JSON: their sender does not
 * speak this protocol.
 */
export function eachMessage(socket: Socket, take: (message: unknown) => void): void {
  let rest = "";
  socket.setEncoding("utf8");
  socket.on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      let message: unknown;
      try {
        message = JSON.parse(line);
      } catch {
        continue;
      }
      take(message);
    }
  });
}

/** Calls `sent` when the bytes are in the kernel, or the connection is gone. */
export function sendMessage(socket: Socket, message: object, sent: () => void = () => {}): void {
  if (socket.writable) socket.write(`${JSON.stringify(message)}\n`, () => sent());
  else sent();
}
