import { generateKeyPairSync } from "node:crypto";

/**
 * A key pair for CurveZMQ, which is X25519 in Z85. Made without ZeroMQ, so that a launcher does not load it.
 *
 * The keys are the last 32 bytes of their DER encodings. An export as JWK can hang for ever: Node 20 holds the key's lock while
 * it makes strings, and the garbage collector may need the same lock to free the generator of the key.
 */
export function curveKeys(): { publicKey: string; secretKey: string } {
  const { publicKey, privateKey } = generateKeyPairSync("x25519", {
    publicKeyEncoding: { type: "spki", format: "der" },
    privateKeyEncoding: { type: "pkcs8", format: "der" },
  });
  return { publicKey: z85(publicKey.subarray(-keyBytes)), secretKey: z85(privateKey.subarray(-keyBytes)) };
}

const keyBytes = 32;
const digits = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";

/** ZeroMQ RFC 32: four bytes, most significant first, as five digits to the base 85. */
function z85(bytes: Uint8Array): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let text = "";
  for (let at = 0; at < bytes.length; at += 4) {
    const value = view.getUint32(at);
    for (let power = 85 ** 4; power >= 1; power /= 85) text += digits[Math.floor(value / power) % 85];
  }
  return text;
}
