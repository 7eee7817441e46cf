import { type Call, failure } from "./call.ts";
import type { Channel } from "./channel.ts";
import { checkRank, checkTag, invalid, show } from "./check.ts";
import { decode, encode, type Parcel } from "./codec.ts";
import { Collectives, type Group, type Operation } from "./collective-call.ts";
import * as collectives from "./collectives/index.ts";
import { MpiError } from "./errors.ts";
import { fill } from "./into.ts";
import { any, type Letter } from "./mailbox.ts";
import type { Reducer, TypedArray } from "./op.ts";
import type {
  Cancellable,
  Into,
  Match,
  Message,
  ReceiveInto,
  ReceiveOptions,
  ReduceInto,
  ReduceOptions,
  RootOptions,
  SendOptions,
  SendReceiveOptions,
  Status,
} from "./options.ts";
import type { Peers } from "./peers.ts";
import type { World } from "./world.ts";

/** A value, or a function that makes it and is called at the root alone. */
export type AtRoot<T> = T | (() => T | Promise<T>);

/**
 * A group of ranks that talk to each other and to nobody else.
 *
 * Messages between two ranks arrive in the order sent. A promise is the request: not awaiting a `send` or `recv` is
 * MPI's `isend` and `irecv`, and operations issued without awaiting keep their order. Collectives must be called by all
 * ranks in the same order; any number may be under way.
 *
 * ```ts
 * await using world = await init();
 * const mine = await world.scatter(() => chunks(readings(), world.size));
 * const total = await world.allreduce(work(mine), sum);
 * ```
 *
 * Every call rejects with an {@link MpiError}: `invalid-argument` for arguments out of range, `unserializable` for a
 * value that cannot travel, `rank-failed` when a rank it depends on is gone, `aborted` by its signal, `closed` after
 * {@link close}.
 */
export class Communicator {
  /** This rank: 0 to size - 1. */
  readonly rank: number;
  /** How many ranks there are. */
  readonly size: number;
  /** Name of the host that each rank runs on, by rank. */
  readonly hosts: readonly string[];
  readonly #world: World;
  readonly #context: number;
  readonly #members: readonly number[];
  readonly #rankOf: ReadonlyMap<number, number>;
  readonly #channel: Channel;
  readonly #collectives: Collectives;
  readonly #probed: WeakMap<Status, Letter> = new WeakMap();
  #closed = false;

  /** @internal Use `init()`, {@link split} or {@link dup}. */
  constructor(world: World, context: number, members: readonly number[]) {
    this.#world = world;
    this.#context = context;
    this.#members = members;
    this.#rankOf = new Map(members.map((member, rank) => [member, rank]));
    this.rank = members.indexOf(world.who.rank);
    this.size = members.length;
    this.hosts = members.map((member) => world.hosts[member] ?? "?");
    const names = [...new Set(this.hosts)];
    const hostIndex = this.hosts.map((host) => names.indexOf(host));
    const group: Group = { rank: this.rank, size: this.size, members, hostIndex };
    this.#channel = world.engine.channel(context, false);
    this.#channel.members = members;
    const channel = world.engine.channel(context, true);
    channel.members = members;
    this.#collectives = new Collectives(world.engine, channel, group);
  }

  /** Name of this rank's host, as the scheduler writes it. */
  get host(): string {
    return this.#world.who.host;
  }

  /** Aborts when the job is about to be stopped: another rank failed, somebody called {@link abort}, time is up. */
  get signal(): AbortSignal {
    return this.#world.signal;
  }

  // Point to point

