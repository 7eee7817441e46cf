/** A fenced block of a page, or a hidden command, `<!-- run ... -->`. */
export interface Block {
  readonly language: string;
  /** What stands in brackets: the name of a file, or of a tab. */
  readonly label: string | undefined;
  /** What stands after these: `output`, `sorted`, `exit=1`. */
  readonly flags: ReadonlyMap<string, string>;
  readonly text: string;
  /** The line of the page on which it begins, from 1. */
  readonly line: number;
  /** Where its text is in the page. */
  readonly start: number;
  readonly end: number;
}

const fence = /^(?<ticks>`{3,})(?<info>[^`\n]*)\n(?<text>.*?)^\k<ticks>[ ]*$|^<!-- run\n(?<hidden>.*?)^-->$/gms;

/** The blocks of a page, in their order. */
export function blocksOf(page: string): Block[] {
  return [...page.matchAll(fence)].map(({ 0: whole, index, groups }) => {
    const { info = "sh", text = groups!["hidden"]! } = groups as Record<string, string | undefined>;
    const start = index + whole.indexOf("\n") + 1;
    const line = page.slice(0, index).split("\n").length;
    return { ...described(info), text, line, start, end: start + text.length };
  });
}

function described(info: string): Pick<Block, "language" | "label" | "flags"> {
  const [, language = "", label, rest = ""] = /^\s*([\w-]*)\s*(?:\[([^\]]*)\])?(.*)$/.exec(info) ?? [];
  const flags = [...rest.matchAll(/([\w-]+)(?:="([^"]*)"|=(\S+))?/g)];
  return { language, label, flags: new Map(flags.map(([, name, quoted, word]) => [name!, quoted ?? word ?? ""])) };
}

/** The name of the file that a block is; undefined where it is none. A label without a dot is the name of a tab. */
export function fileOf({ label }: Block): string | undefined {
  return label !== undefined && /[./]/.test(label) ? label : undefined;
}

/** The flags that each kind of block may have. */
const known: Record<string, readonly string[]> = {
  file: ["mistaken"],
  command: ["exit", "needs", "full", "not-run"],
  output: ["output", "sorted", "numbers"],
  other: ["excerpt"],
};

export type Kind = "file" | "command" | "output" | "other";

export function kindOf(block: Block): Kind {
  if (fileOf(block) !== undefined) return "file";
  if (block.language === "sh") return "command";
  return block.flags.has("output") ? "output" : "other";
}

/** What is wrong with the blocks themselves. */
export function mistakesOf(blocks: readonly Block[]): string[] {
  return blocks.flatMap((block, i) => {
    const kind = kindOf(block);
    const found = [...block.flags.keys()]
      .filter((flag) => !known[kind]!.includes(flag))
      .map((flag) => `a block of this kind (${kind}) has no flag "${flag}"; it has: ${known[kind]!.join(", ")}`);
    if (kind === "other" && /^(ts|js|mjs)$/.test(block.language)) found.push(...strayProgram(block, blocks));
    if (kind === "output" && (i === 0 || kindOf(blocks[i - 1]!) !== "command"))
      found.push("an output has its command in the block before it");
    if (block.flags.get("not-run") === "") found.push('not-run="..." needs a reason');
    return found.map((mistake) => `line ${block.line}: ${mistake}`);
  });
}

/** A program without a file name cannot run; a part of one that has a name is shown as it is there. */
function strayProgram(block: Block, blocks: readonly Block[]): string[] {
  if (!block.flags.has("excerpt"))
    return ["a program has a file name, ```ts [hello.ts], or is an excerpt of one, ```ts excerpt"];
  const lines = (text: string): string =>
    text
      .split("\n")
      .map((line) => line.trim())
      .join("\n")
      .trim();
  const isThere = blocks.some((each) => fileOf(each) !== undefined && lines(each.text).includes(lines(block.text)));
  return isThere ? [] : ["this excerpt is in no file of the page"];
}
