import { existsSync } from "node:fs";
import { eventLoopTurn, isAtWork, nextTick, now, setImmediate } from "../../calls/event-loop.ts";
import type { Board } from "../../wire/board.ts";
import type { Envelope } from "../../wire/envelope.ts";
import type { Packet } from "../../wire/packet.ts";
import type { Receiver, Transport, Watch } from "../../wire/transport.ts";
import { System } from "../libc.ts";
import { SharedBoard } from "./board.ts";
import { moveOffBusyCpu } from "./cpu.ts";
import { Ring } from "./ring.ts";
import { RingReceiver } from "./ring-receiver.ts";
import { RingSender } from "./ring-sender.ts";
import { type Shares, shareOut } from "./room.ts";
import { WakeFifo, WakeFifoWriter } from "./wake-fifo.ts";
import { WakeFlag, Waker } from "./wake-flag.ts";

export interface SharedMemoryOptions {
  rank: number;
  size: number;
  /** The job's private directory in a file system in memory, where the ranks of this host find each other. */
  directory: string;
  /** Bytes that were free there when the job began. */
  room: number;
  /** The ranks of this host, this one included. */
  neighbors: readonly number[];
  /** How many CPUs they may use. */
  cpus: number;
  /** Carries packets to ranks of other hosts. */
  far?: Transport | undefined;
}

/** Partners that run answer within microseconds; to look where one is that does not costs 30. */
const lateMs = 0.1;
const pauseMs = 2;
/**
 * Waiting ranks look at their rings so long before they sleep: longer than a wake-up takes, or two ranks that exchange
 * messages would never find each other awake. Where there is no CPU for every rank they give way between looks.
 */
const spinMs = 1;
/** Where there are other hosts, too, their messages come by the event loop, which has a turn in between. */
const sliceMs = 0.02;
/** A partner that is at the same place of the program answers within that. */
const lingerMs = 0.5;
const crowdedLingerMs = 1;
/** Who posts receives long before their messages come loses a thousandth of that for each. */
const mostDistrust = 1000;
/** There one that sleeps keeps the others waiting, until they sleep as well and each step takes a wake-up. */
const mostCrowdedDistrust = 8;
/** Reading the clock costs as much as looking at a few rings. */
const looksPerClock = 16;
/** A board of more ranks would take more memory than it is worth. */
const mostOnBoard = 128;
/** Deliveries before timers and sockets get their turn. */
const deliveriesPerTurn = 500;

/**
 * Packets between the ranks of one host through memory that they share: a ring for each ordered pair that speaks.
 *
 * A rank that waits looks at its rings for some microseconds, then says that it sleeps, looks once more, and sleeps on
 * its event loop until somebody rings its bell. A sender rings only at those who sleep. So two busy ranks exchange
 * messages without a system call, and an idle one costs nothing.
 */
export class SharedMemoryTransport implements Transport {
  readonly eagerBytes: number = 64 * 1024 + 64; // an array of 64 KiB with its form

  readonly #options: SharedMemoryOptions;
  readonly #near: ReadonlySet<number>;
  /** Memory is taken when a pair first speaks, or a communicator has its first collective. */
  readonly #shares: Shares;
  readonly #senders: Map<number, RingSender> = new Map();
  readonly #receivers: RingReceiver[] = [];
  readonly #wakers: Map<number, Waker> = new Map();
  /** There are more ranks than CPUs. */
  readonly #crowded: boolean;
  #receiver: Receiver | undefined;
  #system: System | undefined;
  #wakeFlag: WakeFlag | undefined;
  #wakeFifo: WakeFifo | undefined;
  #wanted = false;
  /** Some sender has packets that its ring had no room for. */
  #full = false;
  #scheduled = false;
  /** Since when it has looked without finding anything. */
  #vainSince: number | undefined;
  /** When it may be asked again whether a partner waits for this CPU. */
  #roomDue = 0;
  /** Whoever writes to this rank has been told to ring. */
  #asleep = false;
  #deliveries = 0;
  /** It is within a delivery: to look for another one now would read the same record twice. */
  #delivering = false;
  /** How many calls do not linger after one that did so in vain, and how many of them are left. */
  #distrust = 0;
  #skips = 0;
  /** That something is delivered, whatever it is. */
  readonly #anything: Watch = { advance: () => this.#poll() };
  #closed = false;

