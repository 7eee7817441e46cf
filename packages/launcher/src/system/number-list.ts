/** `0,3-5` -> 0 3 4 5, each once, in rising order: the kernel's lists of CPUs, users' lists of ranks. Undefined for other text. */
export function numbersIn(text: string): number[] | undefined {
  const found = new Set<number>();
  for (const span of text.split(",")) {
    const [, first, last = first] = /^\s*(\d{1,6})(?:-(\d{1,6}))?\s*$/.exec(span) ?? [];
    if (first === undefined || Number(last) < Number(first)) return undefined;
    for (let number = Number(first); number <= Number(last); number++) found.add(number);
  }
  return [...found].sort((a, b) => a - b);
}
