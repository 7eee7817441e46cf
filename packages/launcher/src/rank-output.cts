// Loaded into every Node process of a rank, its children too, through NODE_OPTIONS. Node writes to a pipe asynchronously:
// what is still queued at process.exit() or a crash is lost (65 kB of 10 MB arrived). A blocking stream loses nothing. The
// pipe is shared: a non-blocking one would also fail the writes of shells, Python and C programs with EAGAIN.
// The stream is changed at its first use: a process that prints nothing pays nothing.
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

// Node opens its debugger on 127.0.0.1:9229 when it gets SIGUSR1, and every user of the host may then read the process's
// memory and run code in it. Batch systems send that signal to whole jobs, and `tsmpi run` passes it on. A listener takes
// Node's place: without one of the program's own the signal does nothing.
//
// Not --disable-sigusr1 (Node 22.14): it blocks the signal, in children too, and the program's own listeners never hear it.
process.on("SIGUSR1", () => {});
// The mark by which the agent sees that the line above has run (signals-taken.ts). Nobody sends this one.
process.on("SIGURG", () => {});
