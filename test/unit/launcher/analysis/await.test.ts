import { local } from "tsmpi/testing";
import { describe, expect, test } from "vitest";
import { optionNames } from "../../../../packages/core/src/calls/option-names.ts";
import { calls } from "../../../../packages/launcher/src/analysis/vocabulary.ts";
import { methodsOf } from "../../../support/methods-of.ts";
import { warningsOf, warningsOfFile } from "./analysis-support.ts";

const number = "a promise is used as a number: is an await missing?";
const text = "a promise is used as text: is an await missing?";

describe("a promise that is used as its value is warned of, with what to write", () => {
  test.each([
    [
      "a condition",
      "if (world.iprobe()) console.log(1);",
      "iprobe() gives a promise, which is always true; write: if (await world.iprobe())",
    ],
    [
      "a loop",
      "while (world.iprobe({ tag: 1 })) {}",
      "iprobe() gives a promise, which is always true; write: while (await world.iprobe({ tag: 1 }))",
    ],
    [
      "what is denied",
      "while (!(world.iprobe())) {}",
      "iprobe() gives a promise, which is always true; write: !(await world.iprobe())",
    ],
    [
      "a choice",
      "console.log(world.iprobe() ? 1 : 2);",
      "iprobe() gives a promise, which is always true; write: (await world.iprobe()) ? ... : ...",
    ],
    [
      "the left of and",
      "world.iprobe() && console.log(1);",
      "iprobe() gives a promise, which is always true; write: (await world.iprobe()) && ...",
    ],
    [
      "the right of and, in a condition",
      "if (rank === 0 && world.iprobe()) console.log(1);",
      "iprobe() gives a promise, which is always true; write: await world.iprobe()",
    ],
    [
      "a property",
      "console.log(world.recv().length);",
      "recv() gives a promise, which has no length; write: (await world.recv()).length",
    ],
    [
      "a method, behind await",
      "const all = await world.allgather(rank).map((x) => x + 1);",
      "allgather() gives a promise, which has no map; write: (await world.allgather(rank)).map",
    ],
    [
      "an element",
      "const first = world.gather(rank)[0];",
      "gather() gives a promise, which has no elements; write: (await world.gather(rank))[0]",
    ],
    [
      "types are looked through",
      "console.log((world.recv() as unknown as number[])!.length);",
      "recv() gives a promise, which has no length; write: (await world.recv()).length",
    ],
    [
      "an optional chain",
      "console.log(world?.recv()?.length);",
      "recv() gives a promise, which has no length; write: (await world?.recv()).length",
    ],
    [
      "taken apart by names",
      "const { data } = world.recvMessage();",
      "recvMessage() gives a promise, which has no data; write: { data } = await world.recvMessage()",
    ],
    [
      "taken apart by position",
      "const [a, b] = world.allgather(rank);",
      "allgather() gives a promise, which has no elements; write: [a, b] = await world.allgather(rank)",
    ],
    [
      "iterated",
      "for (const x of world.allgather(rank)) console.log(x);",
      "allgather() gives a promise, which cannot be iterated; write: of await world.allgather(rank)",
    ],
    [
      "spread",
      "console.log([...world.allgather(rank)]);",
      "allgather() gives a promise, which holds nothing that could be spread; write: ...(await world.allgather(rank))",
    ],
    [
      "compared",
      "if (world.recv() === 5) console.log(1);",
      "recv() gives a promise, which equals no value; write: (await world.recv()) === ...",
    ],
    [
      "shown",
      "console.log(rank, world.recv());",
      "console.log() gets a promise, not what recv() gives; write: console.log(await world.recv())",
    ],
    [
      "long arguments are left out",
      "console.log(world.recv({ source: 1, tag: 1234567890, signal: undefined }).length);",
      "recv() gives a promise, which has no length; write: (await world.recv(...)).length",
    ],
    ["init", "console.log(init().rank);", "init() gives a promise, which has no rank; write: (await init()).rank"],
    [
      "a pool's worker",
      'await pool(world, { double: (x: number) => 2 * x }, (workers) => workers.run("double", 1).length);',
      'run() gives a promise, which has no length; write: (await workers.run("double", 1)).length',
    ],
    [
      "the worker of a method",
      'await world.pool({ double: (x: number) => 2 * x }, (workers) => workers.run("double", 1).length);',
      'run() gives a promise, which has no length; write: (await workers.run("double", 1)).length',
    ],
    ["arithmetic", "console.log(world.allreduce(rank, sum) / size);", number],
    ["adding up", "let total = 0;\ntotal += world.allreduce(rank, sum);".replace("\n", " "), number],
    ["a function of numbers", "console.log(Math.sqrt(world.allreduce(rank, sum)));", number],
    ["a template", "console.log(`sum ${world.allreduce(rank, sum)}`);", text],
    ["with a string", 'console.log("sum " + world.allreduce(rank, sum));', text],
  ])("%s", async (_, line, warning) => {
    expect(await warningsOf(line)).toEqual([`main.ts:5: ${warning}`]);
  });

  test("through a variable, at each line that uses it", async () => {
    const lines = `const part = world.scatter([[1], [2]]);
console.log(part.length, part[0]);
for (const x of part) console.log(x);
console.log(\`\${part}\`, part + 1);
if (part) console.log(await part);`;
    expect(await warningsOf(lines)).toEqual([
      "main.ts:6: part is the promise of scatter(), which has no length; write: (await part).length",
      "main.ts:6: part is the promise of scatter(), which has no elements; write: (await part)[0]",
      "main.ts:7: part is the promise of scatter(), which cannot be iterated; write: of await part",
      `main.ts:8: ${text}`,
      `main.ts:8: ${number}`,
      "main.ts:9: part is the promise of scatter(), which is always true; write: if (await part)",
    ]);
  });

  test("a collective or a receive that is not awaited, unless it has void", async () => {
    const lines = "world.barrier();\nworld.bcast(1);\nworld.recv();\nvoid world.barrier();";
    expect(await warningsOf(lines)).toEqual([
      "main.ts:5: nothing waits for barrier(); write: await world.barrier(), or void world.barrier() where that is meant",
      "main.ts:6: nothing waits for bcast(); write: await world.bcast(1), or void world.bcast(1) where that is meant",
      "main.ts:7: nothing waits for recv(); write: await world.recv(), or void world.recv() where that is meant",
    ]);
  });
});

