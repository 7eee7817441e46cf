import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { expect, test, vi } from "vitest";
import { System } from "../../../../../packages/core/src/transports/libc.ts";
import { byNode, byOpenSsl, gmac } from "../../../../../packages/core/src/transports/zeromq/gmac.ts";
import { Opener, Sealer, sealBytes } from "../../../../../packages/core/src/transports/zeromq/seal.ts";

const bytes = randomBytes(32);
const key = gmac(bytes);
const frames = fc
  .array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 4 })
  .map((parts) => parts.map((part) => Buffer.from(part)));
/** As a batch gives its frames, with room for a seal, and as they arrive. */
const sealedBy = (sealer: Sealer, [first, ...rest]: Buffer[]): Buffer[] =>
  sealer.seal([Buffer.concat([first!, Buffer.alloc(sealBytes)]), ...rest]).map((part) => Buffer.from(part));
const sealed = (parts: Buffer[], source = 3, dest = 5): Buffer[] => sealedBy(new Sealer(key, source, dest), parts);

test("sealed frames open to the same frames, in order and once", () => {
  const sealer = new Sealer(key, 3, 5);
  const opener = new Opener(key, 5);
  fc.assert(
    fc.property(frames, (parts) => {
      const message = sealedBy(sealer, parts);
      expect(opener.open(message)).toEqual(parts);
      expect(opener.open(message)).toBeUndefined();
    }),
  );
});

test("a byte that was changed, anywhere, is noticed", () => {
  fc.assert(
    fc.property(frames, fc.nat(), fc.integer({ min: 1, max: 255 }), (parts, where, by) => {
      const message = sealed(parts);
      let at = where % message.reduce((total, { length }) => total + length, 0);
      for (const frame of message) {
        if (at >= 0 && at < frame.length) frame[at] = (frame[at] as number) ^ by;
        at -= frame.length;
      }
      expect(new Opener(key, 5).open(message)).toBeUndefined();
    }),
  );
});

test("a frame that was dropped, added, or cut elsewhere is noticed", () => {
  const message = sealed([Buffer.from("head"), Buffer.from("abc"), Buffer.from("def")]);
  const [head, first, second] = message as [Buffer, Buffer, Buffer];
  const refused = (...parts: Buffer[]): void => expect(new Opener(key, 5).open(parts)).toBeUndefined();
  refused(head, first);
  refused(head, second, first);
  refused(head, first, second, second);
  refused(head, Buffer.from("abcd"), Buffer.from("ef"));
  refused(head.subarray(1), first, second);
  expect(new Opener(key, 5).open(message)).toBeDefined();
});

test("frames for another rank, or sealed with another key, are refused", () => {
  const message = sealed([Buffer.from("head")]);
  expect(new Opener(key, 6).open(message)).toBeUndefined();
  expect(new Opener(gmac(randomBytes(32)), 5).open(message)).toBeUndefined();
  expect(new Opener(key, 5).open([Buffer.alloc(0)])).toBeUndefined();
  expect(new Opener(key, 5).open([])).toBeUndefined();
});

test("a message of one frame cannot pass for one of several, nor the other way round", () => {
  const [head, rest] = sealed([Buffer.from("head"), Buffer.from("rest")]) as [Buffer, Buffer];
  const text = head.subarray(0, -sealBytes);
  const seal = head.subarray(-sealBytes);
  const lengths = Buffer.from(Float64Array.of(text.length, rest.length).buffer);
  expect(new Opener(key, 5).open([Buffer.concat([lengths, text, rest, seal])])).toBeUndefined();
  const [lone] = sealed([Buffer.concat([lengths, text, rest])]) as [Buffer];
  expect(new Opener(key, 5).open([Buffer.concat([text, lone.subarray(-sealBytes)]), rest])).toBeUndefined();
});

test("OpenSSL makes the same tags through Node and directly", () => {
  const fast = byOpenSsl(bytes);
  const careful = byNode(bytes);
  const nonces = fc.uint8Array({ minLength: 12, maxLength: 12 });
  fc.assert(
    fc.property(nonces, fc.array(fc.uint8Array({ maxLength: 100_000 }), { maxLength: 4 }), (nonce, parts) => {
      expect(Buffer.from(fast(nonce, parts))).toEqual(careful(nonce, parts));
    }),
  );
});

test("Node makes the tags if OpenSSL cannot be called directly, or answers differently", () => {
  const nonce = Buffer.alloc(12, 1);
  const tag = Buffer.from(byNode(bytes)(nonce, [Buffer.from("text")]));
  const program = vi.spyOn(System.load(), "program");
  program.mockImplementation(() => {
    throw new Error("no such symbol");
  });
  expect(Buffer.from(gmac(bytes)(nonce, [Buffer.from("text")]))).toEqual(tag);
  program.mockImplementation(() => ({ func: () => () => 1 }) as unknown as ReturnType<System["program"]>);
  expect(Buffer.from(gmac(bytes)(nonce, [Buffer.from("text")]))).toEqual(tag);
  expect(program).toHaveBeenCalledTimes(2);
  program.mockRestore();
});

test("the tags are those of AES-256-GCM", () => {
  // The GCM specification's test case 13 (McGrew and Viega): a key and a nonce of zeros, and nothing else.
  for (const way of [byNode, byOpenSsl]) {
    const tag = way(Buffer.alloc(32))(Buffer.alloc(12), []);
    expect(Buffer.from(tag).toString("hex")).toBe("530f8afbc74536b9a963b4f1c4cb738b");
  }
});
