import { describe, expect, test } from "vitest";
import { warningsOf } from "./analysis-support.ts";

const rest = ": every rank uses its own value; bcast it, or pass it with the inputs";
const double = "await world.map((x: number) => x * v, xs);";

describe("a variable that a task uses and that differs from rank to rank is warned of, with both lines", () => {
  test.each([
    [
      "assigned under a branch on rank",
      `let v = 1;\nif (rank === 0) v = 10;\n${double}`,
      7,
      "6 assigns on some ranks only",
    ],
    [
      "in the other branch",
      `let v = 1;\nif (world.rank > 0) {} else { v = 10; }\n${double}`,
      7,
      "6 assigns on some ranks only",
    ],
    ["where rank is denied", `let v = 1;\nif (!rank) v = 10;\n${double}`, 7, "6 assigns on some ranks only"],
    ["behind and", `let v = 1;\nrank > 0 && (v = 10);\n${double}`, 7, "6 assigns on some ranks only"],
    ["in a switch", `let v = 1;\nswitch (rank) { case 0: v = 10; }\n${double}`, 7, "6 assigns on some ranks only"],
    [
      "by another name of the rank",
      `const me = world.rank;\nconst isRoot = me === 0;\nlet v = 1;\nif (isRoot) v = 10;\n${double}`,
      9,
      "8 assigns on some ranks only",
    ],
    [
      "in a function that returns early",
      `let v = 1;\nfunction prepare() {\n  if (rank !== 0) return;\n  v = 10;\n}\nprepare();\n${double}`,
      11,
      "8 assigns on some ranks only",
    ],
    [
      "in a function that some ranks call",
      `let v = 1;\nfunction prepare() { v = 10; }\nif (rank === 0) prepare();\n${double}`,
      8,
      "6 assigns on some ranks only",
    ],
    [
      "in a loop over a share",
      `let v = 0;\nfor (let i = rank; i < 9; i += size) v += i;\n${double}`,
      7,
      "6 computes in a loop that differs from rank to rank",
    ],
    [
      "in a loop over range()",
      `let v = 0;\nfor (const i of range(9, world)) v += i;\n${double}`,
      7,
      "6 computes from i",
    ],
    [
      "in a loop that skips",
      `let v = 0;\nfor (const x of xs) {\n  if (x % size !== rank) continue;\n  v += x;\n}\n${double}`,
      10,
      "8 assigns on some ranks only",
    ],
    ["at its declaration", `const v = rank === 0 ? 10 : 1;\n${double}`, 6, "5 sets to another value on some ranks"],
    [
      "at its declaration, by and",
      `const v = rank === 0 && Number("10");\n${double}`,
      6,
      "5 sets to another value on some ranks",
    ],
    [
      "changed under a branch",
      `const v: number[] = [];\nif (rank === 0) v.push(1);\nawait world.map((x) => x + v.length, xs);`,
      7,
      "6 changes on some ranks only",
    ],
    [
      "a property changed under a branch",
      `const v = { by: 1 };\nif (rank === 0) v.by = 10;\nawait world.map((x) => x * v.by, xs);`,
      7,
      "6 changes on some ranks only",
    ],
    [
      "the rank's part",
      `const v = await world.scatter(xs);\n${double}`,
      6,
      "5 sets to this rank's result of scatter()",
    ],
    [
      "the rank's part, waited for later",
      `const soon = world.scatter(xs);\nconst v = await soon;\n${double}`,
      7,
      "6 sets to this rank's result of scatter()",
    ],
    [
      "a message",
      `const { data: v } = await world.recvMessage();\n${double}`,
      6,
      "5 sets to this rank's result of recvMessage()",
    ],
    [
      "filled by a call",
      `const v = new Float64Array(1);\nawait world.scan(v, sum, { into: v });\nawait world.map((x) => x * v[0]!, xs);`,
      7,
      "6 sets to this rank's result of scan()",
    ],
    [
      "what one rank gets",
      `const v = await world.gather(rank);\nawait world.map((x) => x + v.length, xs);`,
      6,
      "5 sets to the result of gather(), which one rank gets",
    ],
    [
      "computed from such a one",
      `const mine = await world.scatter([[1]]);\nconst v = mine.length * 2;\n${double}`,
      7,
      "6 computes from mine",
    ],
    [
      "random",
      `const v = Math.floor(Math.random() * 10);\n${double}`,
      6,
      "5 sets to Math.random(), another value on every rank",
    ],
    ["a time", `const v = Date.now();\n${double}`, 6, "5 sets to Date.now(), another value on every rank"],
    ["a process", `const v = process.pid;\n${double}`, 6, "5 sets to process.pid, another value on every rank"],
  ])("%s", async (_, lines, line, what) => {
    expect(await warningsOf(lines)).toEqual([
      `main.ts:${line}: the task of map() uses v, which main.ts:${what}${rest}`,
    ]);
  });

  test.each([
    ["a function by its name", "function task(x: number) { return x * v; }\nawait world.map(task, xs);"],
    ["a constant by its name", "const task = async (x: number) => x * v;\nawait world.map(task, xs);"],
    [
      "a function that the task calls",
      "const helper = (x: number) => x * v;\nconst task = (x: number) => helper(x);\nawait world.map(task, xs);",
    ],
    [
      "a function that is given on",
      "const helper = (x: number) => x * v;\nawait world.map((x) => [x].map(helper), xs);",
    ],
  ])("%s", async (_, lines) => {
    const [warning, ...more] = await warningsOf(`let v = 1; if (rank === 0) v = 10;\n${lines}`);
    expect(warning).toMatch(/the task of map\(\) uses v, which main\.ts:5 assigns on some ranks only/);
    expect(more).toEqual([]);
  });

  test.each([
    ["written there", "await pool(world, { one: () => 1, two: (x: number) => x * v }, () => {});"],
    ["of a method", "await world.pool({ one: () => 1, two: (x: number) => x * v }, () => {});"],
    ["by their names", "const two = (x: number) => x * v;\nawait pool(world, { two }, () => {});"],
    [
      "in an object of its own",
      "const tasks = { two(x: number) { return x * v; } };\nawait pool(world, tasks, () => {});",
    ],
  ])("the tasks of a pool, %s", async (_, lines) => {
    const warnings = await warningsOf(`let v = 1; if (rank === 0) v = 10;\n${lines}`);
    expect(warnings).toEqual([expect.stringContaining("the task of pool() uses v, which main.ts:5 assigns")]);
  });

  test.each(["imap", "imapUnordered"])("the task of %s", async (name) => {
    const loop = `for await (const y of world.${name}((x: number) => x * v, xs)) console.log(y);`;
    expect(await warningsOf(`let v = 1; if (rank === 0) v = 10;\n${loop}`)).toEqual([
      expect.stringContaining(`the task of ${name}() uses v, which main.ts:5 assigns`),
    ]);
  });

  test("in a function that is given the communicator, for its own variables", async () => {
    const lines = `async function main(comm: Communicator) {
  let v = 1;
  if (comm.rank === 0) v = 10;
  await comm.map((x: number) => x * v, xs);
}`;
    expect(await warningsOf(lines)).toEqual([
      `main.ts:8: the task of map() uses v, which main.ts:7 assigns on some ranks only${rest}`,
    ]);
  });
});

