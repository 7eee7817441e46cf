import assert from "node:assert/strict";
import { local } from "tsmpi/testing";
import { describe, test } from "vitest";
import { randomFrom } from "../../../../packages/core/src/calls/random.ts";
import { any, Letter, Mailbox, Posted } from "../../../../packages/core/src/engine/matching.ts";
import { kind } from "../../../../packages/core/src/wire/envelope.ts";

/** MPI's matching by two plain lists, to compare with. */
class Model {
  readonly letters: { id: number; source: number; tag: number }[] = [];
  readonly posted: { id: number; source: number; tag: number }[] = [];
  readonly matches: string[] = [];

  arrive(letter: { id: number; source: number; tag: number }): void {
    const index = this.posted.findIndex((posted) => fits(posted, letter));
    if (index === -1) this.letters.push(letter);
    else this.matches.push(`${this.posted.splice(index, 1)[0]?.id} gets ${letter.id}`);
  }

  post(posted: { id: number; source: number; tag: number }): void {
    const index = this.letters.findIndex((letter) => fits(posted, letter));
    if (index === -1) this.posted.push(posted);
    else this.matches.push(`${posted.id} gets ${this.letters.splice(index, 1)[0]?.id}`);
  }
}

interface Pattern {
  source: number;
  tag: number;
}

function fits(posted: Pattern, letter: Pattern): boolean {
  return (
    (posted.source === any || posted.source === letter.source) && (posted.tag === any || posted.tag === letter.tag)
  );
}

function letterOf(id: number, source: number, tag: number): Letter {
  const rest = { kind: kind.message, collective: false, sync: false, context: 0, sequence: 0, signature: 0, bytes: 0 };
  return new Letter({ ...rest, source, tag, id }, undefined, false, id);
}

/** A mailbox that gives each receive its letter at once. */
function mailboxWithoutEngine(): Mailbox {
  return new Mailbox((posted, letter) => void posted.finish(letter), true);
}

describe("a mailbox", () => {
  test("matches as MPI says, with few and with hundreds of receives and messages, wildcards among them", () => {
    for (let seed = 0; seed < 60; seed++) {
      const random = randomFrom(seed);
      const pick = (count: number): number => Math.floor(random() * count);
      const kinds = 2 + pick(20);
      const bias = 0.3 + 0.4 * random();
      const mailbox = mailboxWithoutEngine();
      const model = new Model();
      const matches: string[] = [];
      const waiting: Posted[] = [];
      for (let id = 0; id < 600; id++) {
        const source = pick(kinds);
        const tag = pick(kinds);
        if (random() < bias) {
          const next = model.posted.find((posted) => fits(posted, { source, tag }));
          assert.equal(mailbox.expects(source, tag)?.call.operation, next && String(next.id));
          model.arrive({ id, source, tag });
          mailbox.arrive(letterOf(id, source, tag));
        } else if (random() < 0.05 && waiting.length > 0) {
          const [cancelled] = waiting.splice(pick(waiting.length), 1) as [Posted];
          const index = model.posted.findIndex((posted) => posted.id === Number(cancelled.call.operation));
          if (index !== -1) model.posted.splice(index, 1);
          mailbox.withdraw(cancelled);
        } else {
          const from = random() < 0.2 ? any : source;
          const what = random() < 0.2 ? any : tag;
          const matched = (letter: Letter): void => void matches.push(`${id} gets ${letter.envelope.id}`);
          const posted = new Posted(from, what, false, { operation: String(id) }, matched);
          waiting.push(posted);
          model.post({ id, source: from, tag: what });
          mailbox.post(posted);
        }
      }
      assert.deepEqual(matches, model.matches, `seed ${seed}`);
      assert.deepEqual(
        [...mailbox.letters].map(({ envelope }) => envelope.id),
        model.letters.map(({ id }) => id),
      );
      assert.deepEqual(
        [...mailbox.waiting].map(({ call }) => Number(call.operation)),
        model.posted.map(({ id }) => id),
      );
    }
  });

  test("takes a letter back to its old place, also among hundreds", () => {
    const mailbox = mailboxWithoutEngine();
    const got: number[] = [];
    const receive = (source: number, tag: number): void =>
      mailbox.post(
        new Posted(source, tag, false, { operation: "recv" }, (letter) => void got.push(letter.envelope.id)),
      );
    let refused: Letter | undefined;
    for (let id = 0; id < 100; id++) mailbox.arrive(letterOf(id, id % 3, id % 2));
    mailbox.post(new Posted(0, any, false, { operation: "recv" }, (letter) => (refused = letter)));
    assert.equal(refused?.envelope.id, 0);
    receive(0, 1); // 3
    mailbox.putBack(refused as Letter);
    receive(any, any);
    receive(0, 0);
    assert.deepEqual(got, [3, 0, 6]);
  });
});

test("a letter that would have to wait, or is looked at first, is expected by nobody", () => {
  const mailbox = mailboxWithoutEngine();
  const post = (probe: boolean): void => mailbox.post(new Posted(1, 2, probe, { operation: "" }, () => {}));
  assert.equal(mailbox.expects(1, 2), undefined);
  post(true);
  post(false);
  assert.equal(mailbox.expects(1, 2), undefined); // the probe is first
  mailbox.arrive(letterOf(0, 1, 2));
  assert.equal(mailbox.expects(1, 2), undefined); // for who probed holds the letter before it
});

test("ten thousand receives and messages, in the opposite order, by tag alone and by both", async () => {
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
