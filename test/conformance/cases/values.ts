import { strict as assert } from "node:assert";
import {
  band,
  bor,
  bxor,
  type Communicator,
  createOp,
  land,
  lor,
  lxor,
  max,
  maxloc,
  min,
  minloc,
  prod,
  type Reducer,
  sum,
} from "tsmpi";
import type { Case } from "../case.ts";
import { mpiError } from "./point-to-point.ts";
import { table, type ValueRow } from "./value-table.ts";

const left = ({ rank, size }: Communicator): number => (rank + size - 1) % size;
const right = ({ rank, size }: Communicator): number => (rank + 1) % size;
const ranks = ({ size }: Communicator): number[] => Array.from({ length: size }, (_, rank) => rank);

const simple = [
  null,
  undefined,
  true,
  false,
  -7,
  0,
  2 ** 31,
  Number.MAX_SAFE_INTEGER,
  -2.17,
  2n ** 80n,
  "",
  "tsmpi",
  "grüße 🚀",
];

/** One of each kind of thing that programs send. */
const values: readonly unknown[] = [
  ...simple,
  [...simple],
  Object.fromEntries(simple.map((value, i) => [`k${i}`, value])),
  new Map(simple.map((value, i) => [i, value])),
  new Set(simple),
  [[], [[]], {}, { a: { b: { c: [] } } }],
  new Float64Array([1.5, -0, Number.NaN]),
  { step: 3, field: new Float32Array(5000).fill(2), names: ["x", "y"] },
  [new Uint8Array(70_000).fill(5), "between", new Uint8Array(3)],
  new Date(0),
  new RangeError("far"),
];

const constructors = [
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
] as const;

/** What arrives of `value`, by message and within a collective, is what the row says; or both are refused. */
export async function travels(world: Communicator, { check, refused }: ValueRow, value: unknown): Promise<void> {
  const around = { dest: right(world), source: left(world) };
  if (refused !== undefined) {
    await assert.rejects(world.sendrecv(value, around), mpiError("unserializable", refused));
    await assert.rejects(world.allgather(value), mpiError("unserializable", refused));
    return;
  }
  const root = world.size - 1;
  const arrived = [
    await world.sendrecv(value, around),
    await world.sendrecv(value, { dest: world.rank, source: world.rank }),
    ...(await world.allgather(value)),
    await world.scatter(ranks(world).map(() => value)),
  ];
  const cast = await world.bcast(world.rank === root ? value : undefined, { root });
  if (world.rank !== root) arrived.push(cast);
  for (const each of arrived) {
    if (check === undefined) assert.deepStrictEqual(each, structuredClone(value));
    else check(each as never, value as never);
  }
}

/** Whether what structuredClone does with `value` is what the row says. */
export function isAsCloned({ check, refused }: ValueRow, value: unknown): boolean {
  try {
    const clone = structuredClone(value);
    if (refused === undefined) check?.(clone as never, value as never);
    return refused === undefined;
  } catch {
    return refused !== undefined;
  }
}

