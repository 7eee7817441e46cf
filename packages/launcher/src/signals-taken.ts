import { readFileSync } from "node:fs";

const pauseMs = 20;
/** Bit 22 of the mask of signals that have a handler: SIGURG, which debugger-signal.ts listens for. */
const mark = 1n << 22n;

/**
 * Resolves when a rank of Node's is ready for SIGUSR1 and SIGUSR2, or is gone. Until it has loaded debugger-signal.ts SIGUSR2
 * kills it, and SIGUSR1 kills it or opens its debugger: for 40 ms, and for much longer on a busy host.
 */
export async function takesSignals(pid: number): Promise<void> {
  while (!isReady(pid)) await new Promise((resolve) => setTimeout(resolve, pauseMs));
}

function isReady(pid: number): boolean {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "latin1");
    const [, handled] = /^SigCgt:\s*([0-9a-f]+)$/m.exec(status) ?? [];
    return handled === undefined || (BigInt(`0x${handled}`) & mark) !== 0n || /^State:\s*Z/m.test(status);
  } catch {
    return true; // it is gone
  }
}
