import { expect, test } from "vitest";
import type { Exchange } from "../../../../packages/core/src/collectives/algorithms/board-exchange.ts";
import { BoardRun } from "../../../../packages/core/src/collectives/board-run.ts";
import { System } from "../../../../packages/core/src/transports/libc.ts";
import { SharedBoard } from "../../../../packages/core/src/transports/shared-memory/board.ts";
import { decode, encode, type Parcel } from "../../../../packages/core/src/wire/codec/codec.ts";

const system = System.load();

/** The runs of two ranks of one board, and how often each of them was woken. */
function pair(): { runs: [BoardRun, BoardRun]; woken: number[] } {
  const woken = [0, 0];
  const [first, second] = runsOf(2, (rank) => {
    woken[1 - rank] = (woken[1 - rank] as number) + 1;
  });
  return { runs: [first as BoardRun, second as BoardRun], woken };
}

/** The runs of so many ranks of one board; `wakes` gets the rank that wakes all sleeping ranks. */
function runsOf(size: number, wakes: (rank: number) => void): BoardRun[] {
  const memory = new Uint8Array(SharedBoard.bytes(size));
  const members = Array.from({ length: size }, (_, rank) => rank);
  const neighbor = (rank: number): { wake(): void } => ({ wake: () => wakes(rank) });
  return members.map(
    (rank) => new BoardRun(new SharedBoard(system, memory, rank, size, [neighbor(rank)]), rank, members),
  );
}

/** Each rank gives a value and gets the other's. */
function swap(rank: number, value: unknown, next?: Exchange<unknown>): Exchange<unknown> {
  const exchange: Exchange<unknown> = {
    give: encode(value),
    to: "all",
    from: "all",
    finish: (posts) => decode(posts.parcelOf(1 - rank)),
  };
  return next === undefined ? exchange : { ...exchange, next: () => next };
}

test("one board run serves one collective after the other", () => {
  const { runs } = pair();
  for (let collective = 0; collective < 1000; collective++) {
    runs.forEach((turn, rank) => {
      turn.begin(collective, 7, swap(rank, `${rank} ${collective}`));
    });
    expect(runs[0].advance(false)).toBe(false);
    for (const turn of [runs[1], runs[0]]) expect(turn.advance(false) && turn.over).toBe(true);
    expect(runs.map((turn) => turn.end())).toEqual([`1 ${collective}`, `0 ${collective}`]);
  }
});

test("a sleeping rank is woken by the post it waits for, also after a post of its own in the same poll", () => {
  const { runs, woken } = pair();
  const [first, second] = runs;
  // The first runs ahead until the board is full, and sleeps for want of room.
  const gives = (value: number): Exchange<unknown> => ({
    give: encode(value),
    to: "all",
    from: "none",
    finish: () => undefined,
  });
  let ahead = 0;
  const goAhead = (): boolean => {
    first.begin(ahead, 7, gives(ahead));
    return first.advance(false);
  };
  while (goAhead()) ahead++;
  first.begin(ahead, 7, swap(0, "mine"));
  expect(first.advance(true)).toBe(false);
  const takes = (collective: number): Exchange<unknown> => ({
    give: undefined,
    to: "none",
    from: 0,
    finish: (posts) => expect(decode(posts.parcelOf(0))).toBe(collective),
  });
  for (let collective = 0; collective < ahead; collective++) {
    second.begin(collective, 7, takes(collective));
    expect(second.advance(false)).toBe(true);
    second.end();
  }
  expect(woken[0]).toBeGreaterThan(0);
  // There is room now: it posts, finds nothing of the other one, and sleeps again.
  expect(first.advance(true)).toBe(false);
  woken[0] = 0;
  second.begin(ahead, 7, swap(1, "theirs"));
  expect(second.advance(false)).toBe(true);
  expect(woken[0]).toBe(1);
  expect(first.advance(false)).toBe(true);
  expect([first.end(), second.end()]).toEqual(["theirs", "mine"]);
});

test("a rank that sleeps after its post of the second step is woken", () => {
  const { runs, woken } = pair();
  runs.forEach((turn, rank) => {
    turn.begin(0, 7, swap(rank, "one", swap(rank, `two of ${rank}`)));
  });
  const [first, second] = runs;
  expect(first.advance(true)).toBe(false);
  expect(second.advance(false)).toBe(false); // both have posted the first step, this one the second, too
  expect(woken[0]).toBe(1);
  expect(second.advance(true)).toBe(false);
  expect(first.advance(true)).toBe(true);
  expect(woken[1]).toBeGreaterThan(0);
  expect(second.advance(false)).toBe(true);
  expect([first.end(), second.end()]).toEqual(["two of 1", "two of 0"]);
});

test("a sleeping rank that has lent an array is woken when it has been read", () => {
  const { runs, woken } = pair();
  const [first, second] = runs;
  for (let collective = 0; collective < 2; collective++) {
    runs.forEach((turn, rank) => {
      turn.begin(collective, 7, swap(rank, null)); // by which they learn that they can read each other's memory
    });
    first.advance(false);
    second.advance(false);
    expect(first.advance(false)).toBe(true);
  }
  const large = encode(new Float64Array(100_000).fill(3));
  first.begin(2, 7, { give: large, to: "all", from: "none", finish: () => undefined });
  expect(first.advance(true)).toBe(false); // until it has been read
  let read: unknown;
  const take = (parcel: Parcel): void => {
    read = decode(parcel);
    expect(first.advance(true)).toBe(false); // the other's post has woken it too early: it looks, and sleeps again
    woken[0] = 0;
  };
  second.begin(2, 7, { give: undefined, to: "none", from: 0, finish: (posts) => take(posts.parcelOf(0)) });
  expect(second.advance(false)).toBe(true);
  expect(read).toEqual(new Float64Array(100_000).fill(3));
  expect(woken[0]).toBe(1);
  expect(first.advance(false) && first.over).toBe(true);
});

test("a rank that sleeps until a missing rank posts has noticed a rank in another collective", () => {
  const [, second, third] = runsOf(3, () => {}) as [BoardRun, BoardRun, BoardRun];
  third.begin(0, 8, { give: encode("mine"), to: "all", from: "none", finish: () => undefined });
  expect(third.advance(false)).toBe(true);
  second.begin(0, 7, { give: encode("mine"), to: "all", from: "all", finish: () => undefined });
  expect(second.advance(false)).toBe(false); // waits for the first, which may wait for the third
  expect(second.advance(true)).toBe(true);
  expect(second.stray).toEqual({ rank: 2, signature: 8 });
});
