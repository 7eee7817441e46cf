import { bundle, decode, encode, type Parcel, unbundle } from "../wire/codec/codec.ts";
import type { TaskGroup, TaskPeers } from "./task-group.ts";
import type { TaskRunner } from "./task-runner.ts";
import { serve } from "./worker.ts";

/*
 * With the option `concurrency` a rank does several async tasks at once. To rank 0, such a rank is several workers, its seats: each
 * has chunks, answers, time limits and losses of its own, in order, as a rank has that does one task at a time.
 *
 *   rank    1   2   3      3 ranks with 2 seats each, as 6 workers. First seats come first, so that no rank gets a second task
 *   seat 0  1   2   3      while another one has none.
 *   seat 1  4   5   6
 *
 * A message is a bundle of the seat's number and what it would be without seats. Without the option there are no bundles.
 */

/** In place of a seat's number: the name of a task that returns promises follows. */
const note = -1;

/** Messages between two ranks, for several seats. */
class Line {
  readonly #peers: Pick<TaskPeers, "send" | "recv">;
  readonly #rank: number;
  readonly #noted: (task: string) => void;
  readonly #arrived: Map<number, Parcel[]> = new Map();
  readonly #waiting: Map<number, { resolve(parcel: Parcel): void; reject(error: unknown): void }> = new Map();
  #receiving = false;

  constructor(peers: Pick<TaskPeers, "send" | "recv">, rank: number, noted: (task: string) => void) {
    this.#peers = peers;
    this.#rank = rank;
    this.#noted = noted;
  }

  send(seat: number, parcel: Parcel): Promise<void> {
    return this.#peers.send(this.#rank, bundle([encode(seat), parcel]));
  }

  /** The next parcel of this seat. Nothing is received while no seat waits: a receive that stays open would outlast the call. */
  recv(seat: number): Promise<Parcel> {
    const parcel = this.#arrived.get(seat)?.shift();
    if (parcel !== undefined) return Promise.resolve(parcel);
    return new Promise((resolve, reject) => {
      this.#waiting.set(seat, { resolve, reject });
      if (!this.#receiving) void this.#receive();
    });
  }

  async #receive(): Promise<void> {
    this.#receiving = true;
    try {
      while (this.#waiting.size > 0) this.#hand(await this.#peers.recv(this.#rank));
    } catch (error) {
      for (const { reject } of this.#waiting.values()) reject(error);
      this.#waiting.clear();
    }
    this.#receiving = false;
  }

  #hand(message: Parcel): void {
    const [head, parcel] = unbundle(message) as [Parcel, Parcel];
    const seat = decode(head) as number;
    if (seat === note) {
      this.#noted(decode(parcel) as string);
      return;
    }
    const waiting = this.#waiting.get(seat);
    if (waiting !== undefined) {
      this.#waiting.delete(seat);
      waiting.resolve(parcel);
      return;
    }
    const arrived = this.#arrived.get(seat);
    if (arrived === undefined) this.#arrived.set(seat, [parcel]);
    else arrived.push(parcel);
  }
}

/**
 * The group as rank 0 sees it: itself, and the seats of the other ranks.
 * @param noted called with each task that a rank has seen return a promise
 */
export function seatedGroup(group: TaskGroup, concurrency: number, noted: (task: string) => void): TaskGroup {
  if (concurrency === 1) return group;
  const { peers, members, hosts } = group;
  const others = peers.size - 1;
  const seats = Array.from({ length: 1 + others * concurrency }, (_, i) => i);
  const rankOf = (worker: number): number => (worker === 0 ? 0 : 1 + ((worker - 1) % others));
  const seatOf = (worker: number): number => Math.floor((worker - 1) / others);
  const lines = Array.from({ length: others }, (_, i) => new Line(peers, i + 1, noted));
  const lineOf = (worker: number): Line => lines[rankOf(worker) - 1] as Line;
  return {
    ...group,
    members: seats.map((worker) => members[rankOf(worker)] as number),
    hosts: seats.map((worker) => hosts[rankOf(worker)] as string),
    peers: {
      rank: 0,
      size: seats.length,
      send: (worker, parcel) => lineOf(worker).send(seatOf(worker), parcel),
      recv: (worker) => lineOf(worker).recv(seatOf(worker)),
    },
  };
}

/** Does the tasks that rank 0 hands out, up to so many async ones at once, until its `end` messages. */
export async function serveSeats(group: TaskGroup, runner: TaskRunner, concurrency: number): Promise<void> {
  const { peers } = group;
  if (concurrency === 1) return serve(group, runner);
  const line = new Line(peers, 0, () => {});
  const told = new Set<string>();
  let failed: (error: unknown) => void = () => {};
  const broken = new Promise<never>((_, reject) => {
    failed = reject;
  });
  // Rank 0 gives further tasks to a rank that waits for a promise, so it is told at once.
  const returnedPromise = (task: string): void => {
    if (told.has(task)) return;
    told.add(task);
    line.send(note, encode(task)).catch(failed);
  };
  const seats = Array.from({ length: concurrency }, (_, seat) =>
    serve({ ...group, peers: seatPeers(peers, line, seat) }, runner.seat(returnedPromise)),
  );
  await Promise.race([Promise.all(seats), broken]);
}

/** The way to rank 0 of one seat. */
function seatPeers({ rank, size }: TaskPeers, line: Line, seat: number): TaskPeers {
  return { rank, size, send: (_, parcel) => line.send(seat, parcel), recv: () => line.recv(seat) };
}
