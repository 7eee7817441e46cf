import { closeSync, constants, fstatSync, ftruncateSync, openSync, readdirSync } from "node:fs";
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
 * The few system calls that Node lacks, through koffi: shared mappings, fifos, reading the memory of another process,
 * yielding and moving to another CPU. Loaded at the first message, because it takes 10 ms.
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
  readonly #mmapAt: (
    address: bigint,
    bytes: number,
    protection: number,
    flags: number,
    fd: number,
    offset: number,
  ) => number | bigint;
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
  /** The CPU that this thread runs on. */
  readonly cpu: () => number;
  /** Lets other threads that are ready run on this CPU (sched_yield). */
  readonly yieldCpu: () => number;

  private constructor(koffi: Koffi) {
    const libc = koffi.load("libc.so.6");
    this.#koffi = koffi;
    this.#mmap = libc.func("void* mmap(void*, size_t, int, int, int, int64_t)");
    this.#mmapAt = libc.func("int64_t mmap(int64_t, size_t, int, int, int, int64_t)");
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

  /** Undefined if koffi has no binary, or libc has another name. */
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
   * Maps a file of `bytes`, created if it is missing; over the pages of `place`, if there is one. Allocates its memory now: a
   * full /dev/shm makes this throw, while a later access would kill the process.
   */
  map(path: string, bytes: number, place?: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    const fd = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600);
    try {
      ftruncateSync(fd, bytes);
      this.#allocateRange(fd, path, 0, bytes);
      if (place === undefined) {
        return new Uint8Array(this.#koffi.view(this.#mmap(null, bytes, readAndWrite, shared, fd, 0), bytes));
      }
      const address = this.addressOf(place);
      const got = this.#mmapAt(address, bytes, readAndWrite, shared | fixed, fd, 0);
      if (BigInt(got) !== address) throw cannotAllocate(path, bytes, "ENOMEM");
      return place;
    } finally {
      closeSync(fd);
    }
  }

  /** Allocates so many bytes of an open file, in memory or on the disk. Gives the name of the error, if there is one. */
  allocate(fd: number, bytes: number, start: number = 0): string | undefined {
    let error: number;
    do error = this.#allocate(fd, start, bytes);
    while (error === interrupted);
    return error === 0 ? undefined : getSystemErrorName(-error);
  }

  /**
   * Opens a file of `bytes` for {@link mapPart}, created if it is missing, and allocates ranges of it now. Their pages are on
   * the memory of the CPU that this process runs on (NUMA).
   * @throws MpiError `launch` for a full /dev/shm, where a later access would kill the process
   */
  openFile(path: string, bytes: number, ranges: readonly [start: number, end: number][]): number {
    const fd = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600);
    try {
      if (fstatSync(fd).size < bytes) ftruncateSync(fd, bytes);
      for (const [start, end] of ranges) this.#allocateRange(fd, path, start, end - start);
      return fd;
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  }

  #allocateRange(fd: number, path: string, start: number, bytes: number): void {
    const error = bytes > 0 ? this.allocate(fd, bytes, start) : undefined;
    if (error !== undefined) throw cannotAllocate(path, bytes, error);
  }

  /** Maps a part of a file from byte `offset` on over the pages of `place`, which are whole pages. */
  mapPart(fd: number, offset: number, place: Uint8Array): void {
    const address = this.addressOf(place);
    const got = this.#mmapAt(address, place.byteLength, readAndWrite, shared | fixed, fd, offset);
    if (BigInt(got) !== address) throw new MpiError("launch", `cannot map ${place.byteLength} bytes of shared memory`);
  }

  /** Unmaps what {@link map} returned. A later access kills the process. */
  unmap(memory: Uint8Array): void {
    this.#munmap(memory, memory.byteLength);
  }

  /** Puts memory of this process alone, all zero, into the place of what was mapped over it. */
  restore(place: Uint8Array): void {
    this.#mmapAt(this.addressOf(place), place.byteLength, readAndWrite, privately | anonymous | fixed, -1, 0);
  }

  makeFifo(path: string): void {
    this.#mkfifo(path, 0o600); // it may exist already; opening it will report a real error
  }

  /** The CPUs that a thread of this process may run on (default: this thread): bit i of byte b is CPU 8 b + i. */
  affinity(thread: number = 0): Uint8Array {
    const mask = new Uint8Array(mostCpus / 8);
    this.#getAffinity(thread, mask.length, mask);
    return mask;
  }

  setAffinity(mask: Uint8Array, thread: number = 0): void {
    this.#setAffinity(thread, mask.length, mask);
  }

  /** Moves a thread off these CPUs to another one that is `allowed`; false if there is none. It may move back later. */
  moveFrom(cpus: readonly number[], allowed: Uint8Array, thread: number = 0): boolean {
    const elsewhere = allowed.slice();
    for (const cpu of cpus) clear(elsewhere, cpu);
    const moves = elsewhere.some((bits) => bits !== 0);
    if (moves) this.setAffinity(elsewhere, thread);
    this.setAffinity(allowed, thread);
    return moves;
  }

  /** The running program: Node exports the functions of its OpenSSL to addons. */
  program(): ReturnType<Koffi["load"]> {
    return this.#koffi.load(null);
  }

  /**
   * Puts a thread under SCHED_BATCH: when it wakes it interrupts no other thread, and runs on a free CPU or in its
   * turn.
   */
  useBatchScheduling(thread: number): void {
    this.#setScheduler(thread, batch, new Int32Array(1));
  }

  /** The same for all threads of this process but the first: those with which V8 compiles and collects garbage. */
  useBatchSchedulingForHelpers(): void {
    for (const thread of readdirSync("/proc/self/task").map(Number)) {
      if (thread !== process.pid) this.useBatchScheduling(thread);
    }
  }

  /** The address of an array in this process. The array must stay referenced while the address is used. */
  addressOf(array: Uint8Array): bigint {
    return this.#koffi.address(this.#same(array, array, 0));
  }

  /** Copies from another process's memory: one copy instead of two. False if the kernel forbids it. */
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

function cannotAllocate(path: string, bytes: number, name: string): MpiError {
  const advice =
    name === "ENOSPC"
      ? `the file system is full (df ${dirname(dirname(path))}): remove what others have left there, or let ranks talk over ZeroMQ, with TSMPI_TRANSPORT=zeromq`
      : name === "EFBIG"
        ? "the limit of file sizes is reached (ulimit -f)"
        : name;
  return new MpiError("launch", `cannot allocate ${bytes} bytes of shared memory in ${path}: ${advice}`);
}

/** EINTR: a signal with a handler came, for example from the user. */
const interrupted = 4;
const mostCpus = 8192;
const readAndWrite = 3;
const shared = 1;
const privately = 2;
const fixed = 0x10;
const anonymous = 0x20;
const batch = 3;

function clear(mask: Uint8Array, cpu: number): void {
  const at = cpu >> 3;
  if (at < mask.length) mask[at] = (mask[at] as number) & ~(1 << (cpu & 7));
}
