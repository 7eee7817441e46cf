import { closeSync, constants, ftruncateSync, openSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname } from "node:path";
import { getSystemErrorName } from "node:util";
import { MpiError } from "../calls/errors.ts";
import { ownURL } from "../calls/module-url.ts";

type Koffi = typeof import("koffi").default;
type Pointer = unknown;

let loaded: System | undefined;
let missing = false;

/**
 * The few system calls that Node lacks, through koffi: shared mappings, fifos, reading another process's memory,
 * giving way, and moving to another CPU. Loaded when ranks first speak to each other: it costs 10 ms.
 */
export class System {
  readonly #koffi: Koffi;
  readonly #mmap: (
    address: null,
    bytes: number,
    protection: number,
    flags: number,
    fd: number,
    offset: number,
  ) => Pointer;
  readonly #allocate: (fd: number, offset: number, bytes: number) => number;
  readonly #munmap: (memory: Uint8Array, bytes: number) => number;
  readonly #mkfifo: (path: string, mode: number) => number;
  readonly #same: (to: Uint8Array, from: Uint8Array, bytes: number) => Pointer;
  readonly #read: (
    pid: number,
    local: BigUint64Array,
    n: number,
    remote: BigUint64Array,
    m: number,
    flags: number,
  ) => number;
  readonly #getAffinity: (thread: number, bytes: number, mask: Uint8Array) => number;
  readonly #setAffinity: (thread: number, bytes: number, mask: Uint8Array) => number;
  readonly #setScheduler: (thread: number, policy: number, priority: Int32Array) => number;
  /** The CPU that this thread is on. */
  readonly cpu: () => number;
  /** Lets others run that are ready to. */
  readonly yieldCpu: () => number;

  private constructor(koffi: Koffi) {
    const libc = koffi.load("libc.so.6");
    this.#koffi = koffi;
    this.#mmap = libc.func("void* mmap(void*, size_t, int, int, int, int64_t)");
    this.#allocate = libc.func("int posix_fallocate(int, int64_t, int64_t)");
    this.#munmap = libc.func("int munmap(void*, size_t)");
    this.#mkfifo = libc.func("int mkfifo(const char*, unsigned int)");
    this.#same = libc.func("void* memmove(void*, const void*, size_t)");
    this.#read = libc.func("long process_vm_readv(int, void*, unsigned long, void*, unsigned long, unsigned long)");
    this.#getAffinity = libc.func("int sched_getaffinity(int, size_t, _Out_ uint8_t*)");
    this.#setAffinity = libc.func("int sched_setaffinity(int, size_t, const uint8_t*)");
    this.#setScheduler = libc.func("int sched_setscheduler(int, int, const int32_t*)");
    this.yieldCpu = libc.func("int sched_yield()");
    this.cpu = libc.func("int sched_getcpu()");
  }

  static load(): System {
    loaded ??= new System(createRequire(ownURL)("koffi") as Koffi);
    return loaded;
  }

  /** Undefined where koffi has no binary, or libc has another name. */
  static loadIfAny(): System | undefined {
    if (missing) return undefined;
    try {
      return System.load();
    } catch {
      missing = true;
      return undefined;
    }
  }

  /**
   * Maps a file of `bytes` that is made where it is missing. Its memory is allocated now: on a full /dev/shm this throws,
   * where a later touch would kill the process.
   */
  map(path: string, bytes: number): ArrayBuffer {
    const fd = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600);
    try {
      ftruncateSync(fd, bytes);
      let error: number;
      do error = this.#allocate(fd, 0, bytes);
      while (error === interrupted);
      if (error !== 0) throw cannotAllocate(path, bytes, error);
      const pointer = this.#mmap(null, bytes, readAndWrite, shared, fd, 0);
      return this.#koffi.view(pointer, bytes);
    } finally {
      closeSync(fd);
    }
  }

  /** Gives back what {@link map} gave: whoever looks at it afterwards dies. */
  unmap(memory: ArrayBuffer): void {
    this.#munmap(new Uint8Array(memory), memory.byteLength);
  }

  makeFifo(path: string): void {
    this.#mkfifo(path, 0o600); // it may be there already: opening it tells
  }

  /** The CPUs that a thread of this process may run on, this one if none is named: bit i of byte b is CPU 8 b + i. */
  affinity(thread: number = 0): Uint8Array {
    const mask = new Uint8Array(mostCpus / 8);
    this.#getAffinity(thread, mask.length, mask);
    return mask;
  }

  setAffinity(mask: Uint8Array, thread: number = 0): void {
    this.#setAffinity(thread, mask.length, mask);
  }

  /** Moves a thread from these CPUs to another of those that are `allowed`; false when there is none. It may come back. */
  moveFrom(cpus: readonly number[], allowed: Uint8Array, thread: number = 0): boolean {
    const elsewhere = allowed.slice();
    for (const cpu of cpus) clear(elsewhere, cpu);
    const moves = elsewhere.some((bits) => bits !== 0);
    if (moves) this.setAffinity(elsewhere, thread);
    this.setAffinity(allowed, thread);
    return moves;
  }

  /** This program itself: Node shows addons the functions of its OpenSSL. */
  program(): ReturnType<Koffi["load"]> {
    return this.#koffi.load(null);
  }

  /** From now on that thread interrupts nobody when it wakes up: it runs on a free CPU, or when its turn has come. */
  useBatchScheduling(thread: number): void {
    this.#setScheduler(thread, batch, new Int32Array(1));
  }

  /** The same for all threads of this process but its first: those with which V8 compiles and collects. */
  useBatchSchedulingForHelpers(): void {
    for (const thread of readdirSync("/proc/self/task").map(Number)) {
      if (thread !== process.pid) this.useBatchScheduling(thread);
    }
  }

  /** Where the bytes of an array are in this process. The array must stay referenced as long as that is used. */
  addressOf(array: Uint8Array): bigint {
    return this.#koffi.address(this.#same(array, array, 0));
  }

  /** Copies from another process's memory: one copy instead of two. False where the kernel forbids it. */
  readFrom(pid: number, address: bigint, into: Uint8Array): boolean {
    const here = new BigUint64Array([this.addressOf(into), BigInt(into.length)]);
    const there = new BigUint64Array([address, BigInt(into.length)]);
    for (let done = 0; done < into.length; ) {
      const count = this.#read(pid, here, 1, there, 1, 0);
      if (count <= 0) return false;
      done += count;
      for (const vector of [here, there]) {
        vector[0] = (vector[0] as bigint) + BigInt(count);
        vector[1] = (vector[1] as bigint) - BigInt(count);
      }
    }
    return true;
  }
}

function cannotAllocate(path: string, bytes: number, error: number): MpiError {
  const name = getSystemErrorName(-error);
  const advice =
    name === "ENOSPC"
      ? `the file system is full (df ${dirname(dirname(path))}): remove what others have left there, or let ranks talk over ZeroMQ, with TSMPI_TRANSPORT=zeromq`
      : name === "EFBIG"
        ? "the limit of file sizes is reached (ulimit -f)"
        : name;
  return new MpiError("launch", `cannot allocate ${bytes} bytes of shared memory in ${path}: ${advice}`);
}

/** By a signal with a handler, for example one that the job's user sends. */
const interrupted = 4;
const mostCpus = 8192;
const readAndWrite = 3;
const shared = 1;
const batch = 3;

function clear(mask: Uint8Array, cpu: number): void {
  const at = cpu >> 3;
  if (at < mask.length) mask[at] = (mask[at] as number) & ~(1 << (cpu & 7));
}
