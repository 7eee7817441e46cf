import { expect, test } from "vitest";
import { hosts } from "../../../../packages/launcher/src/command/option-values.ts";
import { allocate, refuseTooMany } from "../../../../packages/launcher/src/hosts/allocate.ts";
import { parseHostFile } from "../../../../packages/launcher/src/hosts/named/host-file.ts";
import { place } from "../../../../packages/launcher/src/hosts/placement.ts";
import { folder } from "../../../support/run-tsmpi.ts";

const parse = (text: string) => parseHostFile(text, "mine");

test.each([
  ["node1", [{ name: "node1", slots: 1 }]],
  ["node1 slots=4 max_slots=8", [{ name: "node1", slots: 4, most: 8 }]],
  ["node1 slots = 4 max-slots= 8", [{ name: "node1", slots: 4, most: 8 }]],
  [
    "node1 cpu=2\nnode2 count=3",
    [
      { name: "node1", slots: 2 },
      { name: "node2", slots: 3 },
    ],
  ],
  ["me@node1.lab slots=2", [{ name: "node1.lab", slots: 2, user: "me" }]],
  [
    "# all\n\n  \r\nnode1 # the first\r\n// more\nnode2 slots=2#x\n",
    [
      { name: "node1", slots: 1 },
      { name: "node2", slots: 2 },
    ],
  ],
  [
    "node1:4\n[fe80::1]:2\n10.0.0.1",
    [
      { name: "node1", slots: 4 },
      { name: "fe80::1", slots: 2 },
      { name: "10.0.0.1", slots: 1 },
    ],
  ],
])("a host file: %j", (text, expected) => {
  expect(parse(text)).toEqual(expected);
});

test.each([
  ["node1\nnode[1-2]", 'mine, line 2: "node[1-2]" is no name of a host: a line is one host'],
  ["^node1", 'mine, line 1: "^node1" is no name of a host'],
  ["node1,node2", 'mine, line 1: "node1,node2" is no name of a host'],
  ["node1 2", 'mine, line 1: "2" is not understood: a line is one host and its slots, as in node1 slots=4'],
  ["node1 user=me", 'mine, line 1: "user=me" is not understood'],
  ["node1 slots=0", "mine, line 1: slots = 0: at least 1 is needed"],
  ["\nnode1 slots=x", "mine, line 2: slots = x: a whole number"],
  ["node1 slots=", "mine, line 1: slots = : a whole number"],
  ["node1 slots=4 max_slots=2", "mine, line 1: max_slots=2 is less than slots=4"],
  ["# nothing", "mine names no host: a line is one host"],
])("the fault in %j is named with its line", (text, words) => {
  expect(() => parse(text)).toThrow(words);
});

test("a host that is named twice has the slots of both lines, and ranks take slots in the order of the lines", async () => {
  const file = `${folder({ mine: "far1\nfar2 slots=2 max_slots=2\nfar1 max_slots=3\n" })}/mine`;
  const allocation = await allocate({ hosts: undefined, hostFile: file });
  expect(allocation).toMatchObject({ granted: true, source: `--hostfile ${file}` });
  expect(allocation.hosts.map(({ name, slots, most }) => [name, slots, most])).toEqual([
    ["far1", 2, 3],
    ["far2", 2, 2],
  ]);
  const placement = place(allocation, 4);
  expect(placement.nodes.map(({ ranks }) => ranks)).toEqual([
    [0, 3],
    [1, 2],
  ]);
  expect(() => refuseTooMany(placement)).not.toThrow();
  expect(() => refuseTooMany(place(allocation, 6))).toThrow(
    "far2 would have 3 ranks, and max_slots=2 in the host file allows 2: start fewer ranks, or name more hosts",
  );
});

test("--hosts knows users, addresses and slots", () => {
  expect(hosts("a:4,me@b,[fe80::1]:2,a")).toEqual([
    { name: "a", slots: 4 },
    { name: "b", slots: 1, user: "me" },
    { name: "fe80::1", slots: 2 },
    { name: "a", slots: 1 },
  ]);
  for (const wrong of ["", "a,", "a b", "-o:1", "a:b", "@a"])
    expect(() => hosts(wrong)).toThrow("names with slots are needed");
});

test("two users on one host are refused", async () => {
  const wanted = [
    { name: "far", slots: 1, user: "me" },
    { name: "far", slots: 1 },
  ];
  await expect(allocate({ hosts: wanted, hostFile: undefined })).rejects.toThrow("far is named with two users");
});
