import type { SecureVersion, TLSSocket } from "node:tls";

/**
 * How launcher and agent trust each other: TLS with a key that only processes of the job know (RFC 5489: with an
 * ephemeral exchange, so that a key that leaks later opens nothing that was recorded). No certificates, no names.
 */
export const secure: { ciphers: string; ecdhCurve: string; minVersion: SecureVersion; maxVersion: SecureVersion } = {
  ciphers: "ECDHE-PSK-CHACHA20-POLY1305",
  ecdhCurve: "X25519",
  minVersion: "TLSv1.2",
  maxVersion: "TLSv1.2",
};

/** Which of the job's keys a side uses: the one in the shared directory, or the one made from the batch system's secret of the job, its cookie. */
export type KeyName = "file" | "cookie";

/** Small messages leave at once, and a host that vanished is noticed by the system as well. */
export function tune(socket: TLSSocket): void {
  socket.setNoDelay(true);
  socket.setKeepAlive(true, 5000);
}
