import { readdirSync, readFileSync } from "node:fs";
import { setImmediate } from "../../calls/event-loop.ts";
import type { System } from "../libc.ts";

/** How libzmq calls the thread that reads and writes all sockets of a process. */
const threadName = "ZMQbg/IO/0";

let known: IoThread | "missing" | undefined;

/**
 * ZeroMQ's thread of this process, and the CPU that it runs on.
 *
 * Where each rank has a CPU, its thread has none of its own, and the kernel takes a rank that looks for messages for one
 * that works. Of two hosts with a CPU each it lets both threads share one with a rank, while the other rank looks around
 * alone for milliseconds. So a rank that looks in vain fetches its thread: there it has to wait for nobody who works.
 * Measured on two hosts that are namespaces of a machine of two CPUs, 64 KiB there and back: 460 us, now 395.
 */
export class IoThread {
  readonly #system: System;
  readonly id: number;
  readonly #anywhere: Uint8Array;
  /** Where it is held; undefined while it may go anywhere. */
  #cpu: number | undefined;
  /** Inboxes that look for messages just now. */
  #looking = 0;
  /** Whether the message that is looked for is late. */
  #late = false;
  /** Of the last ones: one more for each that was late, up to two, and one less for each that was not. */
  #lateness = 0;
  #leaving = false;

  private constructor(system: System, id: number) {
    this.#system = system;
    this.id = id;
    this.#anywhere = system.affinity(id);
    system.useBatchScheduling(id);
  }

  /** Undefined where it cannot be found. */
  static find(system: System): IoThread | undefined {
    if (known === undefined) {
      const tasks = "/proc/self/task";
      try {
        const id = readdirSync(tasks).find((id) => readFileSync(`${tasks}/${id}/comm`, "utf8").trim() === threadName);
        known = id === undefined ? "missing" : new IoThread(system, Number(id));
      } catch {
        known = "missing";
      }
    }
    return known === "missing" ? undefined : known;
  }

  /** This rank looks for a message from now on, and has nothing else to do. */
  begin(): void {
    this.#looking++;
  }

  /**
   * It has looked for long. The second message in a row that is late fetches the thread to where the rank looks: small ones
   * are late when somebody collects garbage, and are better off with a CPU for the thread where there is one. It stays
   * there until two in a row are not late, for an answer often comes right before a large message. Costs 3 us.
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

  /** It has found something. Unless it looks for the next one soon it has work to do, and its thread may go elsewhere. */
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

  /** It sleeps until something comes: its thread may go elsewhere, but has this CPU for itself if nobody else needs it. */
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

  /** To another CPU, if there is one: the kernel would leave it here, for each CPU is busy where somebody looks. */
  #release(): void {
    if (this.#cpu === undefined) return;
    this.#system.moveFrom([this.#cpu], this.#anywhere, this.id);
    this.#cpu = undefined;
  }
}
