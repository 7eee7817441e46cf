import type { SecureVersion, TLSSocket } from "node:tls";

/**
 * How launcher and agent trust each other: TLS with a key that only processes of the job know. The ephemeral exchange (RFC
 * 5489) protects what was recorded when a key leaks later. No certificates, no names.
 */
export const secure: { ciphers: string; ecdhCurve: string; minVersion: SecureVersion; maxVersion: SecureVersion } = {
  ciphers: "ECDHE-PSK-CHACHA20-POLY1305",
  ecdhCurve: "X25519",
  minVersion: "TLSv1.2",
  maxVersion: "TLSv1.2",
};

/**
 * Which of the job's keys a side uses: the one that its starter brought, the one in the shared directory, or the one made
 * from the batch system's secret of the job, its cookie.
 */
export type KeyName = "starter" | "file" | "cookie";

/** Sends small messages at once, and lets the kernel find out that a host has vanished, too. */
export function tune(socket: TLSSocket): void {
  socket.setNoDelay(true);
  socket.setKeepAlive(true, 5000);
}
