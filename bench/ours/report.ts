/** One measured row, as `measure.ts` reads it. */
export function report(row: string, value: number): void {
  console.log(JSON.stringify({ row, value }));
}

/** Of a power of two: `8 B`, `64 KiB`, `4 MiB`. */
export function sizeName(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  return bytes < 1 << 20 ? `${bytes / 1024} KiB` : `${bytes / (1 << 20)} MiB`;
}
