/** Shares a budget out: each gets what it needs, or, where that is too much for all, the same limit as the others. */
export function shareOut(needs: readonly number[], budget: number): number[] {
  let left = budget;
  const given = needs.map(() => 0);
  const ordered = [...needs.keys()].sort((a, b) => needs[a]! - needs[b]!);
  for (const [place, index] of ordered.entries()) {
    given[index] = Math.min(needs[index]!, Math.floor(left / (ordered.length - place)));
    left -= given[index]!;
  }
  return given;
}