describe("communicators are found", () => {
  const use = "console.log(it.recv().length);";
  test.each([
    ["made by another", `const it = await world.split(0);\n${use}`],
    ["by another name", `const it = world;\n${use}`],
    ["that may be null", `const it = (await world.split(0))!;\n${use}`],
    ["whose promise was kept", `const soon = world.dup();\nconst it = await soon;\n${use}`],
    ["assigned later", `let it;\nit = await world.cart([2, 2]);\n${use}`],
    ["by their type", `function work(it: Communicator): void { ${use} }`],
    ["by a type with null", `const work = (it: Communicator | null): void => { ${use} };`],
    ["by what a function is called with", `function work(it): void { ${use} }\nwork(world);`],
  ])("%s", async (_, lines) => {
    expect((await warningsOf(lines)).map((each) => each.replace(/.*: (?=recv)/, ""))).toEqual([
      "recv() gives a promise, which has no length; write: (await it.recv()).length",
    ]);
  });

  test("of init() that is imported by another name, or with all the rest", async () => {
    const warning = "main.mjs:2: recv() gives a promise, which has no length; write: (await w.recv()).length";
    const use = "console.log(w.recv().length);";
    expect(
      await warningsOfFile(`import { init as start } from "tsmpi";\nconst w = await start(); ${use}`, "main.mjs"),
    ).toEqual([warning]);
    expect(
      await warningsOfFile(`import * as mpi from "tsmpi";\nconst w = await mpi.init(); ${use}`, "main.mjs"),
    ).toEqual([warning]);
  });

  test("the words of the analysis are those of the calls", async () => {
    const [names] = await local(2, async (world) => {
      const half = await world.split(world.rank);
      const other = await half.intercomm({ bridge: world, remoteLeader: 1 - world.rank });
      const all = [world, await world.cart([2]), await world.graph([]), other];
      return all.flatMap(methodsOf);
    });
    const methods = new Set(names);
    expect([...calls].filter((name) => !methods.has(name))).toEqual(["init"]); // a function of the package
    const others = ["messages", "shift", "imap", "imapUnordered"]; // they give no promise
    expect(Object.keys(optionNames).filter((name) => methods.has(name) && !calls.has(name))).toEqual(others);
  });
});

describe("there is no warning", () => {
  test.each([
    [
      "for what is awaited, or waits for its turn",
      "const p = world.recv();\nconst q = world.send(1, { dest: 1 });\nawait Promise.all([p, q]);\nconsole.log((await p).length);",
    ],
    ["for an isend", "world.send(1, { dest: 0 });"],
    ["for then, catch and finally", "world.recv().then((x) => x).catch(() => {}).finally(() => {});"],
    [
      "for a request that may be there",
      "let request;\nif (rank === 0) request = world.recv();\nif (request) await request;",
    ],
    ["for a promise that is compared with undefined", "const p = world.recv();\nif (p !== undefined) await p;"],
    [
      "for a promise that becomes its value",
      "let part: any = world.scatter([[1]]);\npart = await part;\nconsole.log(part.length);",
    ],
    [
      "for functions that return it",
      "const f = () => world.barrier();\nfunction g() { return world.recv(); }\nawait f();\nawait g();",
    ],
    [
      "for what only has the names of our calls",
      'const list = { recv: () => [1], split: () => "a" };\nconsole.log(list.recv().length, "a b".split(" ").length, xs.map(String).length, xs.reduce((a, b) => a + b));',
    ],
    [
      "for a variable of the same name elsewhere",
      "function f(world: { recv(): number[] }) { return world.recv().length; }\nf({ recv: () => [] });",
    ],
    [
      "for what gives no promise",
      "console.log(world.rank + world.size);\nfor await (const m of world.messages()) console.log(m);",
    ],
    [
      "for calls in the text of a comment or string",
      '// if (world.iprobe()) world.barrier();\nconsole.log("world.recv().length");',
    ],
    ["for a file that cannot be parsed", "if (world.iprobe( console.log(;"],
  ])("%s", async (_, lines) => {
    expect(await warningsOf(lines)).toEqual([]);
  });

  test("for communicators of another library", async () => {
    expect(await warningsOfFile('import { init } from "mpi";\nconst world = await init();\nworld.barrier();')).toEqual(
      [],
    );
  });
});
