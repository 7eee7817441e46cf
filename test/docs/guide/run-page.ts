import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { type Block, blocksOf, fileOf, kindOf, mistakesOf } from "./blocks.ts";
import { agrees, anonymous } from "./normal.ts";
import { lacks, Workplace } from "./workplace.ts";

export const guide: string = fileURLToPath(new URL("../../../docs/guide/", import.meta.url));

/** The pages of the guide, as paths below `docs/guide`. */
export function pages(): string[] {
  return readdirSync(guide, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".md"))
    .sort();
}

/** What is wrong with a page, and the page with the outputs that its commands print now. */
export interface PageResult {
  readonly mistakes: string[];
  /** Outputs that are not what the page shows. */
  readonly differences: { line: number; command: string; shown: string; printed: string }[];
  /** Blocks that this machine cannot run, and why. */
  readonly skipped: string[];
  readonly updated: string;
}

/** Does what a reader does: writes the files, types the commands, and compares what is printed. */
export async function runPage(name: string, { full }: { full: boolean }): Promise<PageResult> {
  const text = readFileSync(join(guide, name), "utf8");
  const blocks = blocksOf(text);
  const mistakes = mistakesOf(blocks);
  const result: PageResult = { mistakes, differences: [], skipped: [], updated: text };
  if (mistakes.length > 0) return result;
  const workplace = await Workplace.make({ isEmpty: /^---\n(?:.*\n)*?project: none\n/.test(text) });
  const pasted: { start: number; end: number; text: string }[] = [];
  try {
    for (const [i, block] of blocks.entries()) {
      if (kindOf(block) === "file") workplace.write(fileOf(block)!, block.text);
      if (kindOf(block) !== "command" || isLeft(block, full, result.skipped)) continue;
      const { output, code } = await workplace.run(block.text);
      const expected = Number(block.flags.get("exit") ?? 0);
      if (code !== expected)
        mistakes.push(`line ${block.line}: exit code ${code} in place of ${expected}:\n${block.text}${output}`);
      const printed = anonymous(output, workplace.home);
      for (const { flags, text: shown, line, start, end } of outputsOf(blocks, i)) {
        if (agrees(shown, printed, flags)) continue;
        result.differences.push({ line, command: block.text, shown, printed });
        pasted.push({ start, end, text: inOrder(printed, flags) });
      }
    }
  } finally {
    await workplace.remove();
  }
  return { ...result, updated: withPasted(text, pasted) };
}

/** As it is pasted: lines whose order is the ranks' are sorted, so that a page changes only where its meaning does. */
function inOrder(printed: string, flags: ReadonlyMap<string, string>): string {
  const lines = printed.trimEnd().split("\n");
  if (flags.has("sorted")) lines.sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
  return `${lines.join("\n")}\n`;
}

/** The output that is shown below a command. */
function outputsOf(blocks: readonly Block[], command: number): Block[] {
  return blocks.slice(command + 1, command + 2).filter((block) => kindOf(block) === "output");
}

/** Whether a command is not to run here. */
function isLeft({ flags, line }: Block, full: boolean, skipped: string[]): boolean {
  if (flags.has("not-run") || (flags.has("full") && !full)) return true;
  const missing = (flags.get("needs") ?? "").split(",").filter((need) => need !== "" && lacks(need));
  if (missing.length > 0) skipped.push(`line ${line}: needs ${missing.join(", ")}`);
  return missing.length > 0;
}

function withPasted(page: string, pasted: readonly { start: number; end: number; text: string }[]): string {
  return pasted.reduceRight((text, each) => text.slice(0, each.start) + each.text + text.slice(each.end), page);
}

/** The pages that these arguments name, by parts of their paths; without arguments all. */
export function chosen(names: readonly string[]): string[] {
  const wanted = names.map((name) => relative(guide, fileURLToPath(new URL(name, `file://${process.cwd()}/`))));
  return pages().filter(
    (page) => names.length === 0 || wanted.includes(page) || names.some((name) => page.includes(name)),
  );
}
