// Runs the job scripts of course.md, on this machine, and pastes what they print below them.
//
//     node docs/course.js             rewrites the page
//     node docs/course.js --check     fails when an output is not what the page shows, times and chance apart
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../", import.meta.url));
const file = join(root, "docs/course.md");
const page = readFileSync(file, "utf8");

/** Runs a job script as PBS does, from another directory, and gives what the job has written to its .out file. */
function submit(job, directory) {
  const env = {
    ...process.env,
    PATH: `${join(root, "node_modules/.bin")}:${process.env.PATH}`,
    PBS_O_WORKDIR: directory,
  };
  const { status, stderr } = spawnSync("bash", ["-e"], { cwd: "/", env, input: job, encoding: "utf8" });
  if (status !== 0) throw new Error(`this job ended with ${status}:\n${job}\n${stderr}`);
  const [, output] = / > (\S+\.out)$/m.exec(job);
  return readFileSync(join(directory, output), "utf8");
}

/** Numbers with a fraction are times or chance, and they set the width of columns; lines of ranks come in any order. */
const normal = (output) =>
  output
    .replace(/\d+\.\d+/g, "0.0")
    .replace(/ +/g, " ")
    .split("\n")
    .sort()
    .join("\n");

const directory = mkdtempSync(join(tmpdir(), "course-"));
const differing = [];
try {
  symlinkSync(join(root, "packages/examples/node_modules"), join(directory, "node_modules"));
  cpSync(join(root, "packages/examples/pi.ts"), join(directory, "pi.ts"));
  for (const [, code, name] of page.matchAll(/```ts\n(\/\/ (\S+\.ts)\n.*?)```/gs))
    writeFileSync(join(directory, name), code);

  const updated = page.replace(/(```sh\n([^`]*)```\n\n```text\n)([^`]*)(?=```)/g, (_, before, job, shown) => {
    const output = submit(job, directory);
    if (normal(output) !== normal(shown))
      differing.push(`${job}\nprinted\n\n${output}\nand the page shows\n\n${shown}`);
    return before + output;
  });
  if (!process.argv.includes("--check")) writeFileSync(file, updated);
  else if (differing.length > 0) {
    console.error(differing.join("\n"));
    process.exitCode = 1;
  }
} finally {
  rmSync(directory, { recursive: true, force: true });
}
