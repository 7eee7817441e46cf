// Runs pages of the guide, and pastes what their commands print into them.
//
//     npm run docs:paste                     all pages
//     npm run docs:paste -- tutorial/01      those whose path has this in it
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { chosen, guide, runPage } from "./run-page.ts";

for (const name of chosen(process.argv.slice(2))) {
  const { mistakes, differences, skipped, updated } = await runPage(name, { full: true });
  console.log(`${name}: ${differences.length} outputs pasted`);
  for (const each of skipped) console.log(`  skipped: ${each}`);
  for (const each of mistakes) console.log(`  ${each}`);
  if (mistakes.length > 0) process.exitCode = 1;
  if (differences.length > 0) writeFileSync(join(guide, name), updated);
}
