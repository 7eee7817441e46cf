// Prints the public face: each export of the packages' entries with its declaration, without comments. In docs/api/face.txt
// it is checked in, so that a change of the face shows in review. `npm run docs:face` writes it, a test compares it.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const dist = fileURLToPath(new URL("../../packages/core/dist/", import.meta.url));

/** A file's declarations and imports, by name. */
const files = new Map();

function fileOf(path) {
  if (!files.has(path)) files.set(path, read(path));
  return files.get(path);
}

function read(path) {
  const text = readFileSync(path, "utf8").replace(/^ *\/\*[\s\S]*?\*\/\n|^ *\/\/.*\n/gm, "");
  const declarations = new Map();
  const sources = new Map();
  // tsc begins each statement at the left margin.
  for (const statement of text.split(/\n(?=(?:export|import|declare|type|interface)\b)/)) {
    const from = /from "(\..*?)"/.exec(statement)?.[1];
    if (from !== undefined) {
      const target = join(dirname(path), from.replace(/\.[jt]s$/, ".d.ts"));
      if (statement.includes("export type *")) sources.set("*", target);
      const names = /\{([\s\S]*)\}/.exec(statement)?.[1] ?? "";
      for (const name of names.matchAll(/(?:type )?(\w+)/g)) if (name[1] !== "type") sources.set(name[1], target);
      continue;
    }
    const name = /^(?:export )?(?:declare )?(?:abstract )?(?:const|class|function|interface|type) (\w+)/.exec(
      statement,
    )?.[1];
    if (name === undefined) continue;
    declarations.set(name, [...(declarations.get(name) ?? []), clean(statement)]);
  }
  return { declarations, sources };
}

/** Without what says nothing about use: private members, and empty lines. */
function clean(statement) {
  const lines = statement.replace(/^export (declare )?|^declare /, "").split("\n");
  return lines.filter((line) => line.trim() !== "" && !/^ +(#private|private )/.test(line)).join("\n");
}

function isPublic(entry) {
  const { sources } = fileOf(join(dist, entry));
  const names = [...sources].flatMap(([name, target]) =>
    name === "*" ? [...fileOf(target).declarations.keys()].map((each) => [each, target]) : [[name, target]],
  );
  for (const [name] of fileOf(join(dist, entry)).declarations) names.push([name, join(dist, entry)]);
  return new Map(names);
}

/** Names that public declarations mention and that no entry exports. */
function hidden(faces) {
  const known = new Set(faces.flatMap((face) => [...face.keys()]));
  const found = new Set();
  for (const [name, path] of faces.flatMap((face) => [...face])) {
    const { declarations, sources } = fileOf(path);
    for (const text of declarations.get(name) ?? []) {
      for (const [word] of text.matchAll(/\b[A-Z]\w+\b/g)) {
        if ((declarations.has(word) || sources.has(word)) && !known.has(word)) found.add(`${word}, named by ${name}`);
      }
    }
  }
  return [...found].sort();
}

const entries = [
  ["tsmpi", "index.d.ts"],
  ["tsmpi/testing", "testing.d.ts"],
];
const faces = entries.map(([, entry]) => isPublic(entry));
for (const [i, [name, entry]] of entries.entries()) {
  console.log(`# ${name}\n`);
  const imported = new Set(/^import .*/m.exec(readFileSync(join(dist, entry), "utf8"))?.[0].match(/\w+/g));
  for (const [each, path] of [...faces[i]].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (i > 0 && imported.has(each) && faces[0].has(each)) continue;
    for (const text of fileOf(path).declarations.get(each) ?? [`${each}: not found`]) console.log(`${text}\n`);
  }
}
console.log("# named by these and not exported\n");
console.log(hidden(faces).join("\n") || "nothing");
