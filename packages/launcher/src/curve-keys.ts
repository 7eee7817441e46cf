import { generateKeyPairSync } from "node:crypto";

/** A key pair for CurveZMQ, which is X25519 written in Z85. Made here so that a launcher needs no ZeroMQ. */
export function curveKeys(): { publicKey: string; secretKey: string } {
  const { d, x } = generateKeyPairSync("x25519").privateKey.export({ format: "jwk" });
  return { publicKey: z85(Buffer.from(x!, "base64url")), secretKey: z85(Buffer.from(d!, "base64url")) };
}

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
