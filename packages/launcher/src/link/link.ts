import type { Duplex } from "node:stream";
import { reasonOf } from "../errors/launch-error.ts";
import type { Channel } from "./channel.ts";
import { Decoder, encode, heartbeat } from "./framing.ts";

/** Time between two heartbeats of each end. */
const heartbeatMs = 2000;
/** An end that is silent for so long is lost: host down, network cut, process stopped. So a loss is reported within 10 s. */
const silenceMs = 7000;

const closedThere = "the connection was closed there";
/** The kernel closes the connection of a killed process, or resets it if data was unread. Both mean the same. */
const isClosedThere = ({ code }: NodeJS.ErrnoException): boolean => code === "ECONNRESET" || code === "EPIPE";

interface Handler<In> {
  message(message: In): void;
  lost(reason: string): void;
}

/**
 * The link between launcher and agent over a stream: messages, and heartbeats in both directions. The processes at its ends
 * do no long computations, so they always have time for heartbeats, however long a rank computes.
 */
export class Link<Out extends object, In> implements Channel<Out, In> {
  readonly #socket: Duplex;
  readonly #decoder = new Decoder();
  readonly #early: In[] = [];
  readonly #timer: NodeJS.Timeout;
  #handler: Handler<In> | undefined;
  #heardAt = performance.now();
  #tickedAt = performance.now();
  #patient = false;
  /** How long this process itself was stopped, or too busy to read, and when that ended. */
  #stopped: { ms: number; until: number } | undefined;
  #ended: string | undefined;

  constructor(socket: Duplex) {
    this.#socket = socket;
    socket.on("data", (piece: Uint8Array) => this.#arrived(piece));
    socket.once("error", (error) =>
      this.#lose(isClosedThere(error) ? closedThere : `the connection broke: ${reasonOf(error)}`),
    );
    socket.once("close", () => this.#lose(closedThere));
    this.#timer = setInterval(() => this.#tick(), heartbeatMs);
  }

  send(message: Out, encoded: () => Uint8Array[] = () => encode(message)): void {
    if (this.#ended !== undefined) return;
    this.#socket.cork();
    for (const part of encoded()) this.#socket.write(part);
    this.#socket.uncork();
  }

  /** A second call replaces the handler. */
  receive(handler: Handler<In>): void {
    this.#handler = handler;
    for (const message of this.#early.splice(0)) handler.message(message);
    if (this.#ended !== undefined) queueMicrotask(() => handler.lost(this.#ended!));
  }

  /** The other end is about to be stopped: its silence does not count until it sends again. */
  bePatient(): void {
    this.#patient = true;
  }

  /** Sends what is queued, and ends the link. The other end knows from a message that this is not a loss. */
  close(): Promise<void> {
    if (this.#ended !== undefined) return Promise.resolve();
    clearInterval(this.#timer);
    this.#ended = "it was closed";
    this.#handler = undefined;
    return new Promise((resolve) => {
      this.#socket.once("close", () => resolve());
      this.#socket.end();
    });
  }

  #arrived(piece: Uint8Array): void {
    this.#heardAt = performance.now();
    this.#patient = false;
    let messages: unknown[];
    try {
      messages = this.#decoder.push(piece);
    } catch (error) {
      this.#lose(reasonOf(error));
      return;
    }
    for (const message of messages) {
      if (this.#handler !== undefined) this.#handler.message(message as In);
      else if (this.#ended === undefined) this.#early.push(message as In);
    }
  }

  #tick(): void {
    const now = performance.now();
    // This process was stopped for a while: data that arrived meanwhile has not been read yet.
    const gapMs = now - this.#tickedAt;
    if (gapMs > 2 * heartbeatMs) {
      this.#heardAt = now;
      this.#stopped = { ms: gapMs, until: now };
    }
    this.#tickedAt = now;
    this.#socket.write(heartbeat);
    const silentMs = now - this.#heardAt;
    if (silentMs > silenceMs && !this.#patient) this.#lose(`no sign of life for ${Math.round(silentMs / 1000)} s`);
  }

  #lose(what: string): void {
    if (this.#ended !== undefined) return;
    const { ms = 0, until = 0 } = this.#stopped ?? {};
    const justNow = ms > silenceMs && performance.now() - until < heartbeatMs;
    const reason = justNow
      ? `${what}, after the process at this end had been stopped for ${Math.round(ms / 1000)} s`
      : what;
    this.#ended = reason;
    clearInterval(this.#timer);
    this.#socket.destroy();
    this.#handler?.lost(reason);
  }
}
