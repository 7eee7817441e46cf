import { lstatSync, readlinkSync, realpathSync, statSync } from "node:fs";
import { dirname, isAbsolute, resolve } from "node:path";
import { LaunchError } from "../errors/launch-error.ts";

/*
 * Names of files and directories that other hosts understand too. An automounter links /home/me to a place that has another
 * name on each host (/export7/me here, /export9/me there), and Node and the kernel give the name behind the link.
 */

/** The present directory by the name that the shell has for it: PWD, where that is the same directory. */
export function workingDirectory(): string {
  const real = presentDirectory();
  const { PWD: seen } = process.env;
  return seen !== undefined && resolve(seen) === seen && isSame(seen, real) ? seen : real;
}

function presentDirectory(): string {
  try {
    return process.cwd();
  } catch {
    throw new LaunchError("the present directory does not exist any more: cd to one that does");
  }
}

/** A path that the user has typed, made absolute from {@link workingDirectory}, where that leads to the same file. */
export function seenPath(path: string): string {
  const real = resolve(path);
  const seen = resolve(workingDirectory(), path); // "../x" may be another file when PWD has a link in it
  return isSame(seen, real) ? seen : real;
}

/** A path without links, by its name below HOME, where HOME itself is behind a link. */
export function belowHome(real: string): string {
  const { HOME: home } = process.env;
  if (home === undefined || !isAbsolute(home)) return real;
  const behind = realpath(home);
  if (behind === home || !real.startsWith(`${behind}/`)) return real;
  const seen = `${home.replace(/\/$/, "")}${real.slice(behind.length)}`;
  return isSame(seen, real) ? seen : real;
}

/** Where a link leads, link by link, as long as its last part is one. Links among its directories stay as they are. */
export function followed(path: string): string {
  for (let links = 0; links < 16; links++) {
    try {
      if (!lstatSync(path).isSymbolicLink()) return path;
      path = resolve(dirname(path), readlinkSync(path));
    } catch {
      return path;
    }
  }
  return path;
}

/** Whether two paths lead to one file. */
export function isSame(one: string, other: string): boolean {
  if (one === other) return true;
  const [first, second] = [one, other].map((path) => stat(path));
  return first !== undefined && second !== undefined && first.dev === second.dev && first.ino === second.ino;
}

function stat(path: string): { dev: bigint; ino: bigint } | undefined {
  try {
    return statSync(path, { bigint: true });
  } catch {
    return undefined;
  }
}

function realpath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
