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
