import { existsSync } from "node:fs";
import { eventLoopTurn, isAtWork, nextTick, now, setImmediate } from "../../calls/event-loop.ts";
import type { Board } from "../../wire/board.ts";
import type { Envelope } from "../../wire/envelope.ts";
import type { Packet } from "../../wire/packet.ts";
import type { ShortReceiver, ShortSender } from "../../wire/short-messages.ts";
import type { PartRange, Receiver, SharedParts, Transport, Watch } from "../../wire/transport.ts";
import type { WordList } from "../../wire/word-list.ts";
import { System } from "../libc.ts";
import { Arena, pageBytes } from "./arena.ts";
import { SharedBoard } from "./board.ts";
import { moveOffBusyCpu } from "./cpu.ts";
import { MappedParts } from "./mapped-parts.ts";
import { PollBudget } from "./poll-budget.ts";
import { Ring } from "./ring.ts";
import { RingReceiver } from "./ring-receiver.ts";
import { RingSender } from "./ring-sender.ts";
import { boardBytes, type Shares, shareOut } from "./room.ts";
import { WakeFifo, WakeFifoWriter } from "./wake-fifo.ts";
import { WakeFlag, Waker } from "./wake-flag.ts";

export interface SharedMemoryOptions {
  rank: number;
  size: number;
  /** The job's private directory in a file system in memory, which the ranks of this host share. */
  directory: string;
  /** How many bytes were free there when the job began. */
  room: number;
  /** The ranks of this host, this one included. */
  neighbors: readonly number[];
  /** How many CPUs the ranks of this host may use. */
  cpus: number;
  /** Carries packets to ranks of other hosts. */
  far?: Transport | undefined;
}

/**
 * A partner that runs answers within microseconds. After this time it pays to find out whether it waits for this CPU,
 * which takes 30 us.
 */
const lateMs = 0.1;
const pauseMs = 2;
/**
 * How long a waiting rank polls its rings before it sleeps. Longer than waking takes: otherwise two ranks that exchange
 * messages would never find each other awake. Without a CPU for every rank they yield between polls.
 */
const spinMs = 1;
/** The same if there are other hosts: their messages come through the event loop, which gets a turn in between. */
const sliceMs = 0.02;
/** A partner at the same point of the program answers within this time. */
const lingerMs = 0.5;
const crowdedLingerMs = 1;
/** Reading the clock costs as much as polling a few rings. */
const pollsPerClock = 16;
/**
 * After so many waits V8 has compiled the polling in JavaScript, which then takes 20 % less time for a round trip than making a
 * list for WebAssembly.
 */
const compiledAfter = 4000;
/** How often WebAssembly looks at each word before JavaScript reads the clock: some ten microseconds. */
const looksPerClock = 5000;
/** A board for more ranks would take more memory than it is worth. */
const mostOnBoard = 128;

/**
 * Carries packets between the ranks of one host through shared memory: a ring for each ordered pair that communicates.
 * Longer than other files: moved, not polished, because its inside is being measured against another design.
 *
 * A waiting rank polls its rings for some microseconds. Then it sets its sleep flag, polls once more, and sleeps on its
 * event loop until a byte in its fifo wakes it. A sender writes that byte only if the flag is set. So two busy ranks
 * exchange messages without a system call, and an idle rank costs nothing.
 */
export class SharedMemoryTransport implements Transport {
  readonly eagerBytes: number = 64 * 1024 + 64; // an array of 64 KiB with its form