describe("there is no warning", () => {
  test.each([
    ["for what is broadcast", `let v;\nif (rank === 0) v = 10;\nv = await world.bcast(v);\n${double}`],
    ["for what the root alone makes for a broadcast", `const v = await world.bcast(() => 10);\n${double}`],
    [
      "for what is broadcast in place",
      `const v = new Float64Array(1);\nif (rank === 0) v[0] = 10;\nawait world.bcast(v, { into: v });\nawait world.map((x) => x * v[0]!, xs);`,
    ],
    [
      "for what is combined for all",
      `let v = 0;\nfor (let i = rank; i < 9; i += size) v += i;\nv = await world.allreduce(v, sum);\n${double}`,
    ],
    [
      "for what is broadcast in each turn of a loop",
      `let v = 1;\nfor (let i = 0; i < 3; i++) {\n  ${double}\n  if (rank === 0) v = i;\n  v = await world.bcast(v);\n}`,
    ],
    [
      "for what is given to all by messages",
      `let v;\nif (rank === 0) {\n  v = 10;\n  for (let dest = 1; dest < size; dest++) await world.send(v, { dest });\n} else v = await world.recv<number>({ source: 0 });\n${double}`,
    ],
    [
      "for what a function of the program may share",
      `const v = { by: 1 };\nif (rank === 0) v.by = 2;\nawait share(world, v);\nawait world.map((x) => x * v.by, xs);\nasync function share(..._: unknown[]) {}`,
    ],
    ["for what all assign anew", `let v = 1;\nif (rank === 0) v = 10;\nv = 5;\n${double}`],
    ["for what is assigned after the task has run", `let v = 1;\n${double}\nif (rank === 0) v = 10;`],
    [
      "for the inputs, which rank 0 alone has",
      "const inputs = rank === 0 ? xs : undefined;\nawait world.map((x) => x * 2, inputs);",
    ],
    [
      "for results that rank 0 uses",
      "const results: number[] = [];\nconst r = await world.map((x) => x * 2, xs);\nif (rank === 0) results.push(...r!);\nconsole.log(results);",
    ],
    [
      "for the rank, its names and what is computed from it",
      "const me = rank, gpu = world.rank % 4, isRoot = me === 0, label = `rank ${rank}`;\nawait world.map((x) => { console.log(me, gpu, isRoot, label, world.rank); return x; }, xs);",
    ],
    [
      "for flags",
      "let verbose = false;\nif (rank === 0) verbose = true;\nconst loud = rank === 0 && process.argv.length > 2;\nawait world.map((x) => { if (verbose || loud) console.log(x); return x; }, xs);",
    ],
    [
      "for the rank that writes the log",
      'const log = rank === 0 ? console.log : () => {};\nconst file = rank === 0 ? process.stdout : undefined;\nawait world.map((x) => { log(x); file?.write("x"); return x; }, xs);',
    ],
    [
      "for what the task asks for first",
      "let bar: { tick(): void } | undefined;\nif (rank === 0) bar = { tick() {} };\nawait world.map((x) => { if (bar) bar.tick(); return x; }, xs);",
    ],
    [
      "for time that is measured",
      "const began = Date.now();\nawait world.map((x) => { console.log(Date.now() - began); return x; }, xs);",
    ],
    [
      "for what tasks keep for themselves",
      "const seen = new Map<number, number>();\nlet done = 0;\nlet model: number | undefined;\nawait world.map((x) => { done++; model ??= 5; if (rank === 0) console.log(done); seen.set(x, model); return seen.get(x); }, xs);",
    ],
    [
      "for what an initializer prepares",
      "let device = 0;\nawait world.map((x) => x + device, xs, { initializer: () => { device = world.rank === 0 ? 1 : 2; } });",
    ],
    [
      "for a variable of the same name within the task",
      "let v = 1;\nif (rank === 0) v = 10;\nawait world.map((x) => { const v = 2; return x * v; }, xs);\nconsole.log(v);",
    ],
    ["for arrays' own map", "let v = 1;\nif (rank === 0) v = 10;\nconsole.log(xs.map((x) => x * v));"],
    [
      "where only the ranks of one branch map",
      "const half = await world.split(rank % 2);\nlet v = 1;\nif (rank % 2 === 0) {\n  v = 10;\n  await half.map((x: number) => x * v, xs);\n}",
    ],
    [
      "where all ranks of a part take the same branch",
      "const half = await world.split(rank % 2);\nlet v = 1;\nif (rank % 2 === 0) v = 10;\nawait half.map((x: number) => x * v, xs);",
    ],
    [
      "for what does not hang on the rank",
      `let v = 1;\nif (size > 2) v = 10;\nif (process.argv[2]) v = Number(process.argv[2]);\n${double}`,
    ],
    [
      "where a rank too many is an error",
      `let v = 1;\nif (rank > 3) throw new Error("at most 4 ranks");\nv = 10;\n${double}`,
    ],
  ])("%s", async (_, lines) => {
    expect(await warningsOf(lines)).toEqual([]);
  });
});

describe("a source of any shape takes little time", () => {
  test("a long chain of variables", async () => {
    const chain = Array.from({ length: 2000 }, (_, i) => `const a${i + 1} = a${i} + a${i} * rank;`).join("\n");
    expect(await warningsOf(`const a0 = size;\n${chain}\nawait world.map((x) => x * a2000, xs);`)).toEqual([]);
  });

  test("thousands of writes of one variable", async () => {
    const writes = "if (rank === 0) v = 2;\nv = await world.bcast(v);\n".repeat(1500);
    expect(await warningsOf(`let v = 1;\n${writes}\n${double}`)).toEqual([]);
  });

  test("long words, and parentheses without end", async () => {
    const text = `const text = "${"a".repeat(100_000)}", open = "${"world.send((( <".repeat(5000)}";\n`;
    expect(await warningsOf(`${text}await world.barrier();`)).toEqual([]);
  });
});
