import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { blocksOf, fileOf } from "./blocks.ts";
import { guide, pages } from "./run-page.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));

/** Programs of all pages, each in a folder of its page, as the compiler and an editor would see them. */
function writePrograms(directory: string): void {
  for (const page of pages()) {
    const programs = blocksOf(readFileSync(join(guide, page), "utf8")).filter(
      (block) => /\.[mc]?tsx?$/.test(fileOf(block) ?? "") && !block.flags.has("mistaken"),
    );
    for (const block of programs) {
      const path = join(directory, page.replace(/\.md$/, ""), fileOf(block)!);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, block.text);
    }
  }
}

/** What the compiler says of the guide's programs, with the settings of `tsc --init` that matter to beginners. */
export async function compilerErrors(): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), "tg-"));
  try {
    writePrograms(directory);
    symlinkSync(join(root, "packages/examples/node_modules"), join(directory, "node_modules"));
    const compilerOptions = {
      ...{ module: "nodenext", target: "es2023", lib: ["es2023", "esnext.disposable"], strict: true, noEmit: true },
      ...{ allowImportingTsExtensions: true, typeRoots: [join(root, "node_modules/@types")], types: ["node"] },
    };
    const files = { "package.json": { type: "module" }, "tsconfig.json": { compilerOptions, include: ["**/*"] } };
    for (const [name, content] of Object.entries(files)) writeFileSync(join(directory, name), JSON.stringify(content));
    const tsc = join(root, "node_modules/.bin/tsc");
    return await new Promise((resolve) =>
      execFile(tsc, ["-p", "."], { cwd: directory }, (_, stdout) => resolve(stdout)),
    );
  } finally {
    rmSync(directory, { recursive: true });
  }
}
