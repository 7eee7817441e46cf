import { spans } from "../reports/table.ts";

/** "0.4 ms", "850 ms", "12.3 s", "3 min 20 s", "2 h 5 min". */
export function duration(ms: number): string {
  if (ms < 999.5) return `${ms < 9.95 ? trimmed(ms, 1) : Math.round(ms)} ms`;
  const seconds = ms / 1000;
  if (seconds < 119.5) return `${seconds < 9.95 ? trimmed(seconds, 1) : Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 120) return pair(Math.round(seconds), 60, "min", "s");
  return pair(minutes, 60, "h", "min");
}

/** "8 bytes", "1.5 KiB", "30 MiB": powers of 1024. */
export function bytesOf(bytes: number): string {
  if (bytes < 1023.5) return `${trimmed(bytes, 0)} ${Math.round(bytes) === 1 ? "byte" : "bytes"}`;
  const units = ["KiB", "MiB", "GiB", "TiB", "PiB"];
  let [value, power] = [bytes / 1024, 0];
  for (; value >= 1023.5 && power < units.length - 1; power++) value /= 1024;
  return `${value < 9.95 ? trimmed(value, 1) : Math.round(value)} ${units[power]}`;
}

/** "41 %", "0.4 %". */
export function percent(share: number): string {
  const value = share * 100;
  return `${value < 0.95 && value > 0 ? trimmed(value, 1) : Math.round(value)} %`;
}

/** "1,000,000". */
export function grouped(number: number): string {
  return Math.round(number).toLocaleString("en-US");
}

/** "rank 3", "ranks 0-2, 5". */
export function ranksNamed(ranks: readonly number[]): string {
  const ordered = [...ranks].sort((a, b) => a - b);
  return `${ranks.length === 1 ? "rank" : "ranks"} ${spans(ordered).replaceAll(" ", ", ")}`;
}

/** The same at the beginning of a sentence. */
export function ranksFirst(ranks: readonly number[]): string {
  return `R${ranksNamed(ranks).slice(1)}`;
}

/** " at solver.ts:88", or nothing if the line is not known. */
export function atSite(site: string): string {
  return site === "" ? "" : ` at ${site}`;
}

/** At most so many decimals, without zeros at the end. */
export function trimmed(value: number, decimals: number): string {
  return `${Number(value.toFixed(decimals))}`;
}

function pair(total: number, base: number, large: string, small: string): string {
  const rest = total % base;
  return `${Math.floor(total / base)} ${large}${rest > 0 ? ` ${rest} ${small}` : ""}`;
}
