import fc from "fast-check";
import { expect, test } from "vitest";
import { optionTable } from "../../../../packages/launcher/src/command/option-table.ts";
import { defaultOptions } from "../../../../packages/launcher/src/command/options.ts";
import { parseNodeFile } from "../../../../packages/launcher/src/hosts/pbs/node-file.ts";
import { Decoder, encode } from "../../../../packages/launcher/src/link/framing.ts";

/** Text as people and editors make it: names, numbers, separators, and whatever else. */
const text = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.constantFrom("__proto__", "toString", "constructor", "__proto__=x"),
  fc.string({ unit: fc.constantFrom(..."ab1.,:[]/\"'\\= -+\t\r\n\u0000é") }),
);

test("a stream of any bytes between launcher and agent is decoded or refused, at once", () => {
  const frame = Buffer.concat(encode({ kind: "hello", node: 3 } as object));
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc.tuple(fc.nat(frame.length - 1), fc.nat(255)).map(([at, byte]) => {
      const changed = Buffer.from(frame);
      changed[at] = byte;
      return changed;
    }),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 10 }), (pieces) => {
      const decoder = new Decoder();
      try {
        for (const each of pieces) for (const message of decoder.push(each)) expect(message).toBeTypeOf("object");
      } catch (error) {
        expect((error as Error).message).toMatch(/no message of tsmpi|JSON/);
      }
    }),
  );
});

test("a node file of any text names hosts, without empty names or line ends in them", () => {
  fc.assert(
    fc.property(text, (file) => {
      for (const name of parseNodeFile(file)) expect(name).toMatch(/^\S(.*\S)?$/s);
      expect(parseNodeFile(`${file}\n a \r\n`).at(-1)).toBe("a");
    }),
  );
});

test.each(optionTable.map(({ flags, apply }) => ({ flags, apply })))(
  "$flags takes any text, or says what it wants",
  ({ apply }) => {
    fc.assert(
      fc.property(text, (value) => {
        const options = defaultOptions("x.ts", [], false);
        try {
          apply(options, value);
        } catch (error) {
          const { message, exitCode } = error as { message: string; exitCode?: number };
          expect({ message, exitCode }).toEqual({ message: expect.stringMatching(/^-/), exitCode: 2 });
        }
        expect(Object.getPrototypeOf(options.environment)).toBe(Object.prototype);
      }),
    );
  },
);
