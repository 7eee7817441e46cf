import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { eachMessage, type RankMessage, sendMessage } from "@tsmpi/core/bootstrap";
import { isRankMessage } from "./rank-message.ts";

export type RankHello = Extract<RankMessage, { kind: "hello" }>;

/** Gets the first message of a connection. Returns the handler of the others, or undefined when it is not a rank's. */
export type Admit = (hello: RankHello, socket: Socket) => ((message: RankMessage) => void) | undefined;

/**
 * Where an agent's ranks connect to it: a Unix socket in the job's directory, which only the job's owner can enter.
 *
 * ```text
 *  tsmpi run x.ts                    agent ── x.ts                        the child itself is the rank
 *  tsmpi exec npm run solve          agent ── npm ── sh ── node x.js      so is a process that the child has started
 *  fork(), cluster, new Worker()     agent ── x.ts ── x.ts                refused: x.ts is the rank already
 * ```
 */
export class RankListener {
  readonly path: string;
  readonly #server: Server;

  private constructor(path: string, server: Server) {
    this.path = path;
    this.#server = server;
  }

  static async open(directory: string, admit: Admit): Promise<RankListener> {
    const path = join(directory, "agent");
    const server = createServer((socket) => greet(socket, admit));
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(path, resolve);
    });
    return new RankListener(path, server);
  }

  close(): void {
    this.#server.close();
  }
}

function greet(socket: Socket, admit: Admit): void {
  let greeted = false;
  let take: ReturnType<Admit>;
  socket.on("error", () => {}); // "close" follows
  failNoWrite(socket);
  eachMessage(socket, (message) => {
    if (!isRankMessage(message)) return;
    if (greeted) {
      if (message.kind !== "hello") take?.(message);
    } else if (message.kind === "hello") {
      greeted = true;
      take = admit(message, socket);
      if (take === undefined) sendMessage(socket, { kind: "refused" });
    }
  });
}

/**
 * A message to a rank that has just ended cannot be written (EPIPE). Node then destroys the socket, and with it what the
 * agent has not read yet: the rank's last collectives, and that it left in good order. So failed writes are ignored; the
 * end of the stream shows that the rank is gone.
 */
function failNoWrite(socket: Socket): void {
  const write = socket._write.bind(socket);
  const writev = socket._writev?.bind(socket);
  socket._write = (chunk, encoding, done) => write(chunk, encoding, () => done());
  if (writev !== undefined) socket._writev = (chunks, done) => writev(chunks, () => done());
}
