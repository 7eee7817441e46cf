import { once } from "node:events";
import type { Socket } from "node:net";
import { MpiError, messageOf } from "../calls/errors.ts";
import { setTimeout } from "../calls/event-loop.ts";
import type { AgentMessage, RankMessage } from "../wire/agent-protocol.ts";
import { eachMessage, sendMessage } from "../wire/json-lines.ts";

type Answer<K extends AgentMessage["kind"]> = Extract<AgentMessage, { kind: K }>;

/** Receives the agent's messages. */
export interface AgentListener {
  /** A message that is not an answer. */
  message(message: AgentMessage): void;
  /** The connection to the agent is lost. */
  lost(): void;
}

/** Time between attempts to connect while the agent's queue of connections is full. */
const retryMs = 20;

/**
 * The rank's end of its connection to the agent: a Unix socket in the job's directory.
 *
 * Not the IPC channel of `child_process`: that channel belongs to the user's script and its parent (`process.send()`,
 * `"message"`), forked children have their own, and it does not pass through `npm run`.
 *
 * Keeps the process alive only while an answer is awaited.
 */
export class AgentChannel {
  readonly #socket: Socket;
  #listener: AgentListener | undefined;
  /** Messages that arrived before a listener was set. One may be in the same chunk as the answer to `hello`. */
  readonly #early: AgentMessage[] = [];
  #kept = 0;
  #waiting:
    | { kinds: readonly string[]; resolve: (message: AgentMessage) => void; reject: (error: Error) => void }
    | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.unref();
    socket.on("error", () => {}); // "close" follows
    socket.once("close", () => {
      this.fail(new MpiError("launch", "the agent of this rank is gone"));
      this.#listener?.lost();
    });
    eachMessage(socket, (message) => this.#received(message as AgentMessage));
  }

  /** @throws MpiError `launch` when no agent answers at this path. */
  static async open(path: string): Promise<AgentChannel> {
    try {
      return new AgentChannel(await connect(path));
    } catch (error) {
      throw new MpiError(
        "launch",
        `init(): TSMPI_RANK says that this process belongs to a job, but its agent does not answer at ${path} ` +
          `(${messageOf(error)}): the job has ended, or this is a container that does not see that directory`,
      );
    }
  }

  listen(listener: AgentListener): void {
    this.#listener = listener;
    for (const message of this.#early.splice(0)) listener.message(message);
    if (!this.connected) listener.lost();
  }

  get connected(): boolean {
    return !this.#socket.destroyed;
  }

  tell(message: RankMessage, sent?: () => void): void {
    sendMessage(this.#socket, message, sent);
  }

  /** Sends a message and waits for an answer of one of these kinds. Rejects when the job is stopped. */
  async ask<K extends AgentMessage["kind"]>(message: RankMessage, ...kinds: K[]): Promise<Answer<K>> {
    this.#socket.ref();
    try {
      return (await new Promise<AgentMessage>((resolve, reject) => {
        this.#waiting = { kinds, resolve, reject };
        this.tell(message);
      })) as Answer<K>;
    } finally {
      this.#waiting = undefined;
      if (this.#kept === 0) this.#socket.unref();
    }
  }

  /** Keeps the process alive until the promise settles. */
  async keptOpen<T>(promise: Promise<T>): Promise<T> {
    this.#kept++;
    this.#socket.ref();
    try {
      return await promise;
    } finally {
      if (--this.#kept === 0) this.#socket.unref();
    }
  }

  /** Rejects the pending `ask`. */
  fail(error: MpiError): void {
    this.#waiting?.reject(error);
  }

  /** Disconnects, because this process is not a rank. */
  close(): void {
    this.#socket.destroy();
  }

  #received(message: AgentMessage): void {
    if (this.#waiting?.kinds.includes(message.kind)) this.#waiting.resolve(message);
    else if (this.#listener === undefined) this.#early.push(message);
    else this.#listener.message(message);
  }
}

async function connect(path: string): Promise<Socket> {
  const { createConnection } = await import("node:net"); // a world of one needs none, and it takes milliseconds to load
  for (;;) {
    const socket = createConnection(path);
    try {
      await once(socket, "connect");
      return socket;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
      await new Promise((resolve) => setTimeout(resolve, retryMs));
    }
  }
}