  constructor(options: SharedMemoryOptions) {
    this.#options = options;
    this.#near = new Set(options.neighbors);
    const shares = shareOut(options.room, options.neighbors.length);
    if (shares === undefined) throw new Error("there is too little shared memory, and no rank looked before");
    this.#shares = shares;
    this.#crowded = options.cpus < options.neighbors.length;
  }

  /** Whoever sends something to this rank makes its doorstep; to look into it costs 10 ms, the first time. */
  get silent(): boolean {
    const { rank, directory, far } = this.#options;
    return this.#system === undefined && !existsSync(wakeFlagPath(directory, rank)) && far === undefined;
  }

  get receiver(): Receiver | undefined {
    return this.#receiver;
  }

  set receiver(receiver: Receiver | undefined) {
    this.#receiver = receiver;
    if (this.#options.far !== undefined) this.#options.far.receiver = receiver;
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

  board(context: number, members: readonly number[]): Board | undefined {
    if (
      members.length > mostOnBoard ||
      context >= this.#shares.boards ||
      !members.every((member) => this.#near.has(member))
    ) {
      return undefined;
    }
    const { rank, directory } = this.#options;
    const path = `${directory}/${context}-${members[0]}.board`;
    const others = members.filter((member) => member !== rank).map((member) => this.#waker(member));
    return SharedBoard.open(this.#open(), path, members.indexOf(rank), members.length, others);
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

  /** Writes what has waited for room. */
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
      const system = this.#open();
      const { rank, directory } = this.#options;
      const ring = new Ring(system.map(ringPath(directory, rank, dest), Ring.headerBytes + this.#shares.ringBytes));
      const waker = this.#waker(dest);
      sender = new RingSender(system, ring, waker, (room) =>
        this.#delivering ? undefined : this.#search(room, true, this.#lingerMs),
      );
      this.#senders.set(dest, sender);
      waker.announce(rank);
    }
    return sender;
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
   * Whether each rank has a CPU and no other thread has one: then those of V8 took it from the rank that had just given them
   * something to compile. The first 12,000 round trips take a tenth less without that, the first twenty maps a fifth. Where
   * ranks take turns nothing is gained, and where there are CPUs besides, collecting garbage takes longer.
   */
  get #isFull(): boolean {
    const { cpus, neighbors, far } = this.#options;
    return neighbors.length === cpus && far === undefined;
  }

  /** The system calls, and this rank's own doorstep and bell: made when they are first needed. */
  #open(): System {
    if (this.#system === undefined) {
      const { rank, size, directory } = this.#options;
      this.#system = System.load();
      if (this.#isFull) this.#system.useBatchSchedulingForHelpers();
      this.#wakeFlag = new WakeFlag(this.#system.map(wakeFlagPath(directory, rank), WakeFlag.bytes(size)));
      this.#wakeFlag.pid = process.pid;
      this.#wakeFifo = new WakeFifo(this.#system, wakeFifoPath(directory, rank), () => this.#schedule());
    }
    return this.#system;
  }

  /** Looks at the rings once what is running now has come to its end, promises included. */
  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    if (this.#deliveries < deliveriesPerTurn) {
      nextTick(this.#look);
    } else {
      this.#deliveries = 0;
      setImmediate(this.#look);
    }
  }

  readonly #look = (): void => {
    this.#scheduled = false;
    if (this.#closed || (!this.#wanted && !this.#full)) return;
    try {
      this.#open();
      this.#wakeUp();
      if (this.#spin()) {
        this.#deliveries++;
        this.#vainSince = undefined;
        void atOnce.then(this.#again);
      } else if (isAtWork() || (this.#options.far !== undefined && now() < this.#patience())) {
        this.#scheduled = true;
        setImmediate(this.#look);
      } else this.#sleep();
    } catch (error) {
      this.#receiver?.failed(error as Error);
    }
  };

  /**
   * The promises that a delivery has resolved have their turn before the next look. Scheduled there and then, that would
   * come first: Node runs the promises when there are no more ticks.
   */
  readonly #again = (): void => {
    if (this.#wanted || this.#full) this.#schedule();
  };

  /** Looks until something was delivered, or it has looked for long enough: just once where this rank has work to do. */
  #spin(): boolean {
    if (isAtWork()) return this.#poll();
    this.#vainSince ??= now();
    return this.#search(this.#anything, false, this.#options.far === undefined ? spinMs : sliceMs);
  }

  /**
   * Looks for what the caller is about to wait for, in the hope that it is there within microseconds: to wait costs more.
   * Nobody else's turn is lost by that, as long as it is mostly right, and the event loop gets its turns.
   */
  linger(watch: Watch, source?: number): boolean {
    const rings = source !== undefined;
    if (rings && this.#options.far !== undefined && !this.#near.has(source)) return false; // what is far comes by the event loop
    if (this.#skips > 0) {
      this.#skips--;
      return false;
    }
    if (this.#closed || this.#deliveries >= deliveriesPerTurn) return false;
    this.#open();
    if (this.#search(watch, rings, this.#lingerMs)) {
      this.#deliveries++;
      if (this.#distrust > 0) this.#distrust--;
      return true;
    }
    this.#distrust = Math.min(this.#crowded ? mostCrowdedDistrust : mostDistrust, 4 * this.#distrust + 8);
    this.#skips = this.#distrust;
    return false;
  }

  get #lingerMs(): number {
    return this.#crowded ? crowdedLingerMs : lingerMs;
  }

  /** Looks for so long: at the rings, if that is wanted, and at what is watched. Where it is crowded others go first. */
  // biome-ignore lint/complexity/noExcessiveCognitiveComplexity: the loop that polls; V8 compiles it as a whole
  #search(watch: Watch, rings: boolean, limitMs: number): boolean {
    const system = this.#system as System;
    const crowded = this.#crowded;
    // What comes from other hosts is brought by ZeroMQ's threads: they too need a CPU.
    const yieldsCpu = crowded || this.#options.far !== undefined;
    let began: number | undefined;
    let late = Number.POSITIVE_INFINITY;
    for (;;) {
      for (let i = 0; i < looksPerClock; i++) {
        if (yieldsCpu) system.yieldCpu();
        if (rings) this.#pollOrFail();
        if (watch.advance(false)) return true;
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

  /** The processes that it has to do with. */
  #partners(): number[] {
    const pids = [...this.#receivers.map(({ pid }) => pid), ...Array.from(this.#wakers.values(), ({ pid }) => pid)];
    return [...new Set(pids)].filter((pid) => pid !== 0);
  }

  /** For callers that have nobody to tell: a ring that cannot be read ends the job. */
  #pollOrFail(): void {
    try {
      this.#poll();
    } catch (error) {
      this.#receiver?.failed(error as Error);
    }
  }

  /** Until when it goes on looking. */
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
    // Whoever wrote, or made room, before it could see the flag did not ring.
    this.#push();
    if (
      wakeFlag.hasNews ||
      this.#receivers.some((ringReceiver) => ringReceiver.pending) ||
      this.#receiver?.pollBoards(true)
    ) {
      this.#wakeUp();
      this.#schedule();
      return;
    }
    this.#deliveries = 0;
    this.#wakeFifo?.keepAlive(this.#wanted || this.#full);
  }

  /** Delivers what is there and writes what has waited for room; false when there was nothing to deliver. */
  #poll(): boolean {
    if ((this.#wakeFlag as WakeFlag).hasNews) this.#attach();
    this.#delivering = true;
    try {
      let delivered = (this.#receiver as Receiver).pollBoards(false);
      const receivers = this.#receivers;
      for (let i = 0; i < receivers.length; i++) {
        const ringReceiver = receivers[i] as RingReceiver;
        if (!ringReceiver.pending) continue;
        ringReceiver.poll();
        if (ringReceiver.takeStarved()) this.#sender(ringReceiver.source).wake();
        delivered = true;
      }
      if (this.#full) this.#push();
      return delivered;
    } finally {
      this.#delivering = false;
    }
  }

  #attach(): void {
    const system = this.#open();
    const { rank, directory } = this.#options;
    for (const source of (this.#wakeFlag as WakeFlag).takeAnnounced()) {
      const ring = new Ring(system.map(ringPath(directory, source, rank), Ring.headerBytes + this.#shares.ringBytes));
      this.#receivers.push(new RingReceiver(system, source, ring, this.#receiver as Receiver));
    }
  }
}

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
