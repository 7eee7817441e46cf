import { describe, expect, it } from "vitest";
import { LineAssembler } from "../../packages/launcher/src/lines.ts";

const turn = () => new Promise<void>((resolve) => setImmediate(() => setImmediate(resolve)));

/** What is shown within a turn of the event loop after each of these chunks. */
async function shown(promptsAtOnce: boolean, partial: boolean, chunks: string[]): Promise<string[]> {
  const blocks: string[] = [];
  const lines = new LineAssembler({ partial, promptsAtOnce }, (block) => blocks.push(Buffer.from(block).toString()));
  for (const chunk of chunks) {
    lines.push(Buffer.from(chunk));
    await turn();
  }
  return blocks;
}

describe("a line without its end", () => {
  it("is shown at once where somebody may wait for a prompt", async () => {
    expect(await shown(true, true, ["a\nname? ", "x", "\n"])).toEqual(["a\n", "name? ", "x", "\n"]);
  });

  it("waits a moment elsewhere, and for ever in a file", async () => {
    expect(await shown(false, true, ["a\nname? ", "\n"])).toEqual(["a\n", "name? \n"]);
    expect(await shown(true, false, ["a\nname? ", "\n"])).toEqual(["a\n", "name? \n"]);
  });
});
