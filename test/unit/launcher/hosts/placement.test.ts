import { expect, it } from "vitest";
import { place } from "../../../../packages/launcher/src/hosts/placement.ts";

const host = (name: string, slots: number) => ({ name, slots, here: name === "a" });
const hosts = [host("a", 2), host("b", 1), host("c", 2)];

function ranksOf(size?: number): Record<string, number[]> {
  return Object.fromEntries(place({ hosts }, size).nodes.map((node) => [node.host.name, node.ranks]));
}

it("fills slots in order, all of them when no number of ranks is given", () => {
  expect(ranksOf()).toEqual({ a: [0, 1], b: [2], c: [3, 4] });
  expect(place({ hosts })).toMatchObject({ size: 5, slots: 5 });
});

it("uses the first slots when there are fewer ranks, and leaves hosts without ranks out", () => {
  expect(ranksOf(2)).toEqual({ a: [0, 1] });
  expect(ranksOf(3)).toEqual({ a: [0, 1], b: [2] });
});

it("starts again at the first host when there are more ranks", () => {
  expect(ranksOf(7)).toEqual({ a: [0, 1, 5, 6], b: [2], c: [3, 4] });
});

it("follows the lines of a node file, in which equal hosts need not be adjacent", () => {
  const [a, b] = [host("a", 2), host("b", 2)];
  const { nodes } = place({ hosts: [a, b], order: [a, b, a, b] });
  expect(nodes.map(({ host: { name }, ranks }) => [name, ranks])).toEqual([
    ["a", [0, 2]],
    ["b", [1, 3]],
  ]);
});
