import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { defaultOptions, programOfRank, ranksOfAll } from "../../../../packages/launcher/src/command/options.ts";
import { inPrograms, laterOptionTable, laterProgram } from "../../../../packages/launcher/src/command/programs.ts";
import { folder } from "../../../support/run-tsmpi.ts";

/** The parts of a command line without `tsmpi`, as lines. */
const parts = (line: string): string[] => inPrograms(line.split(" ")).map((words) => words.join(" "));

describe("several programs", () => {
  it.each([
    ["run a.ts 1", ["run a.ts 1"]],
    ["run -np2 a.ts -n 7 : -np=6 b.ts x", ["run --np 2 a.ts -n 7", "--np 6 b.ts x"]],
    ["exec true : -n 1 false : true", ["exec true", "-n 1 false", "true"]],
    ["run a.ts \\: x", ["run a.ts : x"]],
    ["map gzip : a", ["map gzip : a"]],
  ])("%s", (line, expected) => {
    expect(parts(line)).toEqual(expected);
  });

  it.each(["run a.ts :", "run : a.ts", "run a.ts : : b.ts"])("are not in %s", (line) => {
    expect(() => parts(line)).toThrow("a program is missing beside a lone :");
  });
});

describe("--app", () => {
  const file = (text: string): string => join(folder({ app: text }), "app");

  it("names a file with a program on each line, which may have comments and quoted words", () => {
    const app = file(`# two programs\n-np 2 a.ts 'b c' # the first\n\n-n 6 b.ts \\: x#y\n`);
    const expected = [["run", "--timeout", "5", "--np", "2", "a.ts", "b c"], "-n 6 b.ts : x#y".split(" ")];
    expect(inPrograms(["run", "--app", app, "--timeout", "5"])).toEqual(expected);
    expect(inPrograms(["run", "--timeout", "5", `--app=${app}`])).toEqual(expected);
  });

  it.each([
    ["a missing file", ["--app", "/nowhere/app"], "--app /nowhere/app: no such file or directory"],
    ["no name", ["--app"], "--app: a file is missing"],
    ["an empty file", ["--app", "/dev/null"], "--app /dev/null: it has no program"],
    ["a script beside it", ["--app", "/dev/null", "a.ts"], "so a.ts cannot be on the command line, too"],
  ])("refuses %s", (_, words, message) => {
    expect(() => inPrograms(["run", ...words])).toThrow(message);
  });
});

describe("a later program", () => {
  const first = { ...defaultOptions("a.ts", [], false), ranks: 2, environment: { A: "1", B: "1" } };
  const later = (flag: string, value: string) => {
    const options = laterProgram(first, "b.ts", []);
    laterOptionTable.find(({ flags }) => flags.includes(flag))!.apply(options, value);
    return options;
  };

  it("has the settings of the first one, but its own number of ranks and variables", () => {
    const b = later("--env", "B=2");
    expect(b).toMatchObject({ script: "b.ts", ranks: undefined, environment: { A: "1", B: "2" } });
    expect(first.environment).toEqual({ A: "1", B: "1" });
    first.others = [later("--np", "3")];
    expect(ranksOfAll(first)).toBe(5);
    expect([1, 2, 4].map((rank) => programOfRank(first, rank).script)).toEqual(["a.ts", "b.ts", "b.ts"]);
  });

  it("needs a number of ranks, and so does the first one then", () => {
    expect(() => ranksOfAll({ ...first, others: [later("--env", "B=2")] })).toThrow("how many ranks run b.ts?");
    expect(() => ranksOfAll({ ...first, ranks: undefined, others: [later("--np", "3")] })).toThrow("run a.ts?");
    expect(() => ranksOfAll({ ...first, others: [later("--np", "4096")] })).toThrow("at most 4096");
  });

  it("cannot have an option of the whole job", () => {
    expect(() => later("--timeout", "3")).toThrow(
      "--timeout after a lone : is an option of the whole job: write it before the first program",
    );
    const own = laterOptionTable.filter(({ flags }) => {
      try {
        later(flags, "1");
        return true;
      } catch (error) {
        return !(error as Error).message.includes("whole job");
      }
    });
    expect(own.map(({ flags }) => flags.split(" ").find((word) => word.startsWith("--")))).toEqual([
      "--np",
      "--env",
      "--wdir",
      "--node-options",
    ]);
  });
});