export const cases: Case[] = [
  ...table
    .filter(({ apart }) => apart === undefined)
    .map((row) => ({
      name: `as docs/values.md has it: ${row.kind}`,
      orders: false,
      async program(world: Communicator) {
        for (const value of row.values()) {
          assert.equal(isAsCloned(row, value), row.same, "structuredClone");
          await travels(world, row, value);
        }
      },
    })),
  {
    name: "a Buffer fills a Uint8Array and the other way round, wherever an array is filled",
    async program(world) {
      const { rank, size } = world;
      const around = { dest: right(world), source: left(world) };
      for (const length of [0, 3, 700, 1500, 70_000]) {
        for (const [from, to] of [[Buffer, Uint8Array] as const, [Uint8Array, Buffer] as const]) {
          const make = (Kind: typeof Buffer | typeof Uint8Array, n: number, fill = 0): Uint8Array =>
            Kind === Buffer ? Buffer.alloc(n, fill) : new Uint8Array(n).fill(fill);
          const mine = make(from, length, rank + 1);
          const filled = async (n: number, call: (into: Uint8Array) => Promise<unknown>, by: readonly number[]) => {
            const into = make(to, n);
            assert.equal(await call(into), into);
            assert.ok(Buffer.concat(by.map((each) => Buffer.alloc(length, each))).equals(into));
          };
          const everybody = ranks(world).map((r) => r + 1);
          await filled(length, (into) => world.sendrecv(mine, { ...around, into }), [left(world) + 1]);
          await filled(length, (into) => world.bcast(rank === 0 ? mine : into, { into }), [1]);
          await filled(length * size, (into) => world.allgather(mine, { into }), everybody);
          await filled(
            length,
            (into) =>
              world.scatter(
                everybody.map(() => mine),
                { into },
              ),
            [1],
          );
          const total = everybody.reduce((a, b) => a + b);
          await filled(length, (into) => world.allreduce(mine, sum, { into }), [total]);
          await filled(length, (into) => world.scan(mine, max, { into }), [rank + 1]);
          await filled(
            length,
            (into) =>
              world.reduceScatter(
                everybody.map(() => mine),
                sum,
                { into },
              ),
            [total],
          );
        }
      }
    },
  },
  {
    name: "a reduction gives the same kind of result on one rank, and on the first one, as on many",
    async program(world) {
      const { rank } = world;
      const same = <T>(value: T): T[] => ranks(world).map(() => value);
      const check = async <T>(value: T, op: Reducer<T>, expected: T): Promise<void> => {
        assert.deepStrictEqual(await world.allreduce(value, op), expected);
        assert.deepStrictEqual(await world.reduce(value, op), rank === 0 ? expected : undefined);
        assert.deepStrictEqual(await world.reduceScatter(same(value), op), expected);
        assert.deepStrictEqual(await world.scan(value, op), expected);
        assert.deepStrictEqual(await world.exscan(value, op), rank === 0 ? undefined : expected);
      };
      for (const op of [land, lor]) {
        await check<unknown>(5, op as Reducer<unknown>, 1);
        await check<unknown>(Number.NaN, op as Reducer<unknown>, 0);
        await check<unknown>(-0, op as Reducer<unknown>, 0);
        await check<unknown>(7n, op as Reducer<unknown>, 1n);
        await check<unknown>(true, op as Reducer<unknown>, true);
        await check<unknown>([5, [true, 0n]], op as Reducer<unknown>, [1, [true, 0n]]);
        await check<unknown>(new Float64Array([2.5, 0]), op as Reducer<unknown>, new Float64Array([1, 0]));
        await check<unknown>(new BigInt64Array([-3n, 0n]), op as Reducer<unknown>, new BigInt64Array([1n, 0n]));
        const large = new Int16Array(40_000).fill(9);
        await check<unknown>(
          large,
          op as Reducer<unknown>,
          large.map(() => 1),
        );
      }
      for (const op of [band, bor]) {
        await check<unknown>(2 ** 31, op as Reducer<unknown>, -(2 ** 31));
        await check<unknown>([4_294_967_295], op as Reducer<unknown>, [-1]);
        await check<unknown>(
          new Uint32Array([4_294_967_295]),
          op as Reducer<unknown>,
          new Uint32Array([4_294_967_295]),
        );
        await check<unknown>(2n ** 70n, op as Reducer<unknown>, 2n ** 70n);
      }
      for (const op of [min, max]) {
        await check<unknown>(Number.NaN, op as Reducer<unknown>, Number.NaN);
        await check<unknown>(-0, op as Reducer<unknown>, -0);
      }
      await check<unknown>([3, 7], minloc as Reducer<unknown>, [3, 7]);
      await check<unknown>({ value: 3, index: 7 }, maxloc as Reducer<unknown>, { value: 3, index: 7 });
      // These add up: the first rank's own value is where the kind shows.
      const odd = world.size % 2;
      assert.equal(await world.allreduce(5, lxor), odd);
      assert.equal(await world.scan(5, lxor), (rank + 1) % 2);
      assert.equal(await world.exscan(5, lxor), rank === 0 ? undefined : rank % 2);
      assert.equal(await world.allreduce(2 ** 31, bxor), odd ? -(2 ** 31) : 0);
      class Field extends Float64Array {}
      const field: Float64Array = await world.allreduce(new Field(3), sum);
      assert.equal(Object.getPrototypeOf(field), Float64Array.prototype);
    },
  },
  {
    name: "arrays nested too deep for an operation are refused by name; a hole among parts is undefined",
    async program(world) {
      let deep: unknown = 1;
      for (let i = 0; i < 100_000; i++) deep = [deep];
      const told = mpiError("invalid-argument", /sum takes arrays nested up to 500 levels deep/);
      await assert.rejects(world.allreduce(deep as number, sum), told);
      await assert.rejects(world.scan(deep as number, sum), told);
      const parts = ranks(world).map(() => 1);
      delete parts[world.size - 1];
      const isLast = world.rank === world.size - 1;
      assert.equal(await world.scatter(parts), isLast ? undefined : 1);
      assert.deepEqual(await world.alltoall(parts), Array(world.size).fill(isLast ? undefined : 1));
      await assert.rejects(world.reduceScatter(parts, sum), mpiError("invalid-argument", /the value is undefined/));
      assert.equal(await world.allreduce(1, sum), world.size);
    },
  },
  {
    name: "every kind of value goes to a neighbour, to oneself and there and back again",
    async program(world) {
      for (const value of values) {
        const around = { dest: right(world), source: left(world) };
        const received = await world.sendrecv(value, around);
        assert.deepEqual(received, value);
        assert.deepEqual(await world.sendrecv(received, { dest: left(world), source: right(world) }), value);
        assert.deepEqual(await world.sendrecv(value, { dest: world.rank, source: world.rank }), value);
      }
    },
  },
  {
    name: "every kind of value goes through every collective that moves values",
    async program(world) {
      const root = world.size - 1;
      for (const value of values) {
        const each = ranks(world).map(() => value);
        const mine = world.rank === root ? value : undefined;
        assert.deepEqual(await world.bcast(mine, { root }), value);
        assert.deepEqual(await world.scatter(each), value);
        assert.deepEqual(await world.gather(value, { root }), world.rank === root ? each : undefined);
        assert.deepEqual(await world.allgather(value), each);
        assert.deepEqual(await world.alltoall(each), each);
      }
    },
  },
  {
    name: "what collectives give is one's own: changing it changes nobody else's, nor what was given",
    async program(world) {
      const given = { list: [world.rank], array: new Float64Array([world.rank]) };
      const all = await world.allgather(given);
      for (const each of all) {
        each.list.push(99);
        each.array[0] = 99;
      }
      assert.deepEqual(given, { list: [world.rank], array: new Float64Array([world.rank]) });
      const shared = await world.bcast(given);
      shared.list.push(7);
      await world.barrier();
      assert.deepEqual(shared.list, [0, 7]);
      assert.equal(shared === given, world.rank === 0, "the root keeps what it gave");
    },
  },
  {
    name: "objects with large arrays inside go every way there is, many at once",
    async program(world) {
      const { rank, size } = world;
      const thing = (from: number): object => ({
        from,
        rows: [new Float64Array(20_000).fill(from), new Uint8Array(3).fill(from)],
        more: new Map([["image", new Uint8Array(300_000).fill(from)]]),
      });
      const around = { dest: right(world), source: left(world) };
      const sends = [0, 1, 2].map((tag) => world.send(thing(rank), { dest: right(world), tag, sync: tag === 1 }));
      assert.deepEqual(await world.recv({ source: around.source, tag: 2 }), thing(left(world)));
      assert.deepEqual(await world.recv({ probed: await world.probe({ tag: 1 }) }), thing(left(world)));
      assert.deepEqual(await world.recv(), thing(left(world)));
      await Promise.all(sends);
      assert.deepEqual(await world.sendrecv(thing(rank), around), thing(left(world)));

      const root = size - 1;
      const all = ranks(world).map(thing);
      const ring = await world.graph({ destinations: [right(world)] });
      const outcomes = await Promise.all([
        world.bcast(() => thing(7), { root }),
        world.scatter(() => all, { root }),
        world.gather(thing(rank), { root }),
        world.allgather(thing(rank)),
        world.alltoall(ranks(world).map(() => thing(rank))),
        ring.neighborAllgather(thing(rank)),
        ring.neighborAlltoall([thing(rank)]),
      ]);
      const theirs = [thing(left(world))];
      assert.deepEqual(outcomes, [thing(7), thing(rank), rank === root ? all : undefined, all, all, theirs, theirs]);
    },
  },
  {
    name: "objects with arrays inside reduce by a function, in the order of ranks",
    async program(world) {
      const { rank, size } = world;
      const mine = { ranks: [rank], total: new Float64Array(5000).fill(1) };
      const add = (a: typeof mine, b: typeof mine): typeof mine => ({
        ranks: [...a.ranks, ...b.ranks],
        total: a.total.map((x, i) => x + (b.total[i] as number)),
      });
      const upTo = (count: number): typeof mine => ({
        ranks: ranks(world).slice(0, count),
        total: new Float64Array(5000).fill(count),
      });
      assert.deepEqual(await world.allreduce(mine, add), upTo(size));
      assert.deepEqual(await world.reduce(mine, add, { root: size - 1 }), rank === size - 1 ? upTo(size) : undefined);
      assert.deepEqual(await world.scan(mine, add), upTo(rank + 1));
      assert.deepEqual(await world.exscan(mine, add), rank === 0 ? undefined : upTo(rank));
      assert.deepEqual(mine, { ranks: [rank], total: new Float64Array(5000).fill(1) });
    },
  },
  {
    name: "arrays of no elements move and reduce",
    async program(world) {
      const none = new Float64Array(0);
      assert.deepEqual(await world.allreduce(none, sum), none);
      assert.deepEqual(await world.allgather(none, { into: new Float64Array(0) }), none);
      assert.deepEqual(
        await world.alltoall(ranks(world).map(() => none)),
        ranks(world).map(() => none),
      );
      assert.deepEqual(
        await world.reduceScatter(
          ranks(world).map(() => none),
          sum,
        ),
        none,
      );
      assert.deepEqual(await world.scan(none, max), none);
      assert.deepEqual(await world.sendrecv(none, { dest: right(world), source: left(world) }), none);
      assert.deepEqual(await world.allreduce([], sum), []);
    },
  },
  {
    name: "parts of many lengths come together in one array, behind each other in the order of ranks",
    async program(world) {
      for (const Kind of constructors) {
        const mine = new Kind(world.rank + 1).fill(world.rank);
        const whole = new Kind(ranks(world).flatMap((rank) => Array<number>(rank + 1).fill(rank)));
        const into = new Kind(whole.length + 2).fill(77);
        const all = await world.allgather(mine, { into });
        assert.equal(all, into);
        assert.deepEqual(into, new Kind([...whole, 77, 77]));
        for (const root of [0, world.size - 1]) {
          const gathered = await world.gather(mine, { root, into: new Kind(whole.length) });
          assert.deepEqual(gathered, world.rank === root ? whole : undefined);
        }
        const exchanged = await world.alltoall(
          ranks(world).map((to) => new Kind(to + 1).fill(world.rank)),
          { into: new Kind(world.size * (world.rank + 1)) },
        );
        assert.deepEqual(exchanged, new Kind(ranks(world).flatMap((from) => Array<number>(world.rank + 1).fill(from))));
      }
    },
  },
  {
    name: "a part may be a view of a larger array, given and taken",
    async program(world) {
      const board = new Float64Array(world.size * 4).fill(-1);
      const row = board.subarray(world.rank * 4, world.rank * 4 + 4).fill(world.rank);
      await world.allgather(row, { into: board });
      assert.deepEqual(board, Float64Array.from(ranks(world).flatMap((rank) => [rank, rank, rank, rank])));
      const parts = ranks(world).map((to) => board.subarray(to * 4, to * 4 + 2));
      assert.deepEqual(await world.scatter(parts), new Float64Array([world.rank, world.rank]));
      const middle = board.subarray(1, 3);
      await world.sendrecv(new Float64Array([8, 9]), { dest: right(world), source: left(world), into: middle });
      assert.deepEqual([...board.subarray(0, 4)], [0, 8, 9, 0]);
    },
  },
  {
    name: "prefixes and combined parts go into the caller's array, also in place",
    async program(world) {
      const { rank, size } = world;
      const mine = new Float64Array([rank, 1]);
      const into = new Float64Array(3);
      assert.equal(await world.scan(mine, sum, { into }), into);
      assert.deepEqual(into, new Float64Array([(rank * (rank + 1)) / 2, rank + 1, 0]));
      const below = await world.exscan(mine, sum, { into: mine });
      assert.equal(below, rank === 0 ? undefined : mine);
      assert.deepEqual(mine, new Float64Array(rank === 0 ? [0, 1] : [(rank * (rank - 1)) / 2, rank]));
      const parts = ranks(world).map((to) => new Int32Array([to, rank]));
      const part = parts[rank] as Int32Array;
      assert.equal(await world.reduceScatter(parts, max, { into: part }), part);
      assert.deepEqual(part, new Int32Array([rank, size - 1]));
    },
  },
  {
    name: "an array to gather or reduce into is needed at the root alone",
    async program(world) {
      const root = world.size - 1;
      const all = world.rank === root ? new Float64Array(world.size) : undefined;
      const mine = new Float64Array([world.rank]);
      assert.equal(await world.gather(mine, { root, into: all }), all);
      assert.deepEqual(all, all && Float64Array.from(ranks(world)));
      const total = world.rank === root ? new Float64Array(1) : undefined;
      assert.equal(await world.reduce(mine, max, { root, into: total }), total);
      assert.deepEqual(total, total && new Float64Array([world.size - 1]));
    },
  },
  {
    name: "into an array of the wrong type, or too short, is refused on every rank, and nothing is written",
    async program(world) {
      const mine = new Float64Array([world.rank, 1]);
      const short = new Float64Array(2 * world.size - 1);
      await assert.rejects(world.allgather(mine, { into: short }), mpiError("mismatch", /elements.*room for/));
      assert.ok(short.every((x) => x === 0));
      const wrong = new Int32Array(100) as unknown as Float64Array;
      await assert.rejects(
        world.allreduce(mine, sum, { into: wrong }),
        mpiError("mismatch", /Float64Array.*Int32Array/),
      );
      await assert.rejects(world.bcast(mine, { into: wrong }), mpiError("mismatch", /Float64Array.*Int32Array/));
      await assert.rejects(
        world.scatter(
          ranks(world).map(() => mine),
          { into: wrong },
        ),
        mpiError("mismatch"),
      );
      assert.equal(await world.allreduce(1, sum), world.size);
    },
  },
  {
    name: "positional arguments, as other systems have them, are refused by name instead of meaning something else",
    async program(world) {
      const loose = world as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>;
      const mine = new Float64Array(2);
      const mistakes: [string, unknown[], RegExp][] = [
        ["recv", [3], /recv\(\).*: the options are 3, but they are an object/],
        ["recv", [null], /the options are null/],
        ["recv", [mine], /the options are a Float64Array/],
        ["probe", [0], /the options are 0/],
        ["send", [1], /send\(\).*: the options are undefined/],
        ["send", [1, 2], /the options are 2/],
        ["sendrecv", [1, 2, 3], /the options are 2/],
        ["recv", [{ signal: "soon" }], /signal is "soon", but it is an AbortSignal/],
        ["recv", [{ into: [1, 2] }], /`into` is an array of 2, but it is a typed array/],
        ["bcast", [1, 2], /bcast\(\).*: the options are 2/],
        ["gather", [mine, new Float64Array(2)], /the options are a Float64Array/],
        ["reduce", [1, sum, 0], /the options are 0/],
        ["gather", [1, { root: null }], /root is null/],
        ["barrier", [{ signal: null }], /signal is null/],
        ["split", [0, 5], /the options are 5/],
        ["cart", [4], /dims is 4, but it is an array of extents/],
        ["cart", [[world.size], [true]], /the options are an array of 1/],
        ["graph", [1], /neighbours are an array of ranks, not 1/],
        ["subset", [1], /ranks is 1, but it is a list of ranks or a group/],
        ["intercomm", [{ remoteLeader: 0 }], /bridge is undefined, but it is a communicator/],
      ];
      for (const [method, args, message] of mistakes) {
        await assert.rejects(async () => loose[method]?.(...args), mpiError("invalid-argument", message));
      }
      assert.equal(await world.iprobe(), undefined);
      assert.equal(await world.allreduce(1, sum), world.size);
    },
  },
  {
    name: "options that make no sense on one rank fail the collective on all",
    from: 2,
    async program(world) {
      const wrong = world.rank === 1 ? ({ signal: "soon" } as unknown as { signal: AbortSignal }) : {};
      await assert.rejects(world.allreduce(1, sum, wrong), mpiError("invalid-argument", /signal is "soon"/));
      assert.equal(await world.allreduce(1, sum), world.size);
    },
  },
  {
    name: "roots that differ are told, on every rank, at once or by one of its next calls",
    from: 2,
    async program(world) {
      const root = world.rank === 0 ? 0 : 1;
      const mistakes: ((comm: Communicator) => Promise<unknown>)[] = [
        (comm) => comm.gather(1, { root }),
        (comm) => comm.reduce(1, sum, { root }),
        (comm) => comm.bcast(1, { root }),
        (comm) => comm.scatter(ranks(comm), { root }),
      ];
      for (const mistake of mistakes) {
        const comm = await world.dup();
        // A message between two ranks may be late, and tells of itself then: barriers do not wait for it.
        const told = async (): Promise<void> => {
          await mistake(comm);
          for (let i = 0; i < 5; i++) await comm.barrier();
        };
        await assert.rejects(told, mpiError("mismatch", /in \w+\(\{ root: [01] \}\)( at \S+:\d+)? instead/));
      }
      assert.equal(await world.allreduce(1, sum), world.size);
    },
  },
  {
    name: "ranks that combine with different operations are told so, at once or by one of their next calls",
    from: 2,
    async program(world) {
      const op = world.rank === 0 ? sum : max;
      const own = world.rank === 0 ? sum : (a: number, b: number): number => a + b;
      const mistakes: ((comm: Communicator) => Promise<unknown>)[] = [
        (comm) => comm.reduce(1, op),
        (comm) => comm.allreduce(1, op),
        (comm) => comm.allreduce(new Float64Array(100_000), op),
        (comm) => comm.reduceScatter(ranks(comm), op),
        (comm) => comm.scan(1, op),
        (comm) => comm.exscan(1, op),
        (comm) => comm.allreduce(1, own),
      ];
      for (const mistake of mistakes) {
        const comm = await world.dup();
        const told = async (): Promise<void> => {
          await mistake(comm);
          for (let i = 0; i < 5; i++) await comm.barrier();
        };
        const message = /combines with (sum|max|a function).*, this one with (sum|max|a function); all ranks must/;
        await assert.rejects(told, mpiError("mismatch", message));
      }
      assert.equal(await world.allreduce(1, sum), world.size);
    },
  },
  {
    name: "operations know where a value was, and keep the order of ranks",
    async program(world) {
      const { rank, size } = world;
      assert.deepEqual(await world.allreduce([5, rank], minloc), [5, 0]);
      assert.deepEqual(await world.allreduce([5, rank], maxloc), [5, 0]);
      assert.deepEqual(await world.allreduce({ value: 9 - rank, index: rank }, minloc), {
        value: 10 - size,
        index: size - 1,
      });
      const first = createOp<string>((a, _b) => a, { name: "first" });
      const last = createOp<string>((_a, b) => b, { name: "last" });
      assert.equal(await world.allreduce(`r${rank}`, first), "r0");
      assert.equal(await world.allreduce(`r${rank}`, last), `r${size - 1}`);
      assert.equal(await world.scan(`r${rank}`, last), `r${rank}`);
      assert.equal(await world.exscan(`r${rank}`, last), rank === 0 ? undefined : `r${rank - 1}`);
      const merge = (a: Record<string, number>, b: Record<string, number>): Record<string, number> => ({ ...a, ...b });
      assert.deepEqual(
        await world.allreduce({ [`k${rank}`]: rank }, merge),
        Object.fromEntries(ranks(world).map((r) => [`k${r}`, r])),
      );
    },
  },
  {
    name: "all eleven typed arrays reduce element by element, also by a function",
    async program(world) {
      const { rank, size } = world;
      for (const Kind of constructors) {
        const mine = Kind.from([rank, 1, rank % 2]);
        assert.deepEqual(await world.allreduce(mine, max), Kind.from([size - 1, 1, size > 1 ? 1 : 0]));
        assert.deepEqual(await world.allreduce(mine, min), Kind.from([0, 1, 0]));
        assert.deepEqual(
          await world.allreduce(mine, (a: number, b: number) => a + b),
          await world.allreduce(mine, sum),
        );
        assert.deepEqual(await world.scan(mine, prod), Kind.from([0, 1, 0]));
      }
      for (const Kind of [BigInt64Array, BigUint64Array] as const) {
        const mine = Kind.from([BigInt(rank), 1n]);
        assert.deepEqual(await world.allreduce(mine, sum), Kind.from([BigInt((size * (size - 1)) / 2), BigInt(size)]));
        const [part] = await world.reduceScatter(
          ranks(world).map(() => mine),
          max,
        );
        assert.equal(part, BigInt(size - 1));
      }
    },
  },
  {
    name: "collectives of all kinds are under way at once, on two communicators, and each gets its own",
    async program(world) {
      const twin = await world.dup();
      const { rank, size } = world;
      const round = (comm: Communicator, i: number): Promise<unknown>[] => [
        comm.allreduce(i, sum),
        comm.bcast(() => `b${i}`, { root: i % size }),
        comm.allgather(rank + i),
        comm.barrier(),
        comm.scatter(() => ranks(world).map((r) => r * i), { root: i % size }),
        comm.alltoall(ranks(world).map((to) => [rank, to, i])),
        comm.scan(i, sum),
        comm.gather(i, { root: i % size }),
      ];
      const expected = (i: number): unknown[] => [
        i * size,
        `b${i}`,
        ranks(world).map((r) => r + i),
        undefined,
        rank * i,
        ranks(world).map((from) => [from, rank, i]),
        i * (rank + 1),
        rank === i % size ? ranks(world).map(() => i) : undefined,
      ];
      const rounds = [0, 1, 2, 3, 4].flatMap((i) => [...round(world, i), ...round(twin, i)]);
      assert.deepEqual(
        await Promise.all(rounds),
        [0, 1, 2, 3, 4].flatMap((i) => [...expected(i), ...expected(i)]),
      );
    },
  },
  {
    name: "an array arrives in memory of its own, which holds it and nothing else",
    async program(world) {
      const lengths = [1, 100, 600, 5000, 8192, 16_384, 20_000, 70_000];
      const part = (length: number): Float64Array => new Float64Array(length + 7).fill(length).subarray(3, length + 3);
      const sent = lengths.map((length) => world.send(part(length), { dest: right(world) }));
      const received: Float64Array[] = [];
      for (const _ of lengths) received.push(await world.recv({ source: left(world) }));
      await Promise.all(sent);
      for (const length of lengths) {
        received.push(await world.sendrecv(part(length), { dest: right(world), source: left(world) }));
      }
      assert.deepEqual(
        received.map(({ length, buffer: { byteLength } }) => [length, byteLength]),
        [...lengths, ...lengths].map((length) => [length, 8 * length]),
      );
      received.forEach((array, i) => assert.ok(array.every((element) => element === lengths[i % lengths.length])));
    },
  },
  {
    name: "what cannot travel is refused by its path in every call that would send it",
    async program(world) {
      const bad = { jobs: [{ deep: { onDone: () => 1 } }] };
      const refused = mpiError("unserializable", /jobs\[0\]\.deep\.onDone is a function/);
      await assert.rejects(world.send(bad, { dest: right(world) }), refused);
      await assert.rejects(world.sendrecv(bad, { dest: right(world), source: left(world) }), refused);
      await assert.rejects(world.allgather(bad), refused);
      await assert.rejects(world.alltoall(ranks(world).map(() => bad)), refused);
      await assert.rejects(world.bcast(bad), refused);
      await assert.rejects(world.gather(bad), refused);
      await assert.rejects(world.scatter(ranks(world).map(() => bad)), refused);
      assert.equal(await world.allreduce(1, sum), world.size);
    },
  },
];
