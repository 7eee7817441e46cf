const mark = Buffer.from(") WARNING: Waiting for queued ZeroMQ messages");
const line = /^\(node:\d+\) WARNING: Waiting for queued ZeroMQ messages to be delivered\.[^\n]*\n/gm;

/**
 * Lines of a rank's stderr without a remark of zeromq.js. Its native part prints it when a process ends and ZeroMQ's thread has
 * had no CPU for half a second. Nothing is lost by that, and nobody can do what it advises.
 */
export function withoutZeromqRemark(lines: Uint8Array): Uint8Array {
  const bytes = Buffer.from(lines.buffer, lines.byteOffset, lines.length);
  if (!bytes.includes(mark)) return lines;
  return Buffer.from(bytes.toString("latin1").replace(line, ""), "latin1");
}
