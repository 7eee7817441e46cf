import { describe, expect, it } from "vitest";
import { chunksOf, linesOf } from "../../../../../packages/launcher/src/hosts/pbs/status.ts";

/** As qstat of OpenPBS 23.06 prints it, but for the line that it breaks. */
const openPbs = `Job Id: 5.head
    Resource_List.mpiprocs = 2
    Resource_List.ncpus = 5
    Resource_List.select = 1:ncpus=4:mpiprocs=2+2:ncpus=1
    exec_host = node1/0*4+node2/0+node2/1
    exec_vnode = (node1:ncpus=4)+(node2:ncpus=1)+(node2:ncpus=1)
`;
const torque = "Job Id: 7.head\n    exec_host = n1/0-1+n2/3\n    Resource_List.nodes = 1:ppn=2+1\n";

describe("what qstat says of a job's chunks", () => {
  it.each([
    ["OpenPBS", openPbs, ["node1 4", "node2 1", "node2 1"], ["node1", "node1", "node2", "node2"]],
    ["TORQUE", torque, ["n1 ?", "n1 ?", "n2 ?"], ["n1", "n1", "n2"]],
  ])("is hosts, CPUs, and a line for each slot: %s", (_, status, chunks, lines) => {
    expect(chunksOf(status).map(({ host, cpus }) => `${host} ${cpus ?? "?"}`)).toEqual(chunks);
    expect(linesOf(status)).toEqual(lines);
  });

  it("is nothing where its parts do not fit together", () => {
    expect(linesOf("    exec_host = a/0+a/1+b/0\n    Resource_List.select = 2:ncpus=1\n")).toBeUndefined();
    expect(linesOf("    Resource_List.select = 2:ncpus=1\n")).toBeUndefined();
    expect(linesOf("    exec_host = a/0\n")).toBeUndefined();
  });
});
