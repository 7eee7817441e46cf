/**
 * The names of a compressed list: `rack[1-2]n[08-10],login` -> rack1n08, rack1n09 ... login. The rules are those of
 * `scontrol show hostnames`:
 *
 * - The width of the first number pads all numbers of its span: `[08-10]`, but `[8-10]` has 8, 9, 10.
 * - Several groups multiply; the right one changes fastest.
 * - Duplicates stay, and so does the order.
 *
 * @throws Error for a list that Slurm does not write: a span that goes down, letters in brackets, a bracket that is not closed.
 */
export function expandNodes(list: string): string[] {
  return wordsOf(list).flatMap(expandWord);
}

/** `2(x3),1` -> 2, 2, 2, 1: a number for each host. */
export function expandCounts(text: string): number[] {
  return text.split(",").flatMap((word) => {
    const [, value, times = "1"] = /^(\d+)(?:\(x(\d+)\))?$/.exec(word.trim()) ?? [];
    if (value === undefined) throw new Error(`"${word}" is no number of tasks`);
    return new Array<number>(Number(times)).fill(Number(value));
  });
}

/** Splits at the commas outside brackets. */
function wordsOf(list: string): string[] {
  const words = list.match(/(?:\[[^\]]*\]?|[^,[])+/g) ?? [];
  return words.map((word) => word.trim()).filter((word) => word !== "");
}

function expandWord(word: string): string[] {
  const [, before = "", spans, after = ""] = /^([^[\]]*)\[([^[\]]*)\](.*)$/.exec(word) ?? [];
  if (spans !== undefined) {
    const ends = expandWord(after);
    return spans
      .split(",")
      .flatMap((span) => numbersOf(span, word).flatMap((n) => ends.map((end) => before + n + end)));
  }
  if (/[[\]]/.test(word)) throw new Error(`"${word}" has a bracket without its other one`);
  return [word];
}

function numbersOf(span: string, word: string): string[] {
  const [, first, last = first] = /^(\d+)(?:-(\d+))?$/.exec(span.trim()) ?? [];
  const count = Number(last) - Number(first) + 1;
  if (first === undefined || count < 1) throw new Error(`"${span}" in "${word}" is no span of numbers, such as 1-4`);
  return Array.from({ length: count }, (_, index) => String(Number(first) + index).padStart(first.length, "0"));
}
