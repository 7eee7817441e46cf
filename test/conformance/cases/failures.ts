import { strict as assert } from "node:assert";
import { type Communicator, MpiError, sum } from "tsmpi";
import { Random } from "../../support/random.ts";
import type { Case } from "../case.ts";
import { callBy, type Drawn, draw, elements, flat } from "./drawn.ts";

/** A way to go wrong on one rank in a collective where the others do all right. */
interface Fault {
  readonly name: string;
  /** Whether that rank can go wrong so in this collective. */
  fits(drawn: Drawn, rank: number): boolean;
  call(world: Communicator, drawn: Drawn, mine: Int32Array): Promise<unknown>;
}

const parts = (mine: Int32Array, size: number): unknown[] =>
  Array.from({ length: size }, (_, r) => mine.slice((r * mine.length) / size, ((r + 1) * mine.length) / size));
const argument = ({ inParts }: Drawn, mine: Int32Array, size: number): unknown => (inParts ? parts(mine, size) : mine);
const gives = (drawn: Drawn, rank: number): boolean => drawn.gives(rank) > 0;
const options = ({ operation, root }: Drawn): object =>
  ["bcast", "scatter", "gather", "reduce"].includes(operation) ? { root } : {};

const faults: readonly Fault[] = [
  {
    name: "a root that does not exist",
    fits: ({ operation }) => ["bcast", "scatter", "gather", "reduce"].includes(operation),
    call: (world, drawn, mine) =>
      callBy(world, drawn.operation, argument(drawn, mine, world.size), { root: world.size }, sum),
  },
  {
    name: "a value that cannot travel",
    fits: gives,
    call(world, drawn, mine) {
      const value = drawn.inParts ? parts(mine, world.size) : undefined;
      if (value !== undefined) value[(world.rank + 1) % world.size] = () => 1;
      return callBy(world, drawn.operation, value ?? (() => () => 1), options(drawn), sum);
    },
  },
  {
    name: "one part too many",
    fits: (drawn, rank) => drawn.inParts && gives(drawn, rank),
    call: (world, drawn, mine) =>
      callBy(world, drawn.operation, [...parts(mine, world.size), new Int32Array(1)], options(drawn), sum),
  },
  {
    name: "an `into` that is too short",
    fits: (drawn, rank) => drawn.gets(rank) !== undefined,
    call: (world, drawn, mine) =>
      callBy(
        world,
        drawn.operation,
        gives(drawn, world.rank) ? argument(drawn, mine, world.size) : undefined,
        { ...options(drawn), into: new Int32Array((drawn.gets(world.rank) as number[]).length - 1) },
        sum,
      ),
  },
  {
    name: "an array of another length",
    fits: ({ operation }, rank) => (operation === "reduce" || operation === "scan") && rank >= 0,
    call: (world, drawn, mine) => callBy(world, drawn.operation, new Int32Array(mine.length + 1), options(drawn), sum),
  },
  {
    name: "a signal that has aborted before",
    fits: () => true,
    call: (world, drawn, mine) =>
      callBy(
        world,
        drawn.operation,
        gives(drawn, world.rank) ? argument(drawn, mine, world.size) : undefined,
        { ...options(drawn), signal: AbortSignal.abort(new Error("never mind")) },
        sum,
      ),
  },
  {
    name: "a signal that aborts meanwhile",
    fits: () => true,
    call(world, drawn, mine) {
      const controller = new AbortController();
      setImmediate(() => controller.abort(new Error("never mind")));
      return drawn.call(world, mine, { signal: controller.signal });
    },
  },
];

/** Which faults have their rank resolve, too: it may have all it needs before its signal aborts, or be told nothing is wrong. */
const mayResolve = new Set(["a signal that aborts meanwhile", "an array of another length"]);

export const cases: Case[] = [
  {
    name: "a collective that fails on one rank gives right values or errors on the others, and the next ones work",
    heavy: true,
    from: 2,
    async program(world) {
      const { rank, size } = world;
      for (let round = 0; round < 24; round++) {
        const random = new Random(77 + round);
        const drawn = draw(random, size, round);
        const faulty = random.between(0, size - 1);
        const fault = random.pick(faults.filter((each) => each.fits(drawn, faulty)));
        const what = `round ${round}: ${fault.name} on rank ${faulty} in ${drawn.operation} of ${drawn.length}`;
        const mine = Int32Array.from(elements(round, rank, drawn.gives(rank)));
        const outcome = await (rank === faulty ? fault.call(world, drawn, mine) : drawn.call(world, mine, {})).then(
          (value) => ({ got: flat(value) }),
          (error: unknown) => ({ error }),
        );
        mine.fill(-1); // what was lent is the caller's own again, whatever became of the call
        if ("error" in outcome) {
          const { error } = outcome;
          assert.ok(error instanceof MpiError, `${what}: ${String(error)}`);
          assert.ok(error.message.length < 600, `${what}: ${error.message}`);
        } else {
          if (rank === faulty) assert.ok(mayResolve.has(fault.name), `${what} was not noticed there`);
          else assert.deepEqual(outcome.got, drawn.gets(rank), what);
        }
        assert.equal(await world.allreduce(1, sum), size, `after ${what}`);
        assert.equal(await world.bcast(round, { root: round % size }), round, `after ${what}`);
      }
    },
  },
  {
    name: "after ranks were in different collectives, no collective of that communicator works on any rank",
    from: 2,
    async program(world) {
      await using mistaken = await world.dup();
      const mismatch = (error: unknown): boolean => error instanceof MpiError && error.code === "mismatch";
      const first = world.rank === 0 ? mistaken.bcast(1) : mistaken.allreduce(1, sum);
      // The root of a broadcast may be through with it before anybody has come to another collective.
      if (world.rank === 0) await first.catch((error) => assert.ok(mismatch(error)));
      else await assert.rejects(first, mismatch);
      for (let round = 0; round < 3; round++) {
        await assert.rejects(mistaken.barrier(), (error: Error) => mismatch(error) && error.message.length < 600);
      }
      assert.equal(await world.allreduce(1, sum), world.size, "other communicators work");
    },
  },
];
