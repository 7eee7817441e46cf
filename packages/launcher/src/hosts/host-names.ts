import { sameHost } from "../system/this-host.ts";

/** A message lists at most this many hosts. */
const mostListed = 8;

/** The host in the scheduler's own spelling; undefined for a host that is not among its `own`. */
export function spelling(own: readonly string[], name: string): string | undefined {
  return own.includes(name) ? name : own.find((host) => sameHost(host, name));
}

/** The first hosts of a list, for a message. */
export function listed(hosts: readonly string[]): string {
  const more = hosts.length - mostListed;
  return `${hosts.slice(0, mostListed).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

/**
 * The places of those names that are among a scheduler's hosts, whose own names are the keys of `places`. `here` is the name
 * of this machine among `names`; `find` says which of the scheduler's own names is this machine's.
 */
export async function placesNamed<P>(
  names: readonly string[],
  here: string | undefined,
  places: ReadonlyMap<string, P>,
  find: (own: readonly string[]) => Promise<string | undefined>,
): Promise<Map<string, P>> {
  const own = [...places.keys()];
  const ownHere = here === undefined ? undefined : await find(own);
  return new Map(
    names.flatMap((name) => {
      const meant = spelling(own, name) ?? (name === here ? ownHere : undefined);
      return meant === undefined ? [] : [[name, places.get(meant) as P] as const];
    }),
  );
}
