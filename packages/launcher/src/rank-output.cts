// Loaded into every Node process of a rank and of its children, through NODE_OPTIONS. Node writes to a pipe asynchronously, and
// output that is queued at process.exit() or a crash is lost (65 kB of 10 MB arrived). A blocking stream loses nothing. The pipe
// is shared: if it is non-blocking, writes of shells, Python and C programs fail with EAGAIN.
// The stream is changed at its first use, so a process that prints nothing pays nothing.
for (const name of ["stdout", "stderr"] as const) {
  const property = Object.getOwnPropertyDescriptor(process, name);
  const open = property?.get;
  if (property?.configurable !== true || open === undefined) continue;
  Object.defineProperty(process, name, {
    ...property,
    get() {
      const stream = open.call(process);
      Object.defineProperty(process, name, property);
      stream._handle?.setBlocking?.(true);
      return stream;
    },
  });
}

// At SIGUSR1 Node opens its debugger on 127.0.0.1:9229, and every user of the host may then read the process's memory and run
// code in it. Batch systems send that signal to whole jobs, and `tsmpi run` passes it on. This listener replaces Node's: the
// signal does nothing, unless the program has a listener of its own.
//
// Not --disable-sigusr1 (Node 22.14): it blocks the signal, in children too, and the program's own listeners never run.
process.on("SIGUSR1", () => {});
// Shows the agent that the line above has run (signals-taken.ts). No program sends this signal.
process.on("SIGURG", () => {});
