import { beforeAll, describe, expect, test } from "vitest";
import { submit, write } from "./cluster.ts";

const programs = {
  "hosts.ts": `import { init } from "tsmpi"; import { hostname } from "node:os"; import { setTimeout as sleep } from "node:timers/promises";
    await using world = await init();
    const hosts = await world.gather(hostname().split(".")[0]);
    if (hosts) console.log(hosts.join(" "));
    await sleep(Number(process.argv[2] ?? 0));`,
};
const four = "4:ncpus=1";
const twice = "2:ncpus=2:mpiprocs=2";

/** What the program prints with a rank on each of these lines. */
const ranksOn = (lines: readonly string[]): string => `${lines.map((line) => line.split(".")[0]).join(" ")}\n`;

beforeAll(() => write(programs));

describe("an edited node file decides which rank runs where", () => {
  test.each([
    { edit: "tail -2", select: four, edited: (lines: string[]) => lines.slice(-2) },
    { edit: "sort -r", select: four, edited: (lines: string[]) => lines.toSorted().reverse() },
    { edit: "uniq", select: twice, edited: (lines: string[]) => [...new Set(lines)] },
    { edit: "tail -3", select: twice, edited: (lines: string[]) => lines.slice(-3) },
  ])("$edit, of $select", async ({ edit, select, edited }) => {
    const { nodes, code, stdout, stderr } = await submit(
      select,
      `${edit} $PBS_NODEFILE > mine; PBS_NODEFILE=mine tsmpi run hosts.ts`,
    );
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: ranksOn(edited(nodes)), stderr: "" });
  });

  test("two halves, by two runs at once", async () => {
    const { nodes, code, stdout, stderr } = await submit(
      four,
      `head -2 $PBS_NODEFILE > one; tail -2 $PBS_NODEFILE > two
      PBS_NODEFILE=one tsmpi run hosts.ts 2000 > one.out & PBS_NODEFILE=two tsmpi run hosts.ts 2000 > two.out & wait
      cat one.out two.out`,
    );
    const halves = ranksOn(nodes.slice(0, 2)) + ranksOn(nodes.slice(2));
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: halves, stderr: "" });
  });

  test("--hostfile in its place", async () => {
    const { nodes, code, stdout, stderr } = await submit(
      four,
      "sort -r $PBS_NODEFILE | head -3 > mine; tsmpi run --hostfile mine hosts.ts",
    );
    const expected = ranksOn(nodes.toSorted().reverse().slice(0, 3));
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: expected, stderr: "" });
  });

  test("a line that is no host of the job is refused with its number", async () => {
    const lines = ["# mine", "$second slots=4", "$second:4", "far"];
    const { nodes, stdout, stderr } = await submit(
      four,
      `second=$(sed -n 2p $PBS_NODEFILE)
      ${lines.map((line) => `(head -1 $PBS_NODEFILE; echo; echo "${line}") > mine; PBS_NODEFILE=mine tsmpi run hosts.ts; echo $?`).join("\n")}`,
    );
    expect({ stdout, stderr }).toEqual({
      stdout: "125\n".repeat(lines.length),
      stderr: lines
        .map((line) => line.replace("$second", nodes[1] as string))
        .map(
          (line) =>
            `tsmpi: PBS_NODEFILE mine, line 3: "${line}" is no host of this job; each line has to be one of ${nodes.join(", ")}, and nothing else\n`,
        )
        .join(""),
    });
  });

  test("tsmpi doctor has a note about it", async () => {
    const { nodes, code, stdout, stderr } = await submit(
      four,
      "tail -2 $PBS_NODEFILE > mine; PBS_NODEFILE=mine tsmpi doctor",
    );
    expect({ code, stderr }, stdout).toEqual({ code: 0, stderr: "" });
    expect(stdout).toContain(
      `note: PBS_NODEFILE mine is not what PBS wrote; hosts of the job that are not used: ${nodes[0]}, ${nodes[1]}\n`,
    );
    expect(stdout).toContain("All is well.\n");
  });
});

describe("--hosts", () => {
  test("takes hosts of the job, in this order, with so many slots", async () => {
    const { nodes, code, stdout, stderr } = await submit(
      four,
      "tsmpi run --hosts $(sed -n 2p $PBS_NODEFILE):2,$(sed -n 1p $PBS_NODEFILE) hosts.ts",
    );
    const [first = "", second = ""] = nodes;
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: ranksOn([second, second, first]), stderr: "" });
  });

  test("starts a host that is not the job's by ssh, and says when there is none of that name", async () => {
    const { code, stdout, stderr } = await submit("1:ncpus=1", "tsmpi run --hosts far:2 hosts.ts");
    expect({ code, stdout }).toEqual({ code: 125, stdout: "" });
    expect(stderr).toMatch(/^tsmpi: far is no host of the PBS job around tsmpi: ssh starts processes there$/m);
    expect(stderr).toMatch(/^far +asked +no host of that name is known: .*; try: ssh far true$/m);
  });
});
