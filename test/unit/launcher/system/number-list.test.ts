import { expect, it } from "vitest";
import { numbersIn } from "../../../../packages/launcher/src/system/number-list.ts";

it("reads lists of numbers as the kernel writes them", () => {
  expect(numbersIn("0,3-5")).toEqual([0, 3, 4, 5]);
  expect(numbersIn("7, 2-3,3")).toEqual([2, 3, 7]);
});

it.each(["", "a", "1-", "3-1", "1,,2", "-1", "1.5", "0x2"])("refuses %o", (text) => {
  expect(numbersIn(text)).toBeUndefined();
});
