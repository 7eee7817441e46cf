import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { folder, runTsmpi } from "../support/run-tsmpi.ts";

/** A folder with a program, which also has the files that it writes. */
function inFolder(program: string): { cwd: string } {
  return { cwd: folder({ "script.mjs": `import { block, init } from "tsmpi";\n${program}` }) };
}

const run = (cwd: string, ranks: number): ReturnType<typeof runTsmpi> =>
  runTsmpi(["run", "-n", String(ranks), "--timeout", "100", "script.mjs"], { cwd });

/** What each rank prints: its error's code, that of Node, and the message without the rank's own name. */
const tell = `
const told = async (call) => {
  try { await call(); console.log("no error"); }
  catch (error) { console.log(error.code, error.cause?.code, error.message.replace(/^.*? at \\S+: /, "")); }
};`;

const dtypes = ["i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", "b1", "c8", "c16"];
test("NumPy reads what eight ranks wrote, in C and in Fortran order", async () => {
  const { cwd } = inFolder(`
    import { writeNpy } from "tsmpi";
    const world = await init();
    for (const Kind of [Int8Array, Uint8Array, Int16Array, Uint16Array, Int32Array, Uint32Array, Float32Array, Float64Array, BigInt64Array, BigUint64Array])
      for (const fortranOrder of [false, true]) {
        const mine = Kind.from({ length: 2 * 3 * 5 }, (_, i) => Kind.name.startsWith("Big") ? BigInt(i) + 10n * BigInt(world.rank) : i + 10 * world.rank);
        await writeNpy(world, \`\${Kind.name}-\${fortranOrder}.npy\`, mine, { shape: [16, 3, 5], start: [2 * world.rank, 0, 0], fortranOrder });
      }
    // columns, from a block; the last column is nobody's
    const grid = Float64Array.from({ length: 12 }, (_, i) => i + 100 * world.rank);
    await writeNpy(world, "columns.npy", block(grid, { shape: [4, 3], start: [0, 1], size: [4, 2] }), { shape: [4, 17], start: [0, 2 * world.rank] });
    await world.close();`);
  const { code, stderr } = await run(cwd, 8);
  assert.equal(code, 0, stderr);
  const check = `
import glob, numpy as np
count = 0
for path in glob.glob("*Array-*.npy"):
    a = np.load(path)
    assert a.dtype.name == path.split("Array")[0].lower().replace("big", ""), (path, a.dtype)
    assert a.flags.f_contiguous == path.endswith("true.npy"), path
    expected = np.concatenate([np.arange(30).reshape(2, 3, 5) + 10 * r for r in range(8)])
    assert (a == expected.astype(a.dtype)).all(), path
    np.load(path, mmap_mode="r")
    count += 1
c = np.load("columns.npy")
for r in range(8):
    assert (c[:, 2 * r:2 * r + 2] == np.arange(12).reshape(4, 3)[:, 1:] + 100 * r).all()
assert (c[:, 16] == 0).all()
print(count)`;
  expect(execFileSync("/usr/bin/python3", ["-c", check], { cwd, encoding: "utf8" })).toBe("20\n");
});

test("ranks read what NumPy wrote: all kinds, orders, byte orders and versions", async () => {
  const { cwd } = inFolder(`
    import assert from "node:assert/strict";
    import { readFileSync } from "node:fs";
    import { readNpy, readNpyHeader } from "tsmpi";
    const world = await init();
    const expected = (i, type) => type === "b1" ? i % 2 : type[1] === "8" && "iu".includes(type[0]) ? BigInt(i) : i;
    const names = readFileSync("names.txt", "utf8").trim().split("\\n");
    for (const name of names) {
      const type = name.split("-")[1];
      const start = [0, 1, world.rank % 2];
      const part = await readNpy(world, name, { start, size: [3, 2, 4] });
      const want = [];
      for (let i = 0; i < 3; i++) for (let j = 1; j < 3; j++) for (let k = start[2]; k < start[2] + 4; k++) {
        want.push(expected((i * 4 + j) * 5 + k, type));
        if (type[0] === "c") want.push(-((i * 4 + j) * 5 + k));
      }
      assert.deepEqual([...part], want, name);
      assert.deepEqual((await readNpyHeader(name)).shape, [3, 4, 5]);
    }
    assert.deepEqual(await readNpy(world, "scalar.npy"), Float64Array.of(7));
    for (const [name, why] of [["records.npy", /numbers and booleans/], ["objects.npy", /numbers and booleans/], ["names.txt", /no .npy file/]])
      await assert.rejects(readNpy(world, name), (error) => error.code === "io" && why.test(error.message));
    await assert.rejects(readNpy(world, names[0], { start: [2, 0, 0], size: [2, 4, 5] }), /dimension 0/);
    if (world.rank === 0) console.log(names.length);
    await world.close();`);
  const write = `
import numpy as np
from numpy.lib import format
names = []
for t in "${dtypes.join(" ")}".split():
    for order in "<>=":
        for fortran in (False, True):
            for version in ((1, 0), (2, 0), (3, 0)):
                a = np.arange(60).reshape(3, 4, 5)
                a = (a - 1j * a) if t[0] == "c" else a % 2 if t == "b1" else a
                a = np.asarray(a, dtype=np.dtype(t).newbyteorder(order), order="F" if fortran else "C")
                name = f"n-{t}-{'LBN'['<>='.index(order)]}-{fortran}-{version[0]}.npy"
                with open(name, "wb") as f: format.write_array(f, a, version=version)
                names.append(name)
np.save("scalar.npy", np.float64(7))
np.save("records.npy", np.zeros(3, dtype=[("a", "f8"), ("b", "i4")]))
np.save("objects.npy", np.array([{}], dtype=object), allow_pickle=True)
open("names.txt", "w").write("\\n".join(names))`;
  execFileSync("/usr/bin/python3", ["-W", "ignore", "-c", write], { cwd });
  const { code, stdout, stderr } = await run(cwd, 3);
  assert.equal(code, 0, stderr);
  assert.equal(stdout.trim(), String(dtypes.length * 18));
});

test("parts that overlap, and wrong sizes, are refused on all ranks with the numbers", async () => {
  const { cwd } = inFolder(`${tell}
    import { writeNpy } from "tsmpi";
    const world = await init();
    await told(() => writeNpy(world, "x.npy", new Float64Array(4), { shape: [5], start: [world.rank] }));
    await world.barrier();
    await told(() => writeNpy(world, "x.npy", new Float64Array(world.rank), { shape: [2], start: [0], size: [0] }));
    await world.close();`);
  const { code, stdout, stderr } = await run(cwd, 2);
  assert.equal(code, 0, stderr);
  const lines = stdout.trim().split("\n");
  assert.equal(lines.length, 4, stdout);
  const overlap =
    /^invalid-argument undefined .*rank 0 \(start \[0\], size \[4\]\) and rank 1 \(start \[1\], size \[4\]\) overlap/;
  assert.equal(lines.filter((line) => overlap.test(line)).length, 2, stdout);
  assert.equal(
    lines.filter((line) => /rank 1: the part \[0\] has 0 elements, but the array has 1/.test(line)).length,
    2,
    stdout,
  );
  assert.equal(existsSync(join(cwd, "x.npy")), false);
});
