// What the launcher does with a script, without agents: prepares it once and runs one rank of it here.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  command,
  materialise,
  nodeSettings,
  prepare,
  ScriptError,
} from "../../../../packages/launcher/dist/typescript/index.js";

const [script, ...rest] = process.argv.slice(2);
const directory = mkdtempSync(join(tmpdir(), "tsmpi-job-"));
try {
  const program = JSON.parse(
    JSON.stringify((await prepare(script, nodeSettings([], process.env.NODE_OPTIONS))).program),
  );
  materialise(program, directory);
  const { file, args } = command(program, directory, rest, []);
  const env = { ...process.env, ...JSON.parse(process.env.RANK_ENV ?? "{}") };
  process.exitCode = spawnSync(file, args, { stdio: "inherit", env }).status ?? 99;
} catch (error) {
  if (!(error instanceof ScriptError)) throw error;
  console.error(`tsmpi: ${error.message}`);
  process.exitCode = error.exitCode;
} finally {
  rmSync(directory, { recursive: true });
}
