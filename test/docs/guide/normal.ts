import { homedir, hostname } from "node:os";

/** What readers see in place of this machine's names. */
export function anonymous(output: string, directory: string): string {
  const plain = output
    .replaceAll(`/private${directory}`, directory)
    .replaceAll(directory, "/home/ada")
    .replaceAll(hostname(), "n042");
  return homedir() === "/" ? plain : plain.replaceAll(homedir(), "/home/ada");
}

/** An output without what differs from run to run: process ids, times, versions of Node, and the widths of columns they cause. */
function normal(output: string, flags: ReadonlyMap<string, string>): string {
  const text = output
    .replace(/\(pid \d+\)/g, "(pid 4711)")
    .replace(/\d+(\.\d+)? ?(ns|us|µs|ms|s|min)\b/g, "0 s")
    .replace(/\d+ CPUs/g, "4 CPUs")
    .replace(/\bv?\d\d\.\d+\.\d+\b/g, "v20.0.0")
    .replace(/[^\S\n]+/g, " ")
    .replace(/[-─]{3,}/g, "---")
    .replace(/[^\S\n]+$/gm, "");
  const numbers = flags.has("numbers") ? text.replace(/-?\d+(\.\d+)?(e[+-]?\d+)?/g, "0").replace(/ +/g, " ") : text;
  const lines = numbers.trimEnd().split("\n");
  return (flags.has("sorted") ? lines.sort() : lines).join("\n");
}

/** Whether an output is what the page shows. A line of `...` in the page stands for any lines. */
export function agrees(shown: string, printed: string, flags: ReadonlyMap<string, string>): boolean {
  const expected = normal(shown, flags);
  const actual = normal(printed, flags);
  if (!/^\.\.\.$/m.test(expected)) return expected === actual;
  const parts = `\n${expected}\n`.split("\n...\n");
  const escaped = parts.map((part) => part.replace(/^\n|\n$/g, "").replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${escaped.join("(?:\n|.)*")}$`).test(actual);
}
