/**
 * One end of a link between the launcher and an agent.
 *
 * | call | contract |
 * | --- | --- |
 * | `send` | never waits; messages arrive in order, or the link is lost. `encoded` gives the message's bytes (`encodedOnce`) |
 * | `receive` | called once; messages that arrive before are kept |
 * | `lost` | called at most once, with the reason, if the other end is gone without having closed the link |
 */
export interface Channel<Out, In> {
  send(message: Out, encoded?: () => Uint8Array[]): void;
  receive(handler: { message(message: In): void; lost(reason: string): void }): void;
}

/** The link to the agent in the launcher's own process: two ends that pass each other their messages as objects. */
export function inProcess<A, B>(): [Channel<A, B>, Channel<B, A>] {
  const toA = new Queue<B>();
  const toB = new Queue<A>();
  return [
    { send: (message) => toB.put(message), receive: ({ message }) => toA.open(message) },
    { send: (message) => toA.put(message), receive: ({ message }) => toB.open(message) },
  ];
}

/** Delivers in microtasks, so that a handler that sends an answer has returned before it is called again. */
class Queue<T> {
  #queue: T[] = [];
  #deliver: ((message: T) => void) | undefined;
  #scheduled = false;

  put(message: T): void {
    this.#queue.push(message);
    this.#schedule();
  }

  open(deliver: (message: T) => void): void {
    this.#deliver = deliver;
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled || this.#deliver === undefined || this.#queue.length === 0) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      const queue = this.#queue;
      this.#queue = [];
      for (const message of queue) this.#deliver!(message);
    });
  }
}
