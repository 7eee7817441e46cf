import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { type Communicator, MpiError, sum } from "tsmpi";
import { local } from "tsmpi/testing";
import { describe, test } from "vitest";

/** The error that a world ends with. */
async function errorOf(world: Promise<unknown>): Promise<MpiError> {
  const error = await world.then(
    () => assert.fail("it should have failed"),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof MpiError, String(error));
  return error;
}

describe("a deadlock", () => {
  test("of two that receive first is told at once, with who waits for whom in which call", async () => {
    const program = async (world: Communicator): Promise<void> => {
      const other = 1 - world.rank;
      await world.recv({ source: other, tag: 5 });
      await world.send("never", { dest: other, tag: 5 });
    };
    const { code, message } = await errorOf(local(2, program));
    assert.equal(code, "deadlock");
    assert.match(message, /rank 0: recv\(\{ source: 1, tag: 5 \}\) waits for rank 1/);
    assert.match(message, /rank 1: recv\(\{ source: 0, tag: 5 \}\) waits for rank 0/);
  });

  test("tells what has arrived that nobody received: the wrong tag", async () => {
    const program = async (world: Communicator): Promise<void> => {
      if (world.rank === 0) await world.send("x", { dest: 1, tag: 1 });
      await world.recv({ source: 1 - world.rank, tag: 2 });
    };
    assert.match(
      (await errorOf(local(2, program))).message,
      /waits for rank 0, at \S+local-world\.test\.ts:\d+\n +not received: a message from rank 0 with tag 1/,
    );
  });

  test("of large sends that nobody receives, also by ranks that have come to their end", async () => {
    const program = async (world: Communicator): Promise<void> => {
      void world.send(new Float64Array(100_000), { dest: 1 - world.rank });
    };
    const { code, message } = await errorOf(local(2, program));
    assert.equal(code, "deadlock");
    assert.match(message, /rank 1: send\(\{ dest: 0 \}\) waits for rank 0/);
  });

  test("of a rank alone that receives", async () => {
    assert.equal((await errorOf(local(1, (world) => world.recv()))).code, "deadlock");
  });

  test("of a collective that one rank does not come to, for it waits for a message", async () => {
    const program = (world: Communicator): Promise<unknown> =>
      world.rank === 2 ? world.recv({ source: 0 }) : world.barrier();
    const { message } = await errorOf(local(3, program, { seed: 1 }));
    assert.match(message, /rank 0: barrier\(\) waits for rank \d/);
    assert.match(message, /rank 2: recv\(\{ source: 0 \}\) waits for rank 0/);
  });

  test("rejects what waits on each rank, which can tidy up", async () => {
    const codes: string[] = [];
    const program = async (world: Communicator): Promise<void> => {
      try {
        await world.recv();
      } catch (error) {
        codes.push((error as MpiError).code);
        throw error;
      }
    };
    await errorOf(local(3, program));
    assert.deepEqual(codes, ["deadlock", "deadlock", "deadlock"]);
  });

  test("is not seen where a rank sleeps, polls or has a limit while others wait", async () => {
    const sleeper = async (world: Communicator): Promise<unknown> => {
      const received = world.recv();
      if (world.rank === 0) {
        await sleep(120);
        for (let dest = 0; dest < world.size; dest++) void world.send("at last", { dest });
      }
      return received;
    };
    assert.deepEqual(await local(2, sleeper), ["at last", "at last"]);

    const limited = async (world: Communicator): Promise<string> => {
      const cancelled = world.recv({ tag: 1, signal: AbortSignal.timeout(100) }).catch((error: MpiError) => error.code);
      if (world.rank === 1) return (await world.recv({ source: 0, tag: 2 })) as string;
      const code = await cancelled;
      await world.send(code, { dest: 1, tag: 2 });
      return code as string;
    };
    assert.deepEqual(await local(2, limited), ["aborted", "aborted"]);

    const poller = async (world: Communicator): Promise<unknown> => {
      if (world.rank === 1) return world.recv();
      const end = performance.now() + 100;
      while (performance.now() < end) await world.iprobe();
      await world.send("polled", { dest: 1 });
      return undefined;
    };
    assert.deepEqual(await local(2, poller), [undefined, "polled"]);
  });

  test("of one world is found while another one in the same process goes on", async () => {
    const busy = local(2, async (world) => {
      for (let i = 0; i < 30; i++) {
        await sleep(5);
        await world.barrier();
      }
    });
    assert.equal((await errorOf(local(2, (world) => world.recv()))).code, "deadlock");
    await busy;
  });

  test("is none when a rank has ended: a rank that waits for it gets that error", async () => {
    const program = async (world: Communicator): Promise<void> => {
      if (world.rank === 0) await world.recv({ source: 1 });
    };
    assert.equal((await errorOf(local(2, program))).code, "rank-failed");
  });
});