  readonly #options: SharedMemoryOptions;
  readonly #near: ReadonlySet<number>;
  /** Memory is mapped when a pair first communicates, or a communicator has its first collective. */
  readonly #shares: Shares;
  readonly #senders: Map<number, RingSender> = new Map();
  readonly #receivers: RingReceiver[] = [];
  readonly #wakers: Map<number, Waker> = new Map();
  /** There are more ranks than CPUs. */
  readonly #crowded: boolean;
  #receiver: Receiver | undefined;
  #arena: Arena | undefined;
  #wakeFlag: WakeFlag | undefined;
  #wakeFifo: WakeFifo | undefined;
  #wanted = false;
  #attending = false;
  /** Some sender has queued packets because its ring is full. */
  #full = false;
  #scheduled = false;
  /** Since when it has polled in vain. */
  #vainSince: number | undefined;
  /** When to check again whether a partner waits for this CPU. */
  #roomDue = 0;
  /** The sleep flag is set. */
  #asleep = false;
  readonly #budget: PollBudget;
  /** A delivery is under way: polling now would read the same record twice. */
  #delivering = false;
  /** How often it has polled for something. */
  #waits = 0;
  /** Waits for any delivery. */
  readonly #anything: Watch = {
    advance: () => this.#poll(),
    watch: (list) => {
      this.#watchRings(list);
      this.#receiver?.watchBoards(list);
    },
  };
  #closed = false;

  constructor(options: SharedMemoryOptions) {
    this.#options = options;
    this.#near = new Set(options.neighbors);
    const shares = shareOut(options.room, options.neighbors.length);
    if (shares === undefined) throw new Error("too little shared memory: obstacleToSharing was not asked");
    this.#shares = shares;
    this.#crowded = options.cpus < options.neighbors.length;
    this.#budget = new PollBudget(this.#crowded, this.#yields);
  }

  /** A rank that sends to this one creates its wake flag. Mapping it takes 10 ms the first time. */
  get silent(): boolean {
    const { rank, directory, far } = this.#options;
    return this.#arena === undefined && !existsSync(wakeFlagPath(directory, rank)) && far === undefined;
  }

  get receiver(): Receiver | undefined {
    return this.#receiver;
  }

  set receiver(receiver: Receiver | undefined) {
    this.#receiver = receiver;
    if (this.#options.far !== undefined) this.#options.far.receiver = receiver;
  }

  grow(far: Transport): void {
    this.#options.far = far;
    far.receiver = this.#receiver;
    far.listen(this.#wanted);
    far.attend?.(this.#attending);
    this.#budget.yields = this.#yields;
  }

  sendsAhead(dest: number, bytes: number): boolean {
    return !this.#near.has(dest) && (this.#options.far?.sendsAhead?.(dest, bytes) ?? false);
  }

  send(dest: number, envelope: Envelope, body: Packet, lent: boolean): void {
    if (this.#closed) return;
    const sender = this.#senders.get(dest) ?? (this.#near.has(dest) ? this.#sender(dest) : undefined);
    if (sender === undefined) {
      this.#options.far?.send(dest, envelope, body, lent);
      return;
    }
    sender.send(envelope, body, lent);
    if (sender.full) {
      this.#full = true;
      this.#schedule();
    }
  }

  shortSender(dest: number): ShortSender | undefined {
    return this.#senders.get(dest);
  }

  shortReceiver(source: number): ShortReceiver | undefined {
    return this.#receivers.find((each) => each.source === source);
  }

  board(context: number, members: readonly number[]): Board | undefined {
    if (!this.#haveBoard(context, members)) return undefined;
    const { rank, directory } = this.#options;
    const path = `${directory}/${context}-${members[0]}.board`;
    const others = members.filter((member) => member !== rank).map((member) => this.#waker(member));
    return SharedBoard.open(this.#open(), path, members.indexOf(rank), members.length, others, this.#budget);
  }

  words(context: number, members: readonly number[], count: number): Int32Array | undefined {
    if (!this.#haveBoard(context, members)) return undefined;
    const path = `${this.#options.directory}/${context}-${members[0]}.words`;
    const { buffer, byteOffset } = this.#open().map(path, count * Int32Array.BYTES_PER_ELEMENT);
    return new Int32Array(buffer, byteOffset, count);
  }

  get neighbors(): readonly number[] {
    return this.#options.neighbors;
  }

  memory(name: string, sizes: readonly number[], own: readonly PartRange[]): SharedParts {
    return new MappedParts(this.#open().system, `${this.#options.directory}/${name}.memory`, sizes, own);
  }

  attend(wanted: boolean): void {
    this.#attending = wanted;
    this.#options.far?.attend?.(wanted);
  }

  turn(): Promise<void> | undefined {
    return this.#budget.isSpent ? eventLoopTurn().then(() => this.#budget.renew()) : undefined;
  }

  listen(wanted: boolean): void {
    this.#wanted = wanted;
    this.#options.far?.listen(wanted);
    if (this.#closed) return;
    if (wanted) this.#schedule();
    else this.#wakeFifo?.keepAlive(false);
  }

  async flush(timeoutMs: number): Promise<void> {
    const deadline = now() + timeoutMs;
    while (this.#full && now() < deadline) {
      this.#push();
      await eventLoopTurn();
    }
    await this.#options.far?.flush(Math.max(0, deadline - now()));
  }

  flushSync(): void {
    this.#push();
    this.#options.far?.flushSync();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#wakeFifo?.close();
    for (const waker of this.#wakers.values()) waker.close();
    await this.#options.far?.close();
  }

  /** Writes queued packets as far as there is room. */
  #push(): void {
    let full = false;
    for (const sender of this.#senders.values()) {
      sender.push();
      if (sender.full) full = true;
    }
    this.#full = full;
  }

  #sender(dest: number): RingSender {
    let sender = this.#senders.get(dest);
    if (sender === undefined) {
      const arena = this.#open();
      const { rank, directory } = this.#options;
      const ring = new Ring(arena.map(ringPath(directory, rank, dest), Ring.headerBytes + this.#shares.ringBytes));
      const waker = this.#waker(dest);
      sender = new RingSender(arena.system, ring, waker, (room) =>
        this.#delivering ? undefined : this.#pollFor(room, true, this.#lingerMs),
      );
      this.#senders.set(dest, sender);
      waker.announce(rank);
    }
    return sender;
  }

  /** Whether there is a board for these ranks. All of them get the same answer. */
  #haveBoard(context: number, members: readonly number[]): boolean {
    const { boards } = this.#shares;
    return members.length <= mostOnBoard && context < boards && members.every((member) => this.#near.has(member));
  }

  #waker(dest: number): Waker {
    let waker = this.#wakers.get(dest);
    if (waker === undefined) {
      const { size, directory } = this.#options;
      const wakeFlag = new WakeFlag(this.#open().map(wakeFlagPath(directory, dest), WakeFlag.bytes(size)));
      waker = new Waker(wakeFlag, new WakeFifoWriter(wakeFifoPath(directory, dest)));
      this.#wakers.set(dest, waker);
    }
    return waker;
  }

  /**
   * Whether each rank has a CPU and no other thread has one. V8's threads would then take the CPU of the rank that has
   * just given them something to compile. Without that, the first 12,000 round trips take a tenth less time, the first
   * twenty maps a fifth. Where ranks take turns nothing is gained, and with CPUs to spare garbage collection takes
   * longer.
   */
  get #isFull(): boolean {
    const { cpus, neighbors, far } = this.#options;
    return neighbors.length === cpus && far === undefined;
  }

  /** Loads the system calls and creates this rank's wake flag and fifo, when first needed. */
  #open(): Arena {
    if (this.#arena === undefined) {
      const { rank, size, directory, neighbors } = this.#options;
      const system = System.load();
      const arena = new Arena(system, arenaBytes(this.#shares, neighbors.length));
      this.#arena = arena;
      if (this.#isFull) system.useBatchSchedulingForHelpers();
      this.#wakeFlag = new WakeFlag(arena.map(wakeFlagPath(directory, rank), WakeFlag.bytes(size)));
      this.#wakeFlag.pid = process.pid;
      this.#wakeFifo = new WakeFifo(system, wakeFifoPath(directory, rank), () => this.#schedule());
    }
    return this.#arena;
  }

  /** Polls the rings after the running code and its promises. */
  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    if (this.#budget.isSpent) {
      this.#budget.renew();
      setImmediate(this.#pollTurn);
    } else nextTick(this.#pollTurn);
  }

  readonly #pollTurn = (): void => {
    this.#scheduled = false;
    if (this.#closed || (!this.#wanted && !this.#full)) return;
    try {
      this.#open();
      this.#wakeUp();
      if (this.#spin()) {
        this.#budget.count();
        this.#vainSince = undefined;
        void atOnce.then(this.#again);
      } else if (isAtWork() || (this.#options.far !== undefined && now() < this.#patience())) {
        this.#scheduled = true;
        setImmediate(this.#pollTurn);
      } else this.#sleep();
    } catch (error) {
      this.#receiver?.failed(error as Error);
    }
  };

  /**
   * The promises that a delivery has resolved run before the next poll. A tick scheduled at once would run before them,
   * because Node runs promises when there are no more ticks.
   */
  readonly #again = (): void => {
    if (this.#wanted || this.#full) this.#schedule();
  };

  /** Polls until something was delivered or the time is over; only once if computing work waits. */
  #spin(): boolean {
    if (isAtWork()) return this.#poll();
    this.#vainSince ??= now();
    return this.#pollFor(this.#anything, false, this.#options.far === undefined ? spinMs : sliceMs);
  }

  /**
   * Polls for what the caller is about to wait for, because waiting costs more than a few microseconds of polling.
   * Other code loses little as long as polling mostly succeeds, and the event loop gets its turns.
   */
  linger(watch: Watch, source?: number): boolean {
    const rings = source !== undefined;
    if (rings && this.#options.far !== undefined && !this.#near.has(source)) return false; // packets from other hosts come through the event loop
    if (this.#closed || this.#delivering || !this.#budget.isOpen) {
      this.#budget.skip();
      return false;
    }
    this.#open();
    const found = this.#pollFor(watch, rings, this.#lingerMs);
    if (found) this.#budget.succeeded();
    else this.#budget.failed();
    return found;
  }

  /** Whether a rank that polls lets others have its CPU: ranks, or ZeroMQ's threads, which bring packets from other hosts. */
  get #yields(): boolean {
    return this.#crowded || this.#options.far !== undefined;
  }

  get #lingerMs(): number {
    return this.#crowded ? crowdedLingerMs : lingerMs;
  }

  /** Polls up to `limitMs`: the rings if `rings`, and `watch`. Yields the CPU between polls if ranks outnumber CPUs. */
  // biome-ignore lint/complexity/noExcessiveCognitiveComplexity: the loop that polls; V8 compiles it as a whole
  #pollFor(watch: Watch, rings: boolean, limitMs: number): boolean {
    const arena = this.#open();
    const { system } = arena;
    const crowded = this.#crowded;
    const yieldsCpu = this.#yields;
    const looks = !yieldsCpu && ++this.#waits < compiledAfter;
    let began: number | undefined;
    let late = Number.POSITIVE_INFINITY;
    for (;;) {
      for (let i = 0; i < pollsPerClock; i++) {
        if (yieldsCpu) system.yieldCpu();
        if (rings) this.#pollOrFail();
        if (watch.advance(false)) return true;
        if (looks && !this.#changes(arena, watch, rings)) break;
      }
      const at = now();
      if (began === undefined) {
        began = at;
        if (!crowded && at >= this.#roomDue) late = lateMs;
      }
      const spent = at - began;
      if (spent > limitMs) return false;
      if (spent < late) continue;
      late = Number.POSITIVE_INFINITY;
      this.#roomDue = began + pauseMs;
      moveOffBusyCpu(system, this.#partners());
    }
  }

  /** Looks at what `watch` waits for, and at the rings if `rings`, for some microseconds. False if nothing has changed. */
  #changes(arena: Arena, watch: Watch, rings: boolean): boolean {
    arena.clear();
    if (rings) this.#watchRings(arena);
    watch.watch?.(arena);
    return arena.look(looksPerClock);
  }

  #watchRings(list: WordList): void {
    (this.#wakeFlag as WakeFlag).watchRings(list);
    for (let i = 0; i < this.#receivers.length; i++) (this.#receivers[i] as RingReceiver).watch(list);
  }

  /** The processes that this rank communicates with. */
  #partners(): number[] {
    const pids = [...this.#receivers.map(({ pid }) => pid), ...Array.from(this.#wakers.values(), ({ pid }) => pid)];
    return [...new Set(pids)].filter((pid) => pid !== 0);
  }

  /** For callers that cannot report an error: a ring with invalid data ends the job. */
  #pollOrFail(): void {
    try {
      this.#poll();
    } catch (error) {
      this.#receiver?.failed(error as Error);
    }
  }

  /** Until when it goes on polling. */
  #patience(): number {
    return (this.#vainSince ?? Number.NEGATIVE_INFINITY) + spinMs;
  }

  #wakeUp(): void {
    if (!this.#asleep) return;
    this.#asleep = false;
    (this.#wakeFlag as WakeFlag).sleeping = false;
  }

  #sleep(): void {
    const wakeFlag = this.#wakeFlag as WakeFlag;
    this.#asleep = true;
    this.#vainSince = undefined;
    wakeFlag.sleeping = true;
    // A rank that wrote, or made room, before it could see the flag did not wake this one.
    this.#push();
    if (
      wakeFlag.hasNewRings ||
      this.#receivers.some((ringReceiver) => ringReceiver.pending) ||
      this.#receiver?.pollBoards(true)
    ) {
      this.#wakeUp();
      this.#schedule();
      return;
    }
    this.#budget.renew();
    this.#wakeFifo?.keepAlive(this.#wanted || this.#full);
  }

  /** Delivers what is there and writes queued packets; false if nothing was delivered. */
  #poll(): boolean {
    if ((this.#wakeFlag as WakeFlag).hasNewRings) this.#attach();
    this.#delivering = true;
    try {
      let delivered = (this.#receiver as Receiver).pollBoards(false);
      const receivers = this.#receivers;
      for (let i = 0; i < receivers.length; i++) {
        const ringReceiver = receivers[i] as RingReceiver;
        if (!ringReceiver.pending) continue;
        ringReceiver.poll();
        delivered = true;
      }
      if (this.#full) this.#push();
      return delivered;
    } finally {
      this.#delivering = false;
    }
  }

  #attach(): void {
    const arena = this.#open();
    const { rank, directory } = this.#options;
    for (const source of (this.#wakeFlag as WakeFlag).takeAnnounced()) {
      const memory = arena.map(ringPath(directory, source, rank), Ring.headerBytes + this.#shares.ringBytes);
      const instance = arena.instanceOf(memory);
      const poller = instance && { instance, budget: this.#budget };
      const hasRoom = (): void => this.#sender(source).wake();
      const receiver = this.#receiver as Receiver;
      this.#receivers.push(new RingReceiver(arena.system, source, new Ring(memory), receiver, hasRoom, poller));
    }
  }
}

/** Room for all rings of a rank, and for the boards of some communicators. */
function arenaBytes({ ringBytes, boards }: Shares, ranks: number): number {
  const rings = 2 * (ranks - 1) * (ringBytes + pageBytes);
  return rings + ranks * pageBytes + Math.min(boards, boardsInArena) * boardBytes(ranks);
}

const boardsInArena = 8;

function ringPath(directory: string, source: number, dest: number): string {
  return `${directory}/${source}-${dest}`;
}

function wakeFlagPath(directory: string, rank: number): string {
  return `${directory}/${rank}`;
}

function wakeFifoPath(directory: string, rank: number): string {
  return `${directory}/${rank}.bell`;
}

const atOnce: Promise<void> = Promise.resolve();
