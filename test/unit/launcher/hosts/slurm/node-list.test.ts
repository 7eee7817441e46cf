import { describe, expect, it } from "vitest";
import { expandCounts, expandNodes } from "../../../../../packages/launcher/src/hosts/slurm/node-list.ts";

describe("a compressed list of hosts", () => {
  // What `scontrol show hostnames` of Slurm 22.05 makes of them.
  it.each([
    ["node1", ["node1"]],
    ["node[1-3]", ["node1", "node2", "node3"]],
    ["node[1,3-4],login", ["node1", "node3", "node4", "login"]],
    ["n[001-003]", ["n001", "n002", "n003"]],
    ["n[09-11]", ["n09", "n10", "n11"]],
    ["n[8-11]", ["n8", "n9", "n10", "n11"]],
    ["n[008-0010]", ["n008", "n009", "n010"]],
    ["n[00-02,0005]", ["n00", "n01", "n02", "n0005"]],
    ["a[1-2]b[3-4]", ["a1b3", "a1b4", "a2b3", "a2b4"]],
    ["[1-3]", ["1", "2", "3"]],
    ["n1,n1,n[1-2]", ["n1", "n1", "n1", "n2"]],
    ["n1, n2", ["n1", "n2"]],
    ["n[1-2]-ib", ["n1-ib", "n2-ib"]],
    ["rack-1.example.org,x_[7]", ["rack-1.example.org", "x_7"]],
    ["", []],
  ])("%s has the hosts %j", (list, hosts) => {
    expect(expandNodes(list)).toEqual(hosts);
  });

  it.each(["n[a-c]", "n[3-1]", "n[]", "n[1-4/2]", "n[0x1-0x2]", "n[1-2", "n1]", "n[1-]"])("%s is refused", (list) => {
    expect(() => expandNodes(list)).toThrow(/is no span of numbers|without its other one/);
  });
});

describe("a compressed list of numbers", () => {
  it.each([
    ["4", [4]],
    ["2(x3)", [2, 2, 2]],
    ["4,3", [4, 3]],
    ["3,1(x2),8", [3, 1, 1, 8]],
  ])("%s is %j", (text, counts) => {
    expect(expandCounts(text)).toEqual(counts);
  });

  it.each(["x", "2(x)", "(x2)", "2x3", ""])("%j is refused", (text) => {
    expect(() => expandCounts(text)).toThrow("is no number of tasks");
  });
});
