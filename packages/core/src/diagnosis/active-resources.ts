/** What keeps this process alive or is under way in it, as Node lists it: how many of each kind. */
export function activeResources(): Map<string, number> {
  const kinds = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo()) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  return kinds;
}
