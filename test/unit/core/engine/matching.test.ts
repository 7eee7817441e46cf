import assert from "node:assert/strict";
import { local } from "tsmpi/testing";
import { describe, test } from "vitest";
import { randomFrom } from "../../../../packages/core/src/calls/random.ts";
import { Arrival } from "../../../../packages/core/src/engine/arrival.ts";
import { any } from "../../../../packages/core/src/engine/match-queue.ts";
import { Matching } from "../../../../packages/core/src/engine/matching.ts";
import { PostedReceive } from "../../../../packages/core/src/engine/posted-receive.ts";
import { kind } from "../../../../packages/core/src/wire/envelope.ts";

/** MPI's matching by two plain lists, to compare with. */
class Model {
  readonly arrivals: { id: number; source: number; tag: number }[] = [];
  readonly posted: { id: number; source: number; tag: number }[] = [];
  readonly matches: string[] = [];

  arrive(arrival: { id: number; source: number; tag: number }): void {
    const index = this.posted.findIndex((posted) => fits(posted, arrival));
    if (index === -1) this.arrivals.push(arrival);
    else this.matches.push(`${this.posted.splice(index, 1)[0]?.id} gets ${arrival.id}`);
  }

  post(posted: { id: number; source: number; tag: number }): void {
    const index = this.arrivals.findIndex((arrival) => fits(posted, arrival));
    if (index === -1) this.posted.push(posted);
    else this.matches.push(`${posted.id} gets ${this.arrivals.splice(index, 1)[0]?.id}`);
  }
}

interface Pattern {
  source: number;
  tag: number;
}

function fits(posted: Pattern, arrival: Pattern): boolean {
  return (
    (posted.source === any || posted.source === arrival.source) && (posted.tag === any || posted.tag === arrival.tag)
  );
}

function letterOf(id: number, source: number, tag: number): Arrival {
  const rest = { kind: kind.message, collective: false, sync: false, context: 0, sequence: 0, signature: 0, bytes: 0 };
  return new Arrival({ ...rest, source, tag, id }, undefined, false, id);
}

/** A matching that gives each receive its arrival at once. */
function matchingWithoutEngine(): Matching {
  return new Matching((posted, arrival) => void posted.finish(arrival), true);
}

describe("matching", () => {
  test("follows MPI's order, with few and with hundreds of receives and messages, wildcards among them", () => {
    for (let seed = 0; seed < 60; seed++) {
      const random = randomFrom(seed);
      const pick = (count: number): number => Math.floor(random() * count);
      const kinds = 2 + pick(20);
      const bias = 0.3 + 0.4 * random();
      const matching = matchingWithoutEngine();
      const model = new Model();
      const matches: string[] = [];
      const waiting: PostedReceive[] = [];
      for (let id = 0; id < 600; id++) {
        const source = pick(kinds);
        const tag = pick(kinds);
        if (random() < bias) {
          const next = model.posted.find((posted) => fits(posted, { source, tag }));
          assert.equal(matching.expects(source, tag)?.call.operation, next && String(next.id));
          model.arrive({ id, source, tag });
          matching.arrive(letterOf(id, source, tag));
        } else if (random() < 0.05 && waiting.length > 0) {
          const [cancelled] = waiting.splice(pick(waiting.length), 1) as [PostedReceive];
          const index = model.posted.findIndex((posted) => posted.id === Number(cancelled.call.operation));
          if (index !== -1) model.posted.splice(index, 1);
          matching.withdraw(cancelled);
        } else {
          const from = random() < 0.2 ? any : source;
          const what = random() < 0.2 ? any : tag;
          const matched = (arrival: Arrival): void => void matches.push(`${id} gets ${arrival.envelope.id}`);
          const posted = new PostedReceive(from, what, false, { operation: String(id) }, matched);
          waiting.push(posted);
          model.post({ id, source: from, tag: what });
          matching.post(posted);
        }
      }
      assert.deepEqual(matches, model.matches, `seed ${seed}`);
      assert.deepEqual(
        [...matching.unexpected].map(({ envelope }) => envelope.id),
        model.arrivals.map(({ id }) => id),
      );
      assert.deepEqual(
        [...matching.posted].map(({ call }) => Number(call.operation)),
        model.posted.map(({ id }) => id),
      );
    }
  });

  test("puts a message back to its old place, also among hundreds", () => {
    const matching = matchingWithoutEngine();
    const got: number[] = [];
    const receive = (source: number, tag: number): void =>
      matching.post(
        new PostedReceive(source, tag, false, { operation: "recv" }, (arrival) => void got.push(arrival.envelope.id)),
      );
    let refused: Arrival | undefined;
    for (let id = 0; id < 100; id++) matching.arrive(letterOf(id, id % 3, id % 2));
    matching.post(new PostedReceive(0, any, false, { operation: "recv" }, (arrival) => (refused = arrival)));
    assert.equal(refused?.envelope.id, 0);
    receive(0, 1); // 3
    matching.putBack(refused as Arrival);
    receive(any, any);
    receive(0, 0);
    assert.deepEqual(got, [3, 0, 6]);
  });
});

test("no receive expects a message that would have to wait, or that a probe gets first", () => {
  const matching = matchingWithoutEngine();
  const post = (probe: boolean): void => matching.post(new PostedReceive(1, 2, probe, { operation: "" }, () => {}));
  assert.equal(matching.expects(1, 2), undefined);
  post(true);
  post(false);
  assert.equal(matching.expects(1, 2), undefined); // the probe is first
  matching.arrive(letterOf(0, 1, 2));
  assert.equal(matching.expects(1, 2), undefined); // for who probed holds the arrival before it
});

test("ten thousand receives and messages, in opposite order, by tag and by source and tag", async () => {
  const count = 10_000;
  await local(2, async (world) => {
    const other = 1 - world.rank;
    const received = Array.from({ length: count }, (_, i) =>
      world.recv<number>(i % 2 === 0 ? { tag: count - i } : { source: other, tag: count - i }),
    );
    await world.barrier();
    for (let tag = 1; tag <= 2 * count; tag++) void world.send(tag, { dest: other, tag });
    assert.deepEqual(
      await Promise.all(received),
      Array.from({ length: count }, (_, i) => count - i),
    );
    for (let tag = 2 * count; tag > count; tag--) assert.equal(await world.recv({ tag }), tag);
  });
});
