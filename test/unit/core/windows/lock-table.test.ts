import { describe, expect, test } from "vitest";
import { LockTable } from "../../../../packages/core/src/windows/lock-table.ts";

/** Two parts and three ranks, of which some have ended. */
function table(ended: Set<number> = new Set()): LockTable {
  return new LockTable(new Uint8Array(LockTable.bytes(2, 3)), 2, 3, (rank) => ended.has(rank));
}

describe("a table of locks", () => {
  test("gives an exclusive lock to one rank, for each part", () => {
    const locks = table();
    expect(locks.tryAlone(0, 1, false)).toEqual({ abandoned: false });
    expect(locks.tryAlone(0, 2, false)).toBeUndefined();
    expect(locks.tryAlone(0, 2, true)).toBeUndefined();
    expect(locks.tryAlone(1, 2, false)).toEqual({ abandoned: false });
    locks.release(0, 1, false);
    expect(locks.tryAlone(0, 2, false)).toEqual({ abandoned: false });
  });

  test("gives a shared lock to several, and none to new ones once a rank waits for an exclusive one", () => {
    const locks = table();
    expect(locks.tryAlone(0, 0, true)).toEqual({ abandoned: false });
    expect(locks.tryAlone(0, 1, true)).toEqual({ abandoned: false });
    const waits = locks.attempt(0, 2, false);
    expect(waits.next()).toBeUndefined();
    locks.release(0, 0, true);
    expect(locks.tryAlone(0, 0, true)).toBeUndefined();
    expect(waits.next()).toBeUndefined();
    locks.release(0, 1, true);
    expect(waits.next()).toEqual({ abandoned: false });
  });

  test("a rank that gives up waiting lets others in", () => {
    const locks = table();
    locks.tryAlone(0, 0, true);
    const waits = locks.attempt(0, 2, false);
    expect(waits.next()).toBeUndefined();
    waits.giveUp();
    expect(locks.tryAlone(0, 1, true)).toEqual({ abandoned: false });
  });

  test("the lock of a rank that has ended is taken over, and the next holder alone is told", () => {
    const ended = new Set<number>();
    const locks = table(ended);
    locks.tryAlone(0, 1, false);
    const waits = locks.attempt(0, 2, false);
    expect(waits.next()).toBeUndefined();
    ended.add(1);
    expect(waits.next()).toEqual({ abandoned: true });
    locks.release(0, 2, false);
    expect(locks.attempt(0, 0, false).next()).toEqual({ abandoned: false });
  });

  test("a shared lock after a holder that has ended says so, too; shared holders that have ended are in no one's way", () => {
    const ended = new Set<number>();
    const locks = table(ended);
    locks.tryAlone(0, 1, false);
    ended.add(1);
    expect(locks.attempt(0, 0, true).next()).toEqual({ abandoned: true });
    ended.add(0);
    expect(locks.attempt(0, 2, false).next()).toEqual({ abandoned: false });
  });

  test("a part that was let go stays so", () => {
    const locks = table();
    expect(locks.isLetGo(1)).toBe(false);
    locks.letGo(1);
    expect([locks.isLetGo(0), locks.isLetGo(1)]).toEqual([false, true]);
  });
});
