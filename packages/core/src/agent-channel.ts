import type { AgentMessage, RankMessage } from "./bootstrap.ts";
import { MpiError } from "./errors.ts";

type Answer<K extends AgentMessage["kind"]> = Extract<AgentMessage, { kind: K }>;

/** The rank's end of the IPC channel to its agent. It keeps the process alive only while an answer is awaited. */
export class AgentChannel {
  #waiting: { kind: string; resolve: (message: AgentMessage) => void; reject: (error: Error) => void } | undefined;
  readonly #onMessage: (message: AgentMessage) => void;
  readonly #onLost: () => void;

  /** `onMessage` gets everything that is not an answer; `onLost` is called when the agent is gone. */
  constructor(onMessage: (message: AgentMessage) => void, onLost: () => void) {
    this.#onMessage = onMessage;
    this.#onLost = onLost;
    process.on("message", this.#received);
    process.on("disconnect", this.#lost);
    process.channel?.unref();
  }

  tell(message: RankMessage, sent: () => void = () => {}): void {
    if (!process.connected) sent();
    else process.send?.(message, undefined, undefined, sent);
  }

  /** Sends a message and waits for its answer; rejects when the job is stopped instead. */
  async ask<K extends AgentMessage["kind"]>(message: RankMessage, kind: K): Promise<Answer<K>> {
    process.channel?.ref();
    try {
      return (await new Promise<AgentMessage>((resolve, reject) => {
        this.#waiting = { kind, resolve, reject };
        this.tell(message);
      })) as Answer<K>;
    } finally {
      this.#waiting = undefined;
      process.channel?.unref();
    }
  }

  /** Makes whatever is being asked fail with this error. */
  fail(error: MpiError): void {
    this.#waiting?.reject(error);
  }

  close(): void {
    process.off("message", this.#received);
    process.off("disconnect", this.#lost);
    process.channel?.unref();
  }

  readonly #received = (message: unknown): void => {
    const { kind } = message as AgentMessage;
    if (this.#waiting?.kind === kind) this.#waiting.resolve(message as AgentMessage);
    else this.#onMessage(message as AgentMessage);
  };

  readonly #lost = (): void => {
    this.fail(new MpiError("launch", "the agent of this rank is gone"));
    this.#onLost();
  };
}
