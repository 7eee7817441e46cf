// Runs the job scripts of course.md, on this machine, and pastes what they print below them.
//
//     node docs/course.js             rewrites the page
//     node docs/course.js --check     fails when an output is not what the page shows, times and chance apart
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { file, jobWithOutput, normal, outputFile, page, programs } from "./course-page.js";

const root = fileURLToPath(new URL("../", import.meta.url));

/** Runs a job script as PBS does, from another directory, and gives what the job has written to its .out file. */
function submit(job, directory) {
  const env = {
    ...process.env,
    PATH: `${join(root, "node_modules/.bin")}:${process.env.PATH}`,
    PBS_O_WORKDIR: directory,
  };
  const { status, stderr } = spawnSync("bash", ["-e"], { cwd: "/", env, input: job, encoding: "utf8" });
  if (status !== 0) throw new Error(`this job ended with ${status}:\n${job}\n${stderr}`);
  return readFileSync(join(directory, outputFile(job)), "utf8");
}

const directory = mkdtempSync(join(tmpdir(), "course-"));
const differing = [];
try {
  symlinkSync(join(root, "packages/examples/node_modules"), join(directory, "node_modules"));
  for (const [name, code] of Object.entries(programs())) writeFileSync(join(directory, name), code);

  const updated = page.replace(jobWithOutput, (_, before, job, shown) => {
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
