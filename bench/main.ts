import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { path } from "./contender.ts";
import { describeMachine, obstaclesOf } from "./machine.ts";
import { measure, type Results, type Table } from "./measure.ts";
import { markdown, sectionOf } from "./report.ts";
import { worksOf } from "./works.ts";
import { json, measured, writeDocs } from "./write-docs.ts";

/**
 * Runs the same work with tsmpi and its peers, in turn, in several rounds. Prints medians, ratios and bars, and stores them in
 * `results/latest.json` and `results/latest.md`. See README.md.
 *
 *     npm run bench -- [--rounds 5] [--only cold,point] [--quick] [--write-docs]
 */
const { values } = parseArgs({
  options: {
    rounds: { type: "string" },
    only: { type: "string", default: "" },
    quick: { type: "boolean", default: false },
    "write-docs": { type: "boolean", default: false },
  },
});
const rounds = Number(values.rounds ?? (values.quick ? 3 : 5));
if (!Number.isInteger(rounds) || rounds < 0) throw new Error(`--rounds ${values.rounds} is not a whole number`);

mkdirSync(path("results"), { recursive: true });
const machine = describeMachine();
const obstacles = obstaclesOf(machine);
const works = worksOf(obstacles, values.quick);
const names = worksOf(obstacles, false).map(({ name }) => name);
const only = values.only.split(",");
const wanted = works.filter(({ name }) => only.some((start) => name.startsWith(start)));
if (wanted.length === 0) throw new Error(`--only ${values.only}: there are ${names.join(", ")}`);

const latest = path("results/latest.json");
const tables: Record<string, Table> = { ...earlier() };
for (const work of rounds > 0 ? wanted : []) {
  console.error(`${work.name}: ${rounds} rounds`);
  const table = await measure(work, rounds, machine);
  tables[work.name] = table;
  console.log(`\n${sectionOf(work.name, table)}`);
  save();
}
if (values["write-docs"]) writeDocs(save());

/** After each work, because a run takes long. */
function save(): Results {
  const inOrder = names.flatMap((name) => (tables[name] === undefined ? [] : [[name, tables[name]] as const]));
  const results: Results = Object.fromEntries(inOrder);
  writeFileSync(latest, json(results));
  writeFileSync(path("results/latest.md"), `${markdown(results)}\n`);
  return results;
}

/** Earlier results, so that a part can be measured again without the rest. A table names its machine. */
function earlier(): Results {
  const file = [latest, measured].find((each) => existsSync(each));
  return file === undefined ? {} : (JSON.parse(readFileSync(file, "utf8")) as Results);
}
