/** Rows of cells as lines with aligned columns. */
export function columns(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const line = (row: readonly string[]) => row.map((cell, column) => cell.padEnd(widths[column]!)).join("  ");
  return rows.map((row) => line(row).trimEnd()).join("\n");
}

/** "1 rank", "2 ranks". */
export function count(number: number, thing: string): string {
  return `${number} ${thing}${number === 1 ? "" : "s"}`;
}

/** 0 1 2 3 7 -> "0-3 7". */
export function spans(ranks: readonly number[]): string {
  const found: [number, number][] = [];
  for (const rank of ranks) {
    const last = found.at(-1);
    if (last !== undefined && last[1] === rank - 1) last[1] = rank;
    else found.push([rank, rank]);
  }
  return found.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(" ");
}
