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

it("goes round the hosts with --map-by host, as long as they have free slots", () => {
  const mapped = (size?: number, ranksPerHost?: number): unknown =>
    place({ hosts }, size, { mapBy: "host", ranksPerHost }).nodes.map(({ host: { name }, ranks }) => [name, ...ranks]);
  expect(mapped()).toEqual([
    ["a", 0, 3],
    ["b", 1],
    ["c", 2, 4],
  ]);
  expect(mapped(2)).toEqual([
    ["a", 0],
    ["b", 1],
  ]);
  expect(mapped(4, 2)).toEqual([
    ["a", 0, 3],
    ["b", 1],
    ["c", 2],
  ]);
});

it("gives each host as many ranks as --ranks-per-host says, whatever slots it has", () => {
  const perHost = (ranksPerHost: number, size?: number) => place({ hosts }, size, { ranksPerHost });
  expect(perHost(3)).toMatchObject({ size: 9, slots: 5 });
  expect(perHost(2, 3).nodes.map(({ ranks }) => ranks)).toEqual([[0, 1], [2]]);
  expect(() => perHost(2, 7)).toThrow("-n 7: --ranks-per-host 2 on 3 hosts leaves room for 6 ranks");
});
