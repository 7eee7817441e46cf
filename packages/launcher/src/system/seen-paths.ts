import { lstatSync, readlinkSync, realpathSync, statSync } from "node:fs";
import { dirname, isAbsolute, resolve } from "node:path";
import { LaunchError } from "../errors/launch-error.ts";

/*
 * Paths that are valid on other hosts too. An automounter links /home/me to a directory with another name on each host
 * (/export7/me here, /export9/me there), and Node and the kernel give the path behind the link.
 */

/** The working directory by the shell's path (PWD), if that is the same directory. */
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

/** A typed path, made absolute from {@link workingDirectory} if that leads to the same file. */
export function seenPath(path: string): string {
  const real = resolve(path);
  const seen = resolve(workingDirectory(), path); // "../x" may be another file when PWD has a link in it
  return isSame(seen, real) ? seen : real;
}

/** A path without links, as a path below HOME if HOME itself is a link. */
export function belowHome(real: string): string {
  const { HOME: home } = process.env;
  if (home === undefined || !isAbsolute(home)) return real;
  const behind = realpath(home);
  if (behind === home || !real.startsWith(`${behind}/`)) return real;
  const seen = `${home.replace(/\/$/, "")}${real.slice(behind.length)}`;
  return isSame(seen, real) ? seen : real;
}

/** Follows a link, and the links that it leads to. Links among its directories are not resolved. */
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

/** Whether two paths lead to one file. Not known, and false, within the archives of Yarn's Plug'n'Play, whose files have no numbers. */
export function isSame(one: string, other: string): boolean {
  if (one === other) return true;
  const [first, second] = [one, other].map((path) => stat(path));
  return !!first?.ino && first.dev === second?.dev && first.ino === second.ino;
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
