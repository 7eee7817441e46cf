import assert from "node:assert/strict";
import { expect, test } from "vitest";
import { decode, encode } from "../../../../../packages/core/src/wire/codec/codec.ts";
import { registerClass } from "../../../../../packages/core/src/wire/codec/registered-classes.ts";
import { arrived, refusal, roundTrip } from "./codec-support.ts";

class Vector {
  readonly x: number;
  readonly y: number;
  #made = true;
  constructor(x: number, y: number) {
    this.x = x;
    this.y = y;
  }
  get made(): boolean {
    return this.#made;
  }
}
class Link {
  readonly id: number;
  next: unknown;
  constructor(id: number, next: unknown) {
    this.id = id;
    this.next = next;
  }
  get length(): number {
    return this.next instanceof Link ? 2 : 1;
  }
}
class Table extends Map<string, number> {
  total(): number {
    return [...this.values()].reduce((a, b) => a + b, 0);
  }
}
class Failure extends Error {
  readonly step: number;
  constructor(step: number, cause: unknown) {
    super(`step ${step}`, { cause });
    this.step = step;
  }
}
registerClass(Vector, { write: (v) => [v.x, v.y], read: ([x, y]) => new Vector(x, y) });
registerClass(Link, { write: ({ id, next }) => ({ id, next }), read: ({ id, next }) => new Link(id, next) });
registerClass(Table, { write: (table) => [...table], read: (entries) => new Table(entries) });
registerClass(Failure, { write: (e) => ({ step: e.step, cause: e.cause }), read: (e) => new Failure(e.step, e.cause) });

test("instances of registered classes arrive as instances, private fields, built-ins and errors too", () => {
  const { v, table, failure } = roundTrip({
    v: new Vector(1, -0),
    table: new Table([["a", 2]]),
    failure: new Failure(3, new Vector(5, 6)),
  });
  assert.ok(v instanceof Vector && v.made && Object.is(v.y, -0));
  assert.ok(table instanceof Table);
  expect(table.total()).toBe(2);
  assert.ok(failure instanceof Failure && failure.cause instanceof Vector);
  expect(roundTrip(new Vector(3, 4))).toMatchObject({ x: 3, y: 4 });
});

test("an instance that occurs twice arrives as one, wherever it occurs first", () => {
  const shared = new Vector(1, 2);
  const [a, b, map] = roundTrip([{ deep: [shared] }, shared, new Map([[shared, new Link(7, shared)]])] as const);
  expect(a.deep[0]).toBe(b);
  const [[key, link] = []] = [...map];
  expect(key).toBe(b);
  expect(link?.next).toBe(b);
});

test("read gets complete data, also where objects hold each other", () => {
  const seen: unknown[] = [];
  class Watcher {
    data: unknown;
    constructor(data: unknown) {
      this.data = data;
    }
  }
  registerClass(Watcher, {
    write: (w) => w.data,
    read: (data) => {
      seen.push(structuredClone(data));
      return new Watcher(data);
    },
  });
  const ring: { name: string; other?: object; arrays: unknown } = { name: "a", arrays: [[1], new Float64Array(9000)] };
  ring.other = { name: "b", back: ring };
  const { watcher, again } = roundTrip({ again: ring, watcher: new Watcher(ring) });
  assert.deepStrictEqual(seen, [ring]);
  expect(watcher.data).toBe(again);
});

test("a chain of 100 000 instances works", () => {
  let chain = new Link(0, undefined);
  for (let i = 1; i < 100_000; i++) chain = new Link(i, chain);
  let links = 0;
  for (let at: unknown = roundTrip(chain); at instanceof Link; at = at.next) links++;
  expect(links).toBe(100_000);
});

test("an instance that holds itself is refused with its path", () => {
  const link = new Link(1, undefined);
  link.next = { list: [link] };
  expect(refusal({ job: [link] })).toMatch(
    /^data\.job\[0\] is an instance of Link that holds itself, or is written as one; let write\(\)/,
  );
  class Copied {
    x = 1;
  }
  registerClass(Copied, { write: () => new Copied(), read: (copied) => copied });
  expect(refusal([new Copied()])).toMatch(
    /^data\[0\] is an instance of Copied that holds itself, or is written as one/,
  );
});

test("if the data of an instance is refused, or write throws, the path leads to the instance", () => {
  expect(refusal({ v: new Link(1, () => 1) })).toMatch(/^data\.v\.next is a function/);
  class Closed {
    open(): void {}
  }
  registerClass(Closed, {
    write: () => {
      throw new Error("closed");
    },
    read: () => new Closed(),
  });
  expect(refusal([new Closed()])).toBe("data[0] cannot be read (closed); send data that can");
});

test("an instance of a subclass is refused until that is registered, too", () => {
  class Vector3 extends Vector {
    readonly z: number = 3;
  }
  const message =
    "data is an instance of Vector3, which extends the registered class Vector; registerClass(Vector3, ...) too";
  expect(refusal(new Vector3(1, 2))).toBe(message);
  registerClass(Vector3, { write: (v) => [v.x, v.y], read: ([x, y]) => new Vector3(x, y) });
  expect(roundTrip(new Vector3(1, 2))).toBeInstanceOf(Vector3);
});

test("a class that was sent before it is registered travels as an instance from then on", () => {
  class Late {
    x = 1;
    norm(): number {
      return this.x;
    }
  }
  expect(roundTrip(new Late())).not.toBeInstanceOf(Late);
  registerClass(Late, { write: () => null, read: () => new Late() });
  expect(roundTrip([new Late()])[0]).toBeInstanceOf(Late);
});

test("an error that read throws names the class", () => {
  class Odd {
    x = 1;
  }
  registerClass(Odd, {
    write: () => 1,
    read: () => {
      throw new RangeError("no such thing");
    },
  });
  expect(() => decode(arrived(encode(new Odd())))).toThrow(
    /registerClass\(Odd\): read\(\) threw on this rank: no such thing/,
  );
});

test("classes that cannot be registered are refused by name", () => {
  const both = { write: () => 1, read: () => new Vector(0, 0) };
  const loose = registerClass as (...args: unknown[]) => void;
  const mistakes: [unknown[], RegExp][] = [
    [[Vector], /registerClass\(Vector\): write is undefined; give \{ write/],
    [[Vector, { write: both.write }], /read is undefined/],
    [[Vector, { ...both, name: "V" }], /there is no option name; the options are write and read/],
    [[{}, both], /an Object is no class/],
    [[class {}, both], /the class has no name/],
    [[class Vector {}, both], /another class named Vector is registered/],
    [
      [class List extends Array {}, both],
      /arrays, typed arrays and buffers travel as their elements; let List hold one/,
    ],
    [[class Field extends Float64Array {}, both], /let Field hold one/],
    [[Map, both], /Map belongs to the platform/],
    [[AbortController, both], /AbortController belongs to the platform/],
  ];
  for (const [args, message] of mistakes) {
    expect(() => loose(...args)).toThrow(
      expect.objectContaining({ code: "invalid-argument", message: expect.stringMatching(message) }),
    );
  }
  registerClass(Vector, { write: (v) => [v.x, v.y], read: ([x, y]) => new Vector(x, y) }); // the same once more is no mistake
});