describe("a seed", () => {
  /** In which order rank 0 hears from the others. */
  const order = async (world: Communicator): Promise<number[]> => {
    if (world.rank > 0) for (let i = 0; i < 5; i++) await world.send(i, { dest: 0 });
    const heard: number[] = [];
    if (world.rank === 0) while (heard.length < 5 * (world.size - 1)) heard.push((await world.recvMessage()).source);
    return heard;
  };

  test("gives an order of messages, always the same one; other seeds give others", async () => {
    const orders = new Set<string>();
    for (let seed = 0; seed < 10; seed++) {
      const [first] = await local(4, order, { seed });
      const [again] = await local(4, order, { seed });
      assert.deepEqual(first, again);
      orders.add(String(first));
    }
    assert.ok(orders.size > 5, [...orders].join("\n"));
  });

  test("finds a race that the usual order hides", async () => {
    const racy = async (world: Communicator): Promise<unknown> => {
      if (world.rank > 0) return world.send(world.rank, { dest: 0 });
      const first = await world.recv<number>();
      await world.recv();
      if (first !== 1) throw new Error("rank 2 was faster");
      return undefined;
    };
    await local(3, racy);
    let found = 0;
    for (let seed = 0; seed < 20; seed++) await local(3, racy, { seed }).catch(() => found++);
    assert.ok(found > 0 && found < 20, `${found} of 20`);
  });
});

describe("failAt", () => {
  test("kills a rank instead of its n-th message: the others are told, and it does nothing any more", async () => {
    const got: unknown[] = [];
    let after = false;
    const program = async (world: Communicator): Promise<void> => {
      if (world.rank === 1) {
        for (let i = 1; i <= 3; i++) await world.send(i, { dest: 0 });
        await world.recv({ source: 0 });
        after = true;
      } else {
        for (;;) got.push(await world.recv({ source: 1 }));
      }
    };
    const { code, message, rank } = await errorOf(local(2, program, { failAt: { rank: 1, message: 3 } }));
    assert.deepEqual([code, rank], ["rank-failed", 1]);
    assert.match(message, /rank 1 is gone \(killed at its message 3/);
    await sleep(20);
    assert.deepEqual([got, after], [[1, 2], false]);
  });

  test("at any message of a collective leaves no rank waiting", async () => {
    let survived = 0;
    for (let message = 1; message < 12; message++) {
      const seen: string[] = [];
      const program = async (world: Communicator): Promise<number> => {
        try {
          await world.bcast(world.rank);
          return await world.allreduce(1, sum);
        } catch (error) {
          seen.push((error as MpiError).code);
          throw error;
        }
      };
      const result = await local(5, program, { failAt: { rank: 0, message }, seed: message }).catch(
        (error: MpiError) => error.code,
      );
      if (Array.isArray(result)) survived += 1;
      else assert.deepEqual([result, new Set(seen)], ["rank-failed", new Set(["rank-failed"])]);
    }
    assert.ok(survived > 0 && survived < 11);
  });
});

test("ranksPerHost puts ranks on hosts", async () => {
  const hosts = await local(5, async (world) => (await world.split(world.host)).size, { ranksPerHost: 2 });
  assert.deepEqual(hosts, [2, 2, 2, 2, 1]);
});

test("256 ranks work", async () => {
  const program = async (world: Communicator): Promise<number> => {
    await world.barrier();
    const row = await world.split(world.rank >> 4);
    return world.allreduce(await row.allreduce(1, sum), sum);
  };
  assert.deepEqual(await local(256, program), Array(256).fill(16 * 256));
});

test("a world has a whole number of ranks", async () => {
  for (const size of [0, -1, 1.5, Number.NaN]) {
    assert.equal((await errorOf(local(size, () => 1))).code, "invalid-argument");
  }
});

test("abort() ends the world with a code that says so, whatever it is given", async () => {
  for (const [given, code] of [
    [3, 3],
    [0, 1],
    [300, 1],
    [-1, 1],
    [1.5, 1],
    ["three", 1],
  ] as [number, number][]) {
    const error = await errorOf(local(2, (world) => world.abort({ code: given, reason: "enough" })));
    assert.match(error.message, new RegExp(`called abort\\(${code}\\): enough`));
  }
});

test("a collective that some ranks never called fails the call, with both", async () => {
  const alone = local(3, async (world) => {
    await world.barrier();
    if (world.rank === 1) await world.bcast(1, { root: 1 });
  });
  await assert.rejects(alone, {
    code: "mismatch",
    message:
      /^bcast\(\{ root: 1 \}\) #1 at \S+:\d+ was called by rank 1 and never by ranks 0, 2 \(their last one is barrier\(\) #0/,
  });
});
