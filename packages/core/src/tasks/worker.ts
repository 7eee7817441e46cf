import { MpiError } from "../calls/errors.ts";
import { breathe, performance } from "../calls/event-loop.ts";
import { decode } from "../wire/codec/codec.ts";
import { Batch } from "./batch.ts";
import { Claims } from "./claims.ts";
import type { Message, Work } from "./messages.ts";
import { failed, type Outcome } from "./outcome.ts";
import type { TaskGroup } from "./task-group.ts";
import type { Stretch, TaskRunner } from "./task-runner.ts";
import { type Queued, WorkQueue } from "./work-queue.ts";

/** Longest time that synchronous tasks may keep this rank from handling messages. */
const turnMs = 1;
/** A batch is sent after this time or at this size, for progress, journal and memory. It does not wait for its whole chunk. */
const batchMs = 100;
const batchBytes = 1 << 20;
/** The same for tasks that were claimed. There rank 0 has nothing to decide after each of them. */
const claimedTurnMs = 5;
const claimedBatchMs = 10;

/** Tasks that any rank may claim. */
interface Offered {
  readonly number: number;
  readonly work: Work;
  readonly claims: Claims;
}

/** Does the tasks that rank 0 hands out, until its `end` message. Rejects when the call has failed on any rank. */
export function serve(group: TaskGroup, runner: TaskRunner): Promise<void> {
  return new Worker(group, runner).serve();
}

class Worker {
  readonly #group: TaskGroup;
  readonly #runner: TaskRunner;
  readonly #queue: WorkQueue = new WorkQueue();
  /** Offers with tasks that may be free, and the one whose task is at work. */
  readonly #offers: Set<Offered> = new Set();
  #claimed: Offered | undefined;
  #working = false;
  #over = false;
  #batch = new Batch();
  #batchSince = 0;
  /** When this rank last handled messages. */
  #turnSince = 0;
  readonly #cancelled: Set<number> = new Set();
  #broken: (error: unknown) => void = () => {};
  #go: () => void = () => {};

  constructor(group: TaskGroup, runner: TaskRunner) {
    this.#group = group;
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
    if (goodbye) await this.#group.peers.send(0, new Batch().encode());
  }

  /** Handles messages until the end. Returns whether rank 0 wants a goodbye. */
  async #listen(): Promise<boolean> {
    for (;;) {
      const message = decode(await this.#group.peers.recv(0)) as Message;
      if (message.kind === "end") return message.goodbye;
      if (message.kind === "work") this.#begin(message);
      else this.#obey(message);
    }
  }

  #begin(work: Work): void {
    if (work.offer === undefined) this.#queue.push(work);
    else this.#offers.add(this.#offered(work, work.offer));
    if (!this.#working) this.#work().catch(this.#broken);
  }

  #obey(message: Exclude<Message, Work | { kind: "end" }>): void {
    if (message.kind === "go") {
      this.#go();
    } else if (message.kind === "cancel") {
      this.#cancel(message.from, message.count, new MpiError("aborted", message.reason));
    } else if (message.kind === "withdraw") {
      this.#withdraw(message.offer, new MpiError("aborted", message.reason));
    } else {
      this.#batch.returned = this.#queue.giveBack(message.from);
      this.#send(performance.now());
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
    while (this.#queue.first !== undefined || this.#offers.size > 0) {
      await this.#workOn();
      if (this.#over) return;
    }
    this.#send(performance.now());
    this.#working = false; // not later than the last look for work: what arrives from now on begins it again
  }

  /** Does what comes next: a chunk that this rank was given, or a task that it claims. */
  async #workOn(): Promise<void> {
    const chunk = this.#queue.first;
    if (chunk === undefined) return this.#doClaimed();
    if (this.#batch.claimed !== undefined) this.#send(performance.now());
    if (chunk.work.suspect) await this.#mayBegin();
    if (!this.#over) await this.#doChunk(chunk);
    if (!this.#over && this.#queue.first === undefined) this.#send(performance.now());
  }

  async #doChunk(chunk: Queued): Promise<void> {
    const stretch = stretchOf(chunk.work);
    while (this.#queue.first === chunk) {
      const before = performance.now();
      const odd = this.#doSome(chunk, stretch, before);
      if (odd !== undefined) this.#add(odd instanceof Promise ? await this.#awaited(odd) : odd);
      if (this.#over) return;
      const turn = this.#took(before, this.#queue.first === chunk ? batchMs : turnMs, turnMs);
      if (turn !== undefined) await turn;
      if (this.#over) return;
    }
  }

  /** Claims a task and does it, if one is free. */
  async #doClaimed(): Promise<void> {
    for (const offered of this.#offers) {
      const task = offered.claims.claim(this.#group.peers.rank);
      if (task !== undefined) return this.#doTask(offered, task);
      this.#offers.delete(offered);
      this.#batch.ended.push(offered.number);
    }
  }

  async #doTask(offered: Offered, task: number): Promise<void> {
    const { number, work } = offered;
    const before = performance.now();
    if (this.#batch.claimed?.offer !== number) this.#send(before);
    this.#claimed = offered;
    const values: unknown[] = [];
    const odd = this.#runner.doSome(work, stretchOf(work, task), 0, values, before);
    const outcome = odd instanceof Promise ? await this.#awaited(odd) : (odd ?? { ok: true, value: values[0] });
    this.#claimed = undefined;
    if (this.#over) return;
    this.#batch.claimed ??= { offer: number, tasks: [] };
    this.#batch.claimed.tasks.push(task);
    this.#batch.add(outcome);
    await this.#took(before, claimedBatchMs, claimedTurnMs);
  }

  #offered(work: Work, number: number): Offered {
    const memory = this.#group.claims();
    if (memory === undefined)
      throw new MpiError("protocol", "rank 0 offers tasks, but shares no memory with this rank");
    return { number, work, claims: new Claims(memory.words, number, work.inputs.length) };
  }

  /** Rank 0 has claimed what was left of this offer. */
  #withdraw(offer: number, reason: Error): void {
    if (this.#claimed?.number === offer) this.#runner.cancel(reason);
  }

  /**
   * Counts the time since `before` and sends the batch if it is older than `mostMs`. A promise if messages must be handled now: after
   * `turn` milliseconds.
   */
  #took(before: number, mostMs: number, turn: number): Promise<void> | undefined {
    const now = performance.now();
    this.#batch.ms += now - before;
    if (this.#batch.bytes > batchBytes || now - this.#batchSince > mostMs) this.#send(now);
    return now - this.#turnSince < turn ? undefined : this.#turn();
  }

  async #turn(): Promise<void> {
    await breathe();
    this.#turnSince = performance.now();
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
    await this.#group.peers.send(0, new Batch().encode());
    await go;
  }

  /** Does not wait for the send: the results are copies of this rank, and rank 0 hands out no more than it has room for. */
  #send(now: number): void {
    if (this.#batch.isEmpty) return;
    this.#group.peers.send(0, this.#batch.encode()).catch(this.#broken);
    this.#batch = new Batch();
    this.#batchSince = now;
  }
}

/** @param only the one input that is wanted */
function stretchOf({ inputs, at, attempt }: Work, only?: number): Stretch {
  const first = only ?? 0;
  return {
    inputs: only === undefined ? inputs : [inputs[only]],
    indexOf: (i) => (typeof at === "number" ? at + first + i : (at[first + i] as number)),
    attempt,
    own: (input) => input, // it was made for this rank
  };
}
