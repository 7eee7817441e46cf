import type { Socket } from "node:net";

/**
 * Messages on a stream socket: one JSON text a line. A line that is no JSON is passed over, because whatever wrote it
 * does not speak this protocol.
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

/** `sent` is called when the bytes are in the kernel, or when the connection is gone. */
export function sendMessage(socket: Socket, message: object, sent: () => void = () => {}): void {
  if (socket.writable) socket.write(`${JSON.stringify(message)}\n`, () => sent());
  else sent();
}
