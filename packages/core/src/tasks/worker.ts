import { MpiError } from "../calls/errors.ts";
import { breathe, performance } from "../calls/event-loop.ts";
import { decode } from "../wire/codec/codec.ts";
import type { Peers } from "../wire/peers.ts";
import { Batch } from "./batch.ts";
import type { Message, Work } from "./messages.ts";
import { failed } from "./outcome.ts";
import type { TaskRunner } from "./task-runner.ts";

/** So long may tasks keep the rank from its messages, when they do not wait themselves. */
const turnMs = 1;
/** Finished results wait no longer for the rest of their chunk, nor in larger heaps: for progress, journal and memory. */
const batchMs = 100;
const batchBytes = 1 << 20;

/** Does what rank 0 hands out until it says that there is no more. Rejects when the call has failed on any rank. */
export function serve(peers: Peers, runner: TaskRunner): Promise<void> {
  return new Worker(peers, runner).serve();
}

class Worker {
  readonly #peers: Peers;
  readonly #runner: TaskRunner;
  readonly #queue: Work[] = [];
  #working = false;
  #over = false;
  #batch = new Batch();
  #batchSince = 0;
  /** Tasks received, and tasks done: the next one to do is number `#done`. */
  #received = 0;
  #done = 0;
  readonly #cancelled: Set<number> = new Set();
  #broken: (error: unknown) => void = () => {};
  #go: () => void = () => {};

  constructor(peers: Peers, runner: TaskRunner) {
    this.#peers = peers;
    this.#runner = runner;
  }

  async serve(): Promise<void> {
    const broken = new Promise<never>((_, reject) => {
      this.#broken = reject;
    });
    let goodbye = false;
    try {
      goodbye = await Promise.race([this.#listen(), broken]);
    } finally {
      this.#over = true;
      this.#go();
      this.#runner.cancel(new MpiError("aborted", "the call that this task belongs to has ended"));
    }
    if (goodbye) await this.#peers.send(0, new Batch().encode());
  }

  /** Whether rank 0 wants a goodbye. */
  async #listen(): Promise<boolean> {
    for (;;) {
      const message = decode(await this.#peers.recv(0)) as Message;
      if (message.kind === "end") return message.goodbye;
      if (message.kind === "go") {
        this.#go();
      } else if (message.kind === "cancel") {
        this.#cancel(message.from, message.count, new MpiError("aborted", message.reason));
      } else {
        this.#queue.push(message);
        this.#received += message.inputs.length;
        if (!this.#working) this.#work().catch(this.#broken);
      }
    }
  }

  #cancel(from: number, count: number, reason: Error): void {
    for (let task = Math.max(from, this.#done); task < from + count; task++) this.#cancelled.add(task);
    if (this.#working && this.#cancelled.has(this.#done)) this.#runner.cancel(reason);
  }

  async #work(): Promise<void> {
    this.#working = true;
    let turn = performance.now();
    this.#batchSince = turn;
    for (let work = this.#queue.shift(); work !== undefined; work = this.#queue.shift()) {
      if (work.suspect) await this.#mayBegin();
      if (this.#over) return;
      for (let i = 0; i < work.inputs.length; i++) {
        const before = performance.now();
        const outcome = this.#cancelled.delete(this.#done)
          ? failed(undefined)
          : this.#runner.do(work, work.inputs[i], indexOf(work, i), work.attempt);
        this.#batch.add(outcome instanceof Promise ? await outcome : outcome);
        if (this.#over) return;
        this.#cancelled.delete(this.#done);
        this.#done += 1;
        const now = performance.now();
        this.#batch.ms += now - before;
        const last = i === work.inputs.length - 1;
        if (this.#batch.bytes > batchBytes || now - this.#batchSince > (last ? turnMs : batchMs)) this.#send(now);
        if (now - turn < turnMs) continue;
        await breathe();
        if (this.#over) return;
        turn = performance.now();
      }
      if (this.#queue.length === 0) this.#send(performance.now());
    }
    this.#working = false;
  }

  async #mayBegin(): Promise<void> {
    this.#send(performance.now());
    const go = new Promise<void>((resolve) => {
      this.#go = resolve;
    });
    await this.#peers.send(0, new Batch().encode());
    await go;
  }

  /** Not waited for: the results are this rank's own copies, and rank 0 hands out no more than it has room for. */
  #send(now: number): void {
    if (this.#batch.length === 0) return;
    this.#peers.send(0, this.#batch.encode()).catch(this.#broken);
    this.#batch = new Batch();
    this.#batchSince = now;
  }
}

function indexOf({ at }: Work, i: number): number {
  return typeof at === "number" ? at + i : (at[i] as number);
}
