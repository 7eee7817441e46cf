import { describe, expect, it } from "vitest";
import { keptName, withoutValues } from "../../../../packages/launcher/src/job/sight.ts";

describe("the command line in a report", () => {
  it.each([
    ["run --env TOKEN=secret a.ts", "run --env TOKEN=... a.ts"],
    ["run --env=TOKEN=secret a.ts", "run --env=TOKEN=... a.ts"],
    ["run -x TOKEN=secret -xA=1 a.ts", "run -x TOKEN=... -xA=... a.ts"],
    ["run -genv TOKEN secret a.ts", "run -genv TOKEN ... a.ts"],
    ["run -n 4 --env TOKEN a.ts --level=3 x=1", "run -n 4 --env TOKEN a.ts --level=3 x=1"],
  ])("%s has no values of variables", (given, shown) => {
    expect(withoutValues(given.split(" ")).join(" ")).toBe(shown);
  });
});

describe("the report of a start that failed", () => {
  it.each([
    ["/a.b/run.html", "/a.b/run.0.html"],
    ["run.x.json.gz", "run.x.0.json.gz"],
    ["run.tsrec", "run.0.tsrec"],
  ])("%s is kept under a name with the same ending", (path, kept) => {
    expect(keptName(path, 0)).toBe(kept);
  });
});
