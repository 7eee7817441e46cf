import { MpiError } from "../calls/errors.ts";
import { breathe, performance } from "../calls/event-loop.ts";
import { decode } from "../wire/codec/codec.ts";
import { Batch } from "./batch.ts";
import type { Message, Work } from "./messages.ts";
import { failed, type Outcome } from "./outcome.ts";
import type { TaskPeers } from "./task-group.ts";
import type { Stretch, TaskRunner } from "./task-runner.ts";
import { type Queued, WorkQueue } from "./work-queue.ts";

/** Longest time that synchronous tasks may keep this rank from handling messages. */
const turnMs = 1;
/** A batch is sent after this time or at this size, for progress, journal and memory. It does not wait for its whole chunk. */
const batchMs = 100;
const batchBytes = 1 << 20;

/** Does the tasks that rank 0 hands out, until its `end` message. Rejects when the call has failed on any rank. */
export function serve(peers: TaskPeers, runner: TaskRunner): Promise<void> {
  return new Worker(peers, runner).serve();
}

class Worker {
  readonly #peers: TaskPeers;
  readonly #runner: TaskRunner;
  readonly #queue: WorkQueue = new WorkQueue();
  #working = false;
  #over = false;
  #batch = new Batch();
  #batchSince = 0;
  /** When this rank last handled messages. */
  #turnSince = 0;
  readonly #cancelled: Set<number> = new Set();
  #broken: (error: unknown) => void = () => {};
  #go: () => void = () => {};

  constructor(peers: TaskPeers, runner: TaskRunner) {
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

  /** Handles messages until the end. Returns whether rank 0 wants a goodbye. */
  async #listen(): Promise<boolean> {
    for (;;) {
      const message = decode(await this.#peers.recv(0)) as Message;
      if (message.kind === "end") return message.goodbye;
      if (message.kind === "go") {
        this.#go();
      } else if (message.kind === "cancel") {
        this.#cancel(message.from, message.count, new MpiError("aborted", message.reason));
      } else if (message.kind === "recall") {
        this.#batch.returned = this.#queue.giveBack(message.from);
        this.#send(performance.now());
      } else {
        this.#queue.push(message);
        if (!this.#working) this.#work().catch(this.#broken);
      }
    }
  }

  #cancel(from: number, count: number, reason: Error): void {
    const { next } = this.#queue;
    for (let task = Math.max(from, next); task < from + count; task++) this.#cancelled.add(task);
    if (this.#working && this.#cancelled.has(next)) this.#runner.cancel(reason);
  }

  async #work(): Promise<void> {
    this.#working = true;
    this.#turnSince = performance.now();
    this.#batchSince = this.#turnSince;
    for (let chunk = this.#queue.first; chunk !== undefined; chunk = this.#queue.first) {
      if (chunk.work.suspect) await this.#mayBegin();
      if (this.#over) return;
      await this.#doChunk(chunk);
      if (this.#over) return;
      if (this.#queue.first === undefined) this.#send(performance.now());
    }
    this.#working = false;
  }

  async #doChunk(chunk: Queued): Promise<void> {
    const stretch = stretchOf(chunk.work);
    while (this.#queue.first === chunk) {
      const before = performance.now();
      const odd = this.#doSome(chunk, stretch, before);
      if (odd !== undefined) this.#add(odd instanceof Promise ? await this.#awaited(odd) : odd);
      if (this.#over) return;
      const now = performance.now();
      this.#batch.ms += now - before;
      this.#sendIfDue(now, this.#queue.first !== chunk);
      if (now - this.#turnSince < turnMs) continue;
      await breathe();
      if (this.#over) return;
      this.#turnSince = performance.now();
    }
  }

  /** Does tasks of the chunk, for the rest of this turn. Returns the first outcome that is not a primitive. */
  #doSome({ work, from }: Queued, stretch: Stretch, now: number): ReturnType<TaskRunner["doSome"]> {
    const { next } = this.#queue;
    if (this.#cancelled.has(next)) return failed(undefined);
    const values: unknown[] = [];
    const until = this.#cancelled.size > 0 ? now : this.#turnSince + turnMs; // perhaps the next one is cancelled
    const odd = this.#runner.doSome(work, stretch, next - from, values, until);
    this.#batch.addAll(values);
    this.#done(values.length);
    return odd;
  }

  #add(outcome: Outcome): void {
    this.#batch.add(outcome);
    this.#done(1);
  }

  #done(tasks: number): void {
    const { next } = this.#queue;
    this.#queue.done(tasks);
    if (this.#cancelled.size > 0) for (let task = next; task < next + tasks; task++) this.#cancelled.delete(task);
  }

  /** Meanwhile a recall may have sent the batch. */
  async #awaited(outcome: Promise<Outcome>): Promise<Outcome> {
    const since = performance.now();
    const odd = await outcome;
    this.#batch.awaitedMs += performance.now() - since;
    return odd;
  }

  /** Asks rank 0 whether a suspect task may begin, and waits for its `go`. */
  async #mayBegin(): Promise<void> {
    this.#send(performance.now());
    const go = new Promise<void>((resolve) => {
      this.#go = resolve;
    });
    await this.#peers.send(0, new Batch().encode());
    await go;
  }

  /** @param ended the chunk at work has ended */
  #sendIfDue(now: number, ended: boolean): void {
    if (this.#batch.bytes > batchBytes || now - this.#batchSince > (ended ? turnMs : batchMs)) this.#send(now);
  }

  /** Does not wait for the send: the results are copies of this rank, and rank 0 hands out no more than it has room for. */
  #send(now: number): void {
    if (this.#batch.length === 0 && this.#batch.returned === undefined) return;
    this.#peers.send(0, this.#batch.encode()).catch(this.#broken);
    this.#batch = new Batch();
    this.#batchSince = now;
  }
}

function stretchOf({ inputs, at, attempt }: Work): Stretch {
  return {
    inputs,
    indexOf: (i) => (typeof at === "number" ? at + i : (at[i] as number)),
    attempt,
    own: (input) => input, // it was made for this rank
  };
}
