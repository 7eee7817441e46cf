import { readdirSync, readFileSync } from "node:fs";
import { setImmediate } from "../../calls/event-loop.ts";
import type { System } from "../libc.ts";

/** The name that libzmq gives to the thread that reads and writes all sockets of a process. */
const threadName = "ZMQbg/IO/0";

let known: IoThread | "missing" | undefined;

/**
 * ZeroMQ's thread of this process, and the CPU that it runs on.
 *
 * If each rank has a CPU, the thread has none of its own, and the kernel takes a polling rank for one that works. With
 * two hosts of one CPU each, it lets both threads share the CPU of one rank, while the other rank polls alone for
 * milliseconds. So a rank that polls in vain moves its thread to its own CPU, where no work delays it. Measured on two
 * hosts that are namespaces of a machine of two CPUs, 64 KiB there and back: 460 us, now 395.
 */
export class IoThread {
  readonly #system: System;
  readonly id: number;
  readonly #anywhere: Uint8Array;
  /** The CPU that it is bound to; undefined while it may run on any. */
  #cpu: number | undefined;
  /** How many inboxes poll now. */
  #looking = 0;
  /** Whether the message that is awaited is late. */
  #late = false;
  /** One more for each late message, up to two; one less for each that was not late. */
  #lateness = 0;
  #leaving = false;

  private constructor(system: System, id: number) {
    this.#system = system;
    this.id = id;
    this.#anywhere = system.affinity(id);
    system.useBatchScheduling(id);
  }

  /** Undefined if it cannot be found: without /proc, or before it has run and given itself its name. */
  static find(system: System): IoThread | undefined {
    if (known === undefined) {
      try {
        const id = readdirSync(tasks).find((id) => nameOf(id) === threadName);
        if (id !== undefined) known = new IoThread(system, Number(id));
      } catch {
        known = "missing"; // no /proc
      }
    }
    return known === "missing" ? undefined : known;
  }

  /** This rank begins to poll for a message, and has nothing else to do. */
  begin(): void {
    this.#looking++;
  }

  /**
   * This rank has polled for long. The second late message in a row moves the thread to this rank's CPU. A single one
   * does not: small messages are late during garbage collection, and the thread is better off with a CPU of its own, if
   * there is one. The thread stays until two messages in a row are not late, because an answer often comes right before
   * a large message. Costs 3 us.
   */
  late(): void {
    this.#late = true;
    if (this.#lateness === 0) return;
    const cpu = this.#system.cpu();
    if (cpu === this.#cpu) return;
    const here = new Uint8Array(this.#anywhere.length);
    here[cpu >> 3] = 1 << (cpu & 7);
    this.#system.setAffinity(here, this.id);
    this.#cpu = cpu;
  }

  /** A message has come. Unless this rank polls again soon, it has work to do, and the thread may move elsewhere. */
  end(): void {
    this.#count();
    if (this.#cpu === undefined || this.#leaving) return;
    if (this.#lateness === 0) this.#release();
    else {
      this.#leaving = true;
      setImmediate(() => {
        this.#leaving = false;
        if (this.#looking === 0) this.#release();
      });
    }
  }

  /**
   * This rank sleeps until a message comes. The thread may move, but now has this CPU for itself if no other thread
   * needs it.
   */
  sleep(): void {
    this.#count();
    if (this.#cpu === undefined || this.#looking > 0) return;
    this.#system.setAffinity(this.#anywhere, this.id);
    this.#cpu = undefined;
  }

  #count(): void {
    this.#looking--;
    this.#lateness = Math.min(2, Math.max(0, this.#lateness + (this.#late ? 1 : -1)));
    this.#late = false;
  }

  /**
   * Moves it to another CPU, if there is one. The kernel would leave it here, because a CPU with a polling rank looks
   * busy.
   */
  #release(): void {
    if (this.#cpu === undefined) return;
    this.#system.moveFrom([this.#cpu], this.#anywhere, this.id);
    this.#cpu = undefined;
  }
}

const tasks = "/proc/self/task";

/** The name of a thread of this process; undefined if it has ended meanwhile. */
function nameOf(id: string): string | undefined {
  try {
    return readFileSync(`${tasks}/${id}/comm`, "utf8").trim();
  } catch {
    return undefined;
  }
}
