import { hostWord, mostRanks, type NamedHost, wholeNumber } from "../../command/option-values.ts";
import { LaunchError, usageError } from "../../errors/launch-error.ts";
import { readNamed } from "../../system/named-file.ts";

const right = "a line is one host and its slots, as in node1 slots=4 max_slots=8";

/**
 * The hosts of a file in Open MPI's format, in its order: `me@node1 slots=4 max_slots=8 # comment`. A host may have
 * several lines. MPICH's `node1:4` is understood too, because no host has such a name.
 *
 * @throws LaunchError with the file and the line that is wrong.
 */
export function readHostFile(path: string): NamedHost[] {
  const name = `--hostfile ${path}`;
  const text = readNamed(path, (reason) => new LaunchError(`${name} cannot be read: ${reason}`));
  return parseHostFile(text, name);
}

/** `name` is what messages call the text. */
export function parseHostFile(text: string, name: string): NamedHost[] {
  const hosts = text.split("\n").flatMap((line, index): NamedHost[] => {
    const words = line
      .replace(/#.*|^\s*\/\/.*/, "")
      .replace(/\s*=\s*/g, "=")
      .trim();
    return words === "" ? [] : [hostOf(words.split(/\s+/), `${name}, line ${index + 1}`)];
  });
  if (hosts.length === 0) throw usageError(`${name} names no host: ${right}`);
  return hosts;
}

/** All names that Open MPI has for the two numbers. */
const keys: Readonly<Record<string, "slots" | "most">> = {
  slots: "slots",
  cpu: "slots",
  cpus: "slots",
  count: "slots",
  max_slots: "most",
  "max-slots": "most",
  max_cpus: "most",
  "max-cpus": "most",
};

function hostOf([first = "", ...rest]: string[], where: string): NamedHost {
  const host = hostWord(first);
  if (host === undefined) throw usageError(`${where}: "${first}" is no name of a host: ${right}`);
  const { slots, ...named } = host;
  const counts: { slots?: number; most?: number } =
    slots === undefined ? {} : { slots: numberOf("slots", slots, where) };
  for (const word of rest) {
    const [key = "", value = ""] = word.split("=");
    const kind = keys[key.toLowerCase()];
    if (kind === undefined) throw usageError(`${where}: "${word}" is not understood: ${right}`);
    counts[kind] = numberOf(key, value, where);
  }
  const { most } = counts;
  const given = counts.slots ?? 1;
  if (most !== undefined && most < given)
    throw usageError(
      `${where}: max_slots=${most} is less than slots=${given}: it is the most ranks that the host takes`,
    );
  return { ...named, slots: given, ...(most === undefined ? {} : { most }) };
}

function numberOf(key: string, value: string, where: string): number {
  return wholeNumber(`${where}: ${key} =`, value, { least: 1, most: mostRanks });
}
