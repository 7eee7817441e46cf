import { MpiError } from "tsmpi";
import { local } from "tsmpi/testing";
import { describe, expect, it } from "vitest";

describe("a phase", () => {
  it("gives back what its body gives, and may hold others", async () => {
    const results = await local(2, async (world) => {
      const inner = await world.phase("solve", () => world.phase("halo", async () => world.rank + 1));
      return [inner, await world.phase("sync", () => "at once")];
    });
    expect(results).toEqual([
      [1, "at once"],
      [2, "at once"],
    ]);
  });

  it("throws what its body throws", async () => {
    const thrown = new Error("mine");
    const caught = await local(
      1,
      (world): Promise<unknown> =>
        world.phase<unknown>("bad", () => Promise.reject(thrown)).catch((error: unknown) => error === thrown),
    );
    expect(caught).toEqual([true]);
  });

  it.each([
    ["", () => 1, /phase\(""\): a phase has a name/],
    [7, () => 1, /phase\(7\): a phase has a name/],
    ["solve", 3, /phase\("solve", 3\): give a function/],
    ["solve", Promise.resolve(1), /give a function, whose time is the phase/],
  ] as [unknown, unknown, RegExp][])("refuses the name %j with %s", async (name, body, words) => {
    const refusal = await local(
      1,
      (world): Promise<unknown> =>
        world.phase<unknown>(name as string, body as never).catch((error: unknown) => error as MpiError),
    );
    expect(refusal[0]).toBeInstanceOf(MpiError);
    expect((refusal[0] as MpiError).message).toMatch(words);
    expect((refusal[0] as MpiError).code).toBe("invalid-argument");
  });
});
