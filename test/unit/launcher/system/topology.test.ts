import { join } from "node:path";
import { expect, it } from "vitest";
import { usableTopology } from "../../../../packages/launcher/src/system/topology.ts";
import { folder } from "../../../support/run-tsmpi.ts";

it("reads which CPUs may be used, and their cores, NUMA domains and sockets", () => {
  const place = folder({
    status: "Name:\tnode\nCpus_allowed:\tff\nCpus_allowed_list:\t0-2,5-7\n",
    "system/node/node0/cpulist": "0-3\n",
    "system/node/node1/cpulist": "4-7\n",
    "system/node/online": "0-1\n",
    // Numbers that alternate between sockets, as many machines have them.
    ...Object.fromEntries(
      [0, 1, 2, 5, 6, 7].flatMap((id) => [
        [`system/cpu/cpu${id}/topology/physical_package_id`, `${id >> 2}\n`],
        [`system/cpu/cpu${id}/topology/thread_siblings_list`, `${id & ~2},${id | 2}\n`],
      ]),
    ),
  });
  const cpus = usableTopology({ system: join(place, "system"), status: join(place, "status") });
  expect(cpus.map(({ id, core, numa, socket }) => [id, core, numa, socket])).toEqual([
    [0, 0, 0, 0],
    [2, 0, 0, 0],
    [1, 1, 0, 0],
    [6, 4, 1, 1],
    [5, 5, 1, 1],
    [7, 5, 1, 1],
  ]);
});

it("counts CPUs as cores of one domain where the kernel does not tell, and none where there is no /proc", () => {
  const place = folder({ status: "Cpus_allowed_list:\t0,3\n" });
  expect(usableTopology({ system: join(place, "none"), status: join(place, "status") })).toEqual([
    { id: 0, core: 0, numa: 0, socket: 0 },
    { id: 3, core: 3, numa: 0, socket: 0 },
  ]);
  expect(usableTopology({ system: "/nowhere", status: "/nowhere" })).toEqual([]);
});
