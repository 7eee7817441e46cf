// What course.md has in it: programs, job scripts, and what these print.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export const file = fileURLToPath(new URL("course.md", import.meta.url));
export const page = readFileSync(file, "utf8");

/** A job script of the page, with all that is before its output; the script alone; its output. */
export const jobWithOutput = /(```sh\n([^`]*)```\n\n```text\n)([^`]*)(?=```)/g;

/**
 * The programs that the job scripts run, by their names.
 *
 * @returns {Record<string, string>}
 */
export function programs() {
  const own = [...page.matchAll(/```ts\n(\/\/ (\S+\.ts)\n.*?)```/gs)].map(([, code, name]) => [name, code]);
  const pi = readFileSync(new URL("../packages/examples/pi.ts", import.meta.url), "utf8");
  return Object.fromEntries([...own, ["pi.ts", pi]]);
}

/**
 * The file that a job script writes.
 *
 * @param {string} job
 * @returns {string}
 */
export function outputFile(job) {
  return / > (\S+\.out)$/m.exec(job)[1];
}

/**
 * An output without what differs from run to run and from machine to machine: numbers with a fraction are times or chance,
 * and they set the width of columns; lines of ranks come in any order.
 *
 * @param {string} output
 * @returns {string}
 */
export function normal(output) {
  return output
    .replace(/\d+\.\d+/g, "0.0")
    .replace(/\d+ CPUs/g, "n CPUs")
    .replace(/ +/g, " ")
    .split("\n")
    .sort()
    .join("\n");
}
