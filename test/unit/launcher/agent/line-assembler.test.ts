import { describe, expect, it, onTestFinished, vi } from "vitest";
import { LineAssembler } from "../../../../packages/launcher/src/agent/line-assembler.ts";

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

  it("waits longer where a pipe may have been full in the middle of a write", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    const blocks: number[] = [];
    const lines = new LineAssembler({ partial: true, promptsAtOnce: false }, ({ length }) => blocks.push(length));
    lines.push(Buffer.from(`${"x".repeat(65_000)}\nhalf`));
    vi.advanceTimersByTime(900);
    await turn();
    expect(blocks).toEqual([65_001]);
    vi.advanceTimersByTime(200);
    await turn();
    expect(blocks).toEqual([65_001, 4]);
  });
});

describe("a line of many megabytes", () => {
  const blocksOf = (bytes: number): number[] => {
    const blocks: number[] = [];
    const lines = new LineAssembler({ partial: false, promptsAtOnce: false }, ({ length }) => blocks.push(length));
    for (let sent = 0; sent < bytes; sent += 65_536) lines.push(Buffer.alloc(65_536, "x"));
    lines.push(Buffer.from("\n"));
    return blocks;
  };

  it("stays whole up to 32 MiB", () => {
    expect(blocksOf(32 << 20)).toEqual([(32 << 20) + 1]);
  });

  it("goes on in pieces above, so that it costs bounded memory", () => {
    expect(blocksOf(40 << 20)).toEqual([(32 << 20) + 65_536, (8 << 20) - 65_536 + 1]);
  });
});
