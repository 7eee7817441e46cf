import { expect, test } from "vitest";
import { runScript } from "../support/run-tsmpi.ts";

/** The last rank leaves the scope of a window and of a file at once, the others are in their next collective or not yet. */
const script = `import { init } from "tsmpi";
const world = await init();
const last = world.size - 1;
const seen = new Map();
const note = ({ code, message }) => {
  const why = code + " " + (/has let its part of the window go|was left on rank \\d without close/.exec(message)?.[0] ?? message);
  seen.set(why, (seen.get(why) ?? 0) + 1);
};
for (let turn = 0; turn < 60; turn++) {
  const window = await world.window(Int32Array, 1);
  const file = await world.openFile("left", { flags: "w", durable: false });
  await new Promise((resolve) => setTimeout(resolve, (7 * turn + 3 * world.rank) % 4));
  if (world.rank < last) {
    await window.fence().catch(note);
    await file.writeOrdered("x").catch(note);
  }
  await window[Symbol.asyncDispose]();
  await file[Symbol.asyncDispose]();
  await world.barrier();
}
if (world.rank < last) console.log(JSON.stringify([...seen].sort()));
`;

test.each(["", "zeromq"].flatMap((way) => [2, 3].map((ranks) => [ranks, way] as const)))(
  "what a rank leaves by its scope tells the others that, not that they disagree: %i ranks, TSMPI_TRANSPORT=%s",
  async (ranks, way) => {
    const { code, stdout, stderr } = await runScript(script, ["-n", String(ranks), "--env", `TSMPI_TRANSPORT=${way}`]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const told = JSON.stringify([
      ["closed has let its part of the window go", 60],
      [`closed was left on rank ${ranks - 1} without close`, 60],
    ]);
    expect(stdout.trim().split("\n")).toEqual(Array(ranks - 1).fill(told));
  },
);
