import { closeSync, existsSync, openSync, statSync, unlinkSync } from "node:fs";
import { resolve } from "node:path";
import type { PortRange } from "@tsmpi/core/bootstrap";
import { reasonOf, usageError } from "../errors/launch-error.ts";
import { seenPath } from "../system/seen-paths.ts";

/* What users type as the value of an option, and what it means. */

export const mostRanks = 4096;

/** `--restarts`: more make no sense, and a mistake in the number is found. */
export const mostRestarts = 1_000_000;
const longestTimerSeconds = 2_147_483; // setTimeout counts milliseconds in 31 bits

/** @throws LaunchError in one sentence, as the functions below do. */
export function wholeNumber(
  option: string,
  value: string,
  { least, most, of = "ranks" }: { least: number; most: number; of?: string },
): number {
  const number = /^[+-]?\d+$/.test(value.trim()) ? Number(value) : Number.NaN;
  if (Number.isNaN(number)) throw usageError(`${option} ${value}: a whole number from ${least} to ${most} is needed`);
  if (number < least) throw usageError(`${option} ${value}: at least ${least} is needed`);
  if (number > most) throw usageError(`${option} ${value}: at most ${most} ${of} are supported`);
  return number;
}

/** A host that the user named. */
export interface NamedHost {
  name: string;
  slots: number;
  /** Of `user@name`. */
  user?: string;
  /** `max_slots` of a host file. */
  most?: number;
}

/** `a:4,b,me@c,[fe80::1]:2` -> names with slots; 1 slot if none are given. */
export function hosts(value: string): NamedHost[] {
  return value.split(",").map((text) => {
    const host = hostWord(text.trim());
    if (host === undefined) throw usageError(`--hosts ${value}: names with slots are needed, as in a:4,b:4`);
    const { slots = "1", ...rest } = host;
    return { ...rest, slots: wholeNumber(`--hosts ${host.name}: slots`, slots, { least: 1, most: mostRanks }) };
  });
}

/** `name`, `name:4`, `me@name`, `[fe80::1]:2`; undefined for what is no host. The slots are not yet checked. */
export function hostWord(text: string): { name: string; user?: string; slots?: string } | undefined {
  const form = /^(?:(?<user>[^@\s]+)@)?(?:\[(?<address>[\da-fA-F:.%]+)\]|(?<name>[\w.][\w.-]*))(?::(?<slots>\d+))?$/;
  const { user, address, name = address, slots } = form.exec(text)?.groups ?? {};
  if (name === undefined) return undefined;
  return { name, ...(user === undefined ? {} : { user }), ...(slots === undefined ? {} : { slots }) };
}

/** `50000-50999`, both included. */
export function portRange(value: string): PortRange {
  const [, first = Number.NaN, last = Number.NaN] = (/^(\d+)-(\d+)$/.exec(value.trim()) ?? []).map(Number);
  if (first >= 1 && last <= 65_535 && first <= last) return [first, last];
  throw usageError(
    `--port-range ${value}: two ports from 1 to 65535 are needed, the lower one first, as in 50000-50999`,
  );
}

/** One of some words; `also` are other names of them. */
export function oneOf<const T extends string>(
  option: string,
  value: string,
  words: readonly T[],
  also: Readonly<Record<string, T>> = {},
): T {
  const found = words.find((word) => word === value.toLowerCase()) ?? also[value.toLowerCase()];
  if (found !== undefined) return found;
  throw usageError(`${option} ${value}: ${words.slice(0, -1).join(", ")} or ${words.at(-1)} is needed`);
}

export function seconds(option: string, value: string): number {
  const number = /^\d*\.?\d+$/.test(value.trim()) ? Number(value) : Number.NaN;
  if (Number.isNaN(number) || number === 0)
    throw usageError(`${option} ${value}: a number of seconds above 0 is needed`);
  if (number > longestTimerSeconds)
    throw usageError(`${option} ${value}: at most ${longestTimerSeconds} seconds are supported`);
  return number;
}

export function walltime(option: string, value: string): number {
  const ms = /^\d+(:\d+){0,2}$/.test(value) ? durationMs(value) : 0;
  if (ms === 0) throw usageError(`${option} ${value}: hours:minutes:seconds are needed, as in 01:00:00, or seconds`);
  return ms;
}

/** `90`, `1:30` and `0:01:30` are the same time. */
export function durationMs(text: string): number {
  return text.split(":").reduce((sum, part) => sum * 60 + Number(part), 0) * 1000;
}

export function existingDirectory(option: string, value: string): string {
  const directory = seenPath(value);
  try {
    if (statSync(directory).isDirectory()) return directory;
  } catch (error) {
    throw usageError(`${option} ${value}: ${reasonOf(error)}`);
  }
  throw usageError(`${option} ${value}: not a directory`);
}

/**
 * A file that is going to be written; one that cannot be is refused now, not after hours of computing. Its name ends in one of
 * `endings`, so that no script is overwritten; devices may have any name.
 */
export function outputFile(option: string, value: string, endings: readonly string[]): string {
  if (value === "") throw usageError(`${option}: a file is missing`);
  const path = resolve(value);
  if (!endings.some((ending) => path.endsWith(ending)) && !path.startsWith("/dev/"))
    throw usageError(`${option} ${value}: a name that ends in ${endings[0]} is needed`);
  const isNew = !existsSync(path);
  try {
    closeSync(openSync(path, "a"));
    if (isNew) unlinkSync(path);
  } catch (error) {
    throw usageError(`${option} ${value}: cannot be written, ${reasonOf(error)}`);
  }
  return path;
}

/** `a "b c" d\ e` -> a, b c, d e: a shell's words, without its other expansions. */
export function words(text: string): string[] {
  const found = text.match(/(?:[^\s"'\\]|\\.|"[^"]*"|'[^']*')+/g) ?? [];
  return found.map((word) => word.replace(/\\(.)|"([^"]*)"|'([^']*)'/g, "$1$2$3"));
}
