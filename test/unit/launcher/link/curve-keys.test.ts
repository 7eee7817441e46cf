import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createPrivateKey, createPublicKey } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { curveKeys } from "../../../../packages/launcher/src/link/curve-keys.ts";

const digits = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";

/** ZeroMQ RFC 32, backwards. */
function bytesOf(z85: string): Buffer {
  const words = z85.match(/.{5}/g) ?? [];
  const values = words.map((word) => [...word].reduce((sum, digit) => sum * 85 + digits.indexOf(digit), 0));
  const bytes = Buffer.alloc(values.length * 4);
  for (const [i, value] of values.entries()) bytes.writeUInt32BE(value, 4 * i);
  return bytes;
}

/** The public key that belongs to a secret one, by X25519's own rule. */
function publicOf(secret: Buffer): Buffer {
  const key = Buffer.concat([Buffer.from("302e020100300506032b656e04220420", "hex"), secret]);
  const secretKey = createPrivateKey({ key, format: "der", type: "pkcs8" });
  return createPublicKey(secretKey).export({ format: "der", type: "spki" }).subarray(-32);
}

test("the two keys of a pair belong together, and no two pairs are alike", () => {
  const [one, other] = [curveKeys(), curveKeys()];
  for (const { publicKey, secretKey } of [one, other]) expect(publicOf(bytesOf(secretKey))).toEqual(bytesOf(publicKey));
  expect(one.secretKey).not.toBe(other.secretKey);
});

test("to make a pair never hangs, whenever the garbage is collected", () => {
  const folder = mkdtempSync(join(tmpdir(), "tsmpi-keys-"));
  const source = fileURLToPath(new URL("../../../../packages/launcher/src/link/curve-keys.ts", import.meta.url));
  const register = new URL("../../../../packages/launcher/dist/typescript/register.js", import.meta.url).href;
  const script = join(folder, "keys.ts");
  const often = ["--max-semi-space-size=1", "--min-semi-space-size=1"]; // a collection every few pairs
  writeFileSync(
    script,
    `import { curveKeys } from ${JSON.stringify(source)};\nfor (let i = 0; i < 12_000; i++) curveKeys();\n`,
  );
  try {
    const { status, signal, stderr } = spawnSync(process.execPath, [...often, "--import", register, script], {
      timeout: 60_000,
    });
    assert.equal(`${status} ${signal} ${stderr}`, "0 null ");
  } finally {
    rmSync(folder, { recursive: true });
  }
}, 90_000);
