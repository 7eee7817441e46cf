import "./debugger-signal.ts";

// Loaded into every rank before its script. Node writes to a pipe asynchronously, and what is still queued when a rank
// calls process.exit() or crashes is lost (65 kB of 10 MB arrived); a rank that waits until its output is taken loses
// nothing. Done when the stream is first used: a rank that prints nothing pays nothing.
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
