/**
 * Closes the debugger that a SIGUSR1 has opened before the listener of bin/ was there, while Node started. Every user of the host
 * could read the keys of the job through it, until the end of the job. It is kept if the user asked for one by an option of Node,
 * or if VS Code's debugger opens it.
 *
 * `process._debugEnd` does what `inspector.close` does. Loading `node:inspector` would take 3 ms at each start.
 */
export function closeUnwantedDebugger(): void {
  const options = [...process.execArgv, process.env["NODE_OPTIONS"]].join(" ");
  if (/--inspect(-brk|-wait)?([=\s]|$)/.test(options) || "VSCODE_INSPECTOR_OPTIONS" in process.env) return;
  const { _debugEnd: close } = process as { _debugEnd?(): void };
  if (close === undefined) return;
  close();
  // Node sends itself the request to open in two ways. The later one arrives at the event loop, and opens it once more.
  setImmediate(close);
}
