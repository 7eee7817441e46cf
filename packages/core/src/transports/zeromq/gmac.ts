import { createCipheriv } from "node:crypto";
import { System } from "../libc.ts";

export const tagBytes = 16;
/** OpenSSL counts in 31 bits. */
const mostAtOnce = 1 << 30;

/**
 * The tag over these parts, one behind the other; valid until the next call. A nonce, of 12 bytes, may be used for one
 * tag only.
 */
export type TagOf = (nonce: Uint8Array, parts: readonly Uint8Array[]) => Uint8Array;

/**
 * Makes the tags of AES-256-GCM over unencrypted bytes (GMAC, NIST SP 800-38D), with a key of 32 bytes. Calls OpenSSL
 * directly if possible: 0.5 us for a small batch. Node's own objects take 2.5 us, and time of the garbage collector: 10
 * us of the 62 of a round trip between two hosts in the clear.
 */
export function gmac(key: Uint8Array): TagOf {
  let way: TagOf | undefined; // not before the first message, because koffi takes 10 ms
  return (nonce, parts) => {
    way ??= fastest(key);
    return way(nonce, parts);
  };
}

function fastest(key: Uint8Array): TagOf {
  const careful = byNode(key);
  try {
    const fast = byOpenSsl(key);
    const same = Buffer.from(careful(key.subarray(0, 12), [key])).equals(fast(key.subarray(0, 12), [key]));
    return same ? fast : careful;
  } catch {
    return careful;
  }
}

export function byNode(key: Uint8Array): TagOf {
  return (nonce, parts) => {
    const gcm = createCipheriv("aes-256-gcm", key, nonce);
    for (const piece of pieces(parts)) gcm.setAAD(piece);
    gcm.final();
    return gcm.getAuthTag();
  };
}

/**
 * Uses one context for all tags; only the nonce is new each time.
 *
 * @throws Error if koffi has no binary, or Node does not export OpenSSL's functions.
 */
export function byOpenSsl(key: Uint8Array): TagOf {
  const openssl = System.load().program();
  const aes256gcm: () => unknown = openssl.func("void* EVP_aes_256_gcm()");
  const newContext: () => unknown = openssl.func("void* EVP_CIPHER_CTX_new()");
  const begin = openssl.func("int EVP_EncryptInit_ex(void*, void*, void*, const uint8_t*, const uint8_t*)");
  const update = openssl.func("int EVP_EncryptUpdate(void*, void*, void*, const uint8_t*, int)");
  const end = openssl.func("int EVP_EncryptFinal_ex(void*, void*, void*)");
  const control = openssl.func("int EVP_CIPHER_CTX_ctrl(void*, int, int, void*)");
  const context = newContext();
  const tag = new Uint8Array(tagBytes);
  const written = new Int32Array(1);
  check(begin(context, aes256gcm(), null, key, null));
  return (nonce, parts) => {
    check(begin(context, null, null, null, nonce));
    for (const piece of pieces(parts)) check(update(context, null, written, piece, piece.length));
    check(end(context, tag, written));
    check(control(context, getTag, tagBytes, tag));
    return tag;
  };
}

/** OpenSSL's EVP_CTRL_AEAD_GET_TAG. */
const getTag = 0x10;

function check(result: number): void {
  if (result !== 1) throw new Error("OpenSSL could not make the tag of a message");
}

function* pieces(parts: readonly Uint8Array[]): Generator<Uint8Array, void> {
  for (const part of parts) {
    if (part.length <= mostAtOnce) yield part;
    else for (let at = 0; at < part.length; at += mostAtOnce) yield part.subarray(at, at + mostAtOnce);
  }
}
