import { afterEach, beforeEach, expect, test } from "vitest";
import { showWarnings } from "../../../../../packages/core/src/calls/warning.ts";
import { encode } from "../../../../../packages/core/src/wire/codec/codec.ts";
import { roundTrip } from "./codec-support.ts";

let warnings: string[] = [];
beforeEach(() => {
  warnings = [];
  showWarnings((text) => warnings.push(text));
});
afterEach(() => showWarnings(undefined));

/** The warnings without their line. */
const texts = (): string[] => warnings.map((text) => text.replace(/^\S*(losses\.test|codec-support)\.ts:\d+: /, ""));

test("warns of a class once, with the line, what is lost, and what to do", () => {
  class Point {
    x = 3;
    norm(): number {
      return this.x;
    }
    get double(): number {
      return 2 * this.x;
    }
  }
  expect(encode({ points: [new Point(), new Point()] })).toBeDefined();
  expect(roundTrip(new Point())).toEqual({ x: 3 });
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toMatch(
    /^test\/unit\/core\/wire\/codec\/losses\.test\.ts:\d+: instances of Point arrive as plain objects, without their methods and getters \(norm, double\): send plain data, or registerClass\(Point, \.\.\.\)$/,
  );
});

test("warns of members that are not enumerable, not of own ones, and names at most five", () => {
  class Tool {
    a = 1;
    constructor() {
      Object.defineProperty(this, "secret", { value: 1 });
    }
    b(): void {}
    c(): void {}
    d(): void {}
    e(): void {}
    f(): void {}
    g(): void {}
  }
  class Shadowed {
    re = 1;
  }
  Object.assign(Shadowed.prototype, { re: 0 });
  roundTrip([new Tool(), new Shadowed()]);
  expect(texts()).toEqual([
    "instances of Tool arrive as plain objects, without their methods and getters (b, c, d, e, f, ...) and their properties that are not enumerable (secret): send plain data, or registerClass(Tool, ...)",
  ]);
});

test("warns of what objects inherit that were made with a prototype", () => {
  const settings = Object.assign(Object.create({ depth: 3 }), { width: 1 }) as object;
  expect(roundTrip({ settings })).toEqual({ settings: { width: 1 } });
  expect(texts()).toEqual([
    "objects made with a prototype arrive as plain objects, without what they inherit (depth): send plain data",
  ]);
});

test("warns of subclasses of built-ins with methods or getters, and says what they arrive as", () => {
  class Table extends Map<string, number> {
    total(): number {
      return this.size;
    }
  }
  class HttpError extends Error {
    status = 404;
    get fatal(): boolean {
      return this.status >= 500;
    }
    toJSON(): object {
      return { status: this.status };
    }
  }
  class Field extends Float64Array {
    norm(): number {
      return this.length;
    }
  }
  class Rows extends Array<number> {
    sum(): number {
      return this.length;
    }
  }
  for (const value of [
    new Table(),
    [new HttpError("no")],
    new Field(2),
    { field: new Field(3) },
    { rows: new Rows(1) },
  ]) {
    encode(value);
  }
  expect(texts()).toEqual([
    "instances of Table arrive as a Map, without their methods and getters (total): send plain data, or registerClass(Table, ...)",
    "instances of HttpError arrive as an Error, without their methods and getters (fatal): send plain data, or registerClass(HttpError, ...)",
    "instances of Field arrive as plain arrays, without their methods and getters (norm): make instances of them on arrival",
    "instances of Rows arrive as plain arrays, without their methods and getters (sum): make instances of them on arrival",
  ]);
});

test("warns of named properties of an array, short or long, alone or within another value", () => {
  const named = (length: number, name: string): unknown[] =>
    Object.assign(
      Array.from({ length }, (_, i) => i),
      { [name]: "m" },
    );
  for (const value of [named(2, "units"), { rows: named(1000, "columns") }, new Map([[1, named(3, "axis")]])]) {
    expect(Object.keys(roundTrip(value))).not.toContain("units");
  }
  expect(texts()).toEqual(
    ["units", "columns", "axis"].map(
      (name) => `arrays arrive without their named properties (${name}): send { items, ${name} } instead`,
    ),
  );
});

test("still warns after thousands of arrays, when arrays with named properties follow", () => {
  for (let i = 0; i < 5000; i++) encode([i, i]);
  expect(warnings).toEqual([]);
  for (let i = 0; i < 200; i++) encode(Object.assign([i, i], { late: true }));
  expect(texts()).toEqual(["arrays arrive without their named properties (late): send { items, late } instead"]);
});

test("does not warn of values that arrive whole", () => {
  class Sample {
    t = 1;
  }
  class Failure extends TypeError {
    override name = "Failure";
    override toString(): string {
      return this.message;
    }
  }
  const values = [
    ...[
      new Sample(),
      new Failure("x"),
      Buffer.from("a"),
      new Date(),
      "xab".match(/a(b)/),
      new Array(100),
      Object.assign(new Array(3), { 1: 2 }),
    ],
    ...[new (class extends Map {})(), Object.create(null), process.env, AbortSignal.abort().reason, [[[]]]],
  ];
  for (const value of values) for (const each of [value, [value], new Set([value])]) encode(each);
  expect(warnings).toEqual([]);
});
