const mark = Buffer.from(") WARNING: Waiting for queued ZeroMQ messages");
const line = /^\(node:\d+\) WARNING: Waiting for queued ZeroMQ messages to be delivered\.[^\n]*\n/gm;

/**
 * Removes a remark of zeromq.js from lines of a rank's stderr. Its native part prints it if a process ends and ZeroMQ's thread
 * has had no CPU for half a second. Nothing is lost then, and its advice does not help.
 */
export function withoutZeromqRemark(lines: Uint8Array): Uint8Array {
  const bytes = Buffer.from(lines.buffer, lines.byteOffset, lines.length);
  if (!bytes.includes(mark)) return lines;
  return Buffer.from(bytes.toString("latin1").replace(line, ""), "latin1");
}