  /**
   * Sends `value` to one rank. Resolves when the value may be changed again, which says nothing of its arrival; with
   * `sync` when the receiver has matched it. Small messages are copied and resolve at once, large ones wait for their
   * match. Typed arrays and Buffers travel raw.
   *
   * ```ts
   * await world.send(job, { dest: 3, tag: 7 });
   * ```
   */
  send(value: unknown, options: SendOptions): Promise<void> {
    const call: Call = { operation: "send", options };
    return this.#attempt(call, () => {
      const { dest, tag = 0, sync = false, signal } = options;
      checkTag("tag", tag);
      if (dest === null) return done;
      checkRank("dest", dest, this.size);
      return this.#world.engine.send(this.#channel, this.#member(dest), tag, encode(value), call, { sync, signal });
    });
  }

  /**
   * The oldest message that matches, as soon as there is one. What is left out of `source` and `tag` matches any.
   *
   * ```ts
   * const reply = await world.recv<Reply>({ source: 3 });
   * await world.recv({ source: 3, into: buffer });        // fills the caller's array
   * const job = await world.recv(await world.probe());    // exactly the message that was probed
   * ```
   * @throws MpiError `mismatch` when `into` has another type or is too short; the message stays and can be received again.
   */
  recv<A extends TypedArray>(options: ReceiveInto<A>): Promise<A>;
  recv<T = unknown>(options?: ReceiveOptions | Status): Promise<T>;
  async recv(options: ReceiveOptions & Partial<Into<TypedArray>> = {}): Promise<unknown> {
    const received = await this.#receive("recv", options);
    return received?.data;
  }

  /** Like {@link recv}, with the message's {@link Status}: `const { data, source, tag } = await world.recvMessage()`. */
  async recvMessage<T = unknown>(options: ReceiveOptions | Status = {}): Promise<Message<T>> {
    const received = await this.#receive("recvMessage", options);
    if (received === undefined) throw this.#invalid("recvMessage", options, "source is null: nobody sends a message");
    const { data, status } = received;
    return { data: data as T, ...status, status };
  }

  /** Waits for a message that matches and tells about it; it stays to be received. */
  probe(options: ReceiveOptions = {}): Promise<Status> {
    const call: Call = { operation: "probe", options };
    return this.#attempt(call, async () => {
      const { source, tag } = this.#match(options);
      const letter = await this.#world.engine.probe(this.#channel, source, tag, call, options.signal);
      return this.#remember(letter);
    });
  }

  /** Like {@link probe} without waiting: undefined when nothing that matches has arrived. */
  iprobe(options: Match = {}): Promise<Status | undefined> {
    const call: Call = { operation: "iprobe", options };
    return this.#attempt(call, async () => {
      const { source, tag } = this.#match(options);
      const letter = await this.#world.engine.peek(this.#channel, source, tag, call);
      return letter && this.#remember(letter);
    });
  }

  /**
   * The messages that match, one after the other. Ends when every other rank has ended; `break` leaves it.
   *
   * ```ts
   * for await (const { data, source, tag } of world.messages<Job>()) { ... }
   * ```
   */
  async *messages<T = unknown>(options: ReceiveOptions = {}): AsyncGenerator<Message<T>, void> {
    for (;;) {
      let message: Message<T>;
      try {
        message = await this.recvMessage<T>(options);
      } catch (error) {
        if (error instanceof MpiError && error.code === "rank-failed" && this.#world.engine.endedWell(this.#members)) return;
        throw error;
      }
      yield message;
    }
  }

  /** Sends and receives at once, so that neighbours can exchange without waiting for each other in a circle. */
  async sendrecv<T = unknown>(value: unknown, options: SendReceiveOptions): Promise<T> {
    const { dest, source, tag, sendTag = tag, recvTag = tag, signal } = options;
    const failed = new AbortController(); // a send that is refused must not leave its receive behind
    const either = signal === undefined ? failed.signal : AbortSignal.any([signal, failed.signal]);
    const sent = this.send(value, { dest, tag: sendTag, signal });
    const received = this.recv<T>({ source, tag: recvTag, signal: either });
    sent.catch((error: unknown) => failed.abort(error));
    await Promise.all([sent, received]);
    return received;
  }

  // Collectives

  /** Resolves when all ranks have called it. */
  barrier(options: Cancellable = {}): Promise<void> {
    return this.#collective("barrier", options, (peers) => collectives.barrier(peers));
  }

  /**
   * The root's value, on every rank. Other ranks' `value` is ignored and may be left out.
   *
   * ```ts
   * const config = await world.bcast(() => readConfig());
   * ```
   */
  bcast<A extends TypedArray>(value: AtRoot<A> | undefined, options: RootOptions & Into<A>): Promise<A>;
  bcast<T>(value?: AtRoot<T>, options?: RootOptions): Promise<T>;
  bcast(value?: unknown, options: RootOptions & Partial<Into<TypedArray>> = {}): Promise<unknown> {
    return this.#collective("bcast", options, async (peers, root) => {
      const result = await collectives.bcast(peers, await this.#atRoot(value, root), root);
      return options.into === undefined ? result : fill(options.into, [result]);
    });
  }

  /**
   * Hands out the root's parts: one per rank, in the order of ranks, which may differ in length.
   *
   * ```ts
   * const mine = await world.scatter(() => chunks(readings(), world.size));
   * ```
   * @throws MpiError `invalid-argument` on every rank when there are not as many parts as ranks.
   */
  scatter<A extends TypedArray>(parts: AtRoot<readonly A[]> | undefined, options: RootOptions & Into<A>): Promise<A>;
  scatter<T>(parts?: AtRoot<readonly T[]>, options?: RootOptions): Promise<T>;
  scatter(parts?: unknown, options: RootOptions & Partial<Into<TypedArray>> = {}): Promise<unknown> {
    return this.#collective("scatter", options, async (peers, root) => {
      const mine = await collectives.scatter(peers, (await this.#atRoot(parts, root)) as unknown[], root);
      return options.into === undefined ? mine : fill(options.into, [mine]);
    });
  }

  /** Everybody's value in the order of ranks, at the root; undefined elsewhere. `into`: behind each other in one array. */
  gather<A extends TypedArray>(value: A, options: RootOptions & Into<A>): Promise<A | undefined>;
  gather<T>(value: T, options?: RootOptions): Promise<T[] | undefined>;
  gather(value: unknown, options: RootOptions & Partial<Into<TypedArray>> = {}): Promise<unknown> {
    return this.#collective("gather", options, async (peers, root) => {
      const all = await collectives.gather(peers, value, root);
      return options.into === undefined || all === undefined ? all : fill(options.into, all);
    });
  }

  /** Everybody's value in the order of ranks, on every rank. */
  allgather<A extends TypedArray>(value: A, options: Cancellable & Into<A>): Promise<A>;
  allgather<T>(value: T, options?: Cancellable): Promise<T[]>;
  allgather(value: unknown, options: Cancellable & Partial<Into<TypedArray>> = {}): Promise<unknown> {
    return this.#collective("allgather", options, async (peers) => {
      const all = await collectives.allgather(peers, value);
      return options.into === undefined ? all : fill(options.into, all);
    });
  }

  /** Sends `parts[r]` to each rank r and resolves to what each rank had for this one, in the order of ranks. */
  alltoall<A extends TypedArray>(parts: readonly A[], options: Cancellable & Into<A>): Promise<A>;
  alltoall<T>(parts: readonly T[], options?: Cancellable): Promise<T[]>;
  alltoall(parts: readonly unknown[], options: Cancellable & Partial<Into<TypedArray>> = {}): Promise<unknown> {
    return this.#collective("alltoall", options, async (peers) => {
      const all = await collectives.alltoall(peers, parts);
      return options.into === undefined ? all : fill(options.into, all);
    });
  }

  /**
   * All values combined in the order of ranks, at the root; undefined elsewhere. Typed arrays combine element by
   * element, whatever the op. A function must be associative; it is never assumed to be commutative.
   */
  reduce<T>(value: T, op: Reducer<T>, options?: RootOptions & ReduceInto<T>): Promise<T | undefined>;
  reduce(
    value: unknown,
    op: Reducer<unknown>,
    options: RootOptions & ReduceOptions & Partial<Into<TypedArray>> = {},
  ): Promise<unknown> {
    return this.#collective("reduce", options, async (peers, root) => {
      const result = await collectives.reduce(peers, value, op, root, options);
      return options.into === undefined || result === undefined ? result : fill(options.into, [result]);
    });
  }

  /**
   * All values combined, on every rank.
   *
   * ```ts
   * const total = await world.allreduce(count, sum);
   * await world.allreduce(gradient, sum, { into: gradient });   // in place
   * ```
   */
  allreduce<T>(value: T, op: Reducer<T>, options?: ReduceInto<T>): Promise<T>;
  allreduce(
    value: unknown,
    op: Reducer<unknown>,
    options: ReduceOptions & Partial<Into<TypedArray>> = {},
  ): Promise<unknown> {
    return this.#collective("allreduce", options, async (peers) => {
      const result = await collectives.allreduce(peers, value, op, options);
      return options.into === undefined ? result : fill(options.into, [result]);
    });
  }

  /** Combines everybody's `parts[r]` and gives the result to rank r. One part per rank. */
  reduceScatter<T>(parts: readonly T[], op: Reducer<T>, options: Cancellable = {}): Promise<T> {
    return this.#collective("reduceScatter", options, (peers) => collectives.reduceScatter(peers, parts, op)) as Promise<T>;
  }

  /** The values of the ranks 0 to this one combined. */
  scan<T>(value: T, op: Reducer<T>, options: Cancellable = {}): Promise<T> {
    return this.#collective("scan", options, (peers) => collectives.scan(peers, value, op)) as Promise<T>;
  }

  /** The values of the ranks below this one combined; undefined at rank 0. */
  exscan<T>(value: T, op: Reducer<T>, options: Cancellable = {}): Promise<T | undefined> {
    return this.#collective("exscan", options, (peers) => collectives.exscan(peers, value, op)) as Promise<T | undefined>;
  }

  // Communicators

  /**
   * One communicator for each colour, of the ranks that gave it, ordered by `key` (default: as they are here). A rank
   * that gives null is in none.
   *
   * ```ts
   * const row = await world.split(Math.floor(world.rank / columns));
   * const node = await world.split(world.host);
   * ```
   */
  split(color: number | string, options?: Cancellable & { key?: number }): Promise<Communicator>;
  split(color: number | string | null, options?: Cancellable & { key?: number }): Promise<Communicator | null>;
  async split(
    color: number | string | null,
    options: Cancellable & { key?: number } = {},
  ): Promise<Communicator | null> {
    const { key = this.rank } = options;
    const votes = await this.#collective("split", { ...options, color }, async (peers) => {
      if (color !== null && typeof color !== "string" && !Number.isFinite(color)) {
        throw invalid(`color is ${show(color)}, but a colour is a number, a string, or null`);
      }
      if (!Number.isFinite(key)) throw invalid(`key is ${show(key)}, but a key is a number`);
      return collectives.allgather(peers, { color, key, next: this.#world.nextContext });
    });
    // All members agree on numbers above any that one of them has used; each colour takes one.
    const first = Math.max(...votes.map((vote) => vote.next));
    const colors = [...new Set(votes.map((vote) => vote.color))].filter((each) => each !== null);
    this.#world.nextContext = first + colors.length;
    if (color === null) return null;
    const ranks = votes.flatMap((vote, rank) => (vote.color === color ? [{ rank, key: vote.key }] : []));
    ranks.sort((a, b) => a.key - b.key || a.rank - b.rank);
    const members = ranks.map(({ rank }) => this.#member(rank));
    return new Communicator(this.#world, first + colors.indexOf(color), members);
  }

  /** A communicator of the same ranks whose messages never meet this one's: for a library's own traffic. */
  dup(options: Cancellable = {}): Promise<Communicator> {
    return this.split(0, options);
  }

  // The end

  /**
   * Ends the whole job: all ranks are stopped and `tsmpi run` ends with `code`. Never returns.
   *
   * @param code exit code from 1 to 255; default 1. 0 counts as 1, for an aborted job has not succeeded.
   */
  abort(code: number = 1, reason: string = "abort() was called"): Promise<never> {
    return this.#world.abort(code === 0 ? 1 : code, reason);
  }

  /**
   * Leaves the communicator: the world's flushes what this rank has sent and leaves the job; others just end.
   * Idempotent. `await using` calls it.
   */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#context === 0) await this.#world.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  // Helpers

  async #receive(
    operation: string,
    options: ReceiveOptions & Partial<Into<TypedArray>>,
  ): Promise<{ data: unknown; status: Status } | undefined> {
    const call: Call = { operation, options };
    return this.#attempt(call, async () => {
      if (options.source === null) return undefined;
      const { source, tag } = this.#match(options);
      const { engine } = this.#world;
      const probed = this.#probed.get(options as Status);
      const taken = probed && engine.take(this.#channel, probed, call);
      const letter = await (taken ?? engine.receive(this.#channel, source, tag, call, options.signal));
      const data = decode(letter.body as Parcel);
      if (options.into === undefined) return { data, status: this.#status(letter) };
      try {
        return { data: fill(options.into, [data]), status: this.#status(letter) };
      } catch (error) {
        this.#channel.mailbox.putBack(letter);
        throw error;
      }
    });
  }

  #match({ source, tag }: Match): { source: number; tag: number } {
    if (source === null) throw invalid("source is null: nobody sends a message");
    if (source !== undefined) checkRank("source", source, this.size);
    if (tag !== undefined) checkTag("tag", tag);
    return { source: source === undefined ? any : this.#member(source), tag: tag ?? any };
  }

  #status(letter: Letter): Status {
    const { source, tag, bytes } = letter.envelope;
    return { source: this.#rankOf.get(source) ?? -1, tag, bytes };
  }

  /** A status that {@link recv} takes for exactly this letter. */
  #remember(letter: Letter): Status {
    const status = this.#status(letter);
    this.#probed.set(status, letter);
    return status;
  }

  #collective<R>(
    operation: Operation,
    options: RootOptions & { color?: unknown },
    body: (peers: Peers, root: number) => Promise<R>,
  ): Promise<R> {
    const call: Call = { operation, options };
    if (this.#closed) return Promise.reject(this.#isClosed(call));
    return this.#collectives.run(operation, call, options.signal, (peers) => {
      const root = options.root ?? 0;
      checkRank("root", root, this.size);
      return body(peers, root);
    });
  }

  async #atRoot(value: unknown, root: number): Promise<unknown> {
    if (this.rank !== root) return undefined;
    return typeof value === "function" ? await value() : value;
  }

  /** Runs a point-to-point call so that every error says who and which call. */
  async #attempt<R>(call: Call, body: () => R | Promise<R>): Promise<R> {
    if (this.#closed) throw this.#isClosed(call);
    try {
      return await body();
    } catch (error) {
      if (!(error instanceof MpiError) || error.rank !== undefined) throw error;
      throw failure(this.#world.who, call, error.code, error.message, { cause: error.cause });
    }
  }

  #invalid(operation: string, options: object, why: string): MpiError {
    return failure(this.#world.who, { operation, options }, "invalid-argument", why);
  }

  #isClosed(call: Call): MpiError {
    return failure(this.#world.who, call, "closed", "this communicator is closed");
  }

  #member(rank: number): number {
    return this.#members[rank] as number;
  }
}

const done: Promise<void> = Promise.resolve();
