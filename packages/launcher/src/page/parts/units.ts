/** How quantities are written: with a unit that leaves a short number, and not more digits than can be read. */

const kibi = 1024;
const byteUnits = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

/** `1.2 s`, `34 ms`, `850 µs`, `2 min 05 s`. */
export function duration(ms: number): string {
  if (!Number.isFinite(ms)) return "unknown";
  const size = Math.abs(ms);
  if (size === 0) return "0 s";
  if (size < 0.9995) return `${digits(ms * 1000)} µs`;
  if (size < 999.5) return `${digits(ms)} ms`;
  if (size < 59_950) return `${digits(ms / 1000)} s`;
  const seconds = Math.round(size / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${padded(seconds % 60)} s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${padded(minutes % 60)} min`;
}

/** `5.1 MiB`, `640 B`. */
export function bytes(value: number): string {
  const unit = Math.min(byteUnits.length - 1, Math.floor(Math.log(Math.max(1, value)) / Math.log(kibi)));
  return `${digits(value / kibi ** unit)} ${byteUnits[unit]}`;
}

/** `12,000`. */
export function count(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

/** `1 message`, `12,000 messages`. */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${Math.round(value) === 1 ? one : many}`;
}

/** Of a share from 0 to 1: `84 %`, `0.4 %`. */
export function percent(share: number): string {
  if (!Number.isFinite(share)) return "–";
  const value = share * 100;
  return `${value !== 0 && Math.abs(value) < 0.95 ? value.toFixed(1) : Math.round(value)} %`;
}

/** Three digits: `0.04`, `1.23`, `12.3`, `123`, `1,023`. */
export function digits(value: number): string {
  const size = Math.abs(value);
  if (size >= 100) return count(value);
  const places = size >= 10 ? 1 : 2;
  return String(Number(value.toFixed(places)));
}

/** Writes the ticks of an axis of times, all in the unit that fits its `step`; `unit` stands beside the axis. */
export function timeTicks(ticks: readonly number[]): { unit: string; write(ms: number): string } {
  const step = ticks.length > 1 ? Math.abs(ticks[1]! - ticks[0]!) : Math.abs(ticks[0] ?? 1);
  const largest = Math.max(...ticks.map(Math.abs), 0);
  const [unit, size] =
    largest >= 300_000 ? ["min", 60_000] : largest >= 1000 ? ["s", 1000] : largest >= 1 ? ["ms", 1] : ["µs", 0.001];
  const places = Math.max(0, Math.min(6, Math.ceil(-Math.log10(step / size) - 1e-9)));
  return { unit, write: (ms) => `${(ms / size).toFixed(places)}` };
}

function padded(value: number): string {
  return String(value).padStart(2, "0");
}
