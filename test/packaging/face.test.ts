import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const folder = fileURLToPath(new URL("../../docs/api/", import.meta.url));

test("the public face is docs/api/face.txt; npm run docs:face writes it after a change", () => {
  const face = execFileSync(process.execPath, [join(folder, "face.js")], { encoding: "utf8" });
  expect(face).toBe(readFileSync(join(folder, "face.txt"), "utf8"));
});

test("the public face names nothing that users cannot import", () => {
  const face = readFileSync(join(folder, "face.txt"), "utf8");
  expect(face.split("# named by these and not exported\n\n")[1]).toBe("nothing\n");
});
