// Node opens its debugger on 127.0.0.1:9229 when it gets SIGUSR1, and every user of the host may then read the process's
// memory and run code in it. Batch systems send that signal to whole jobs, and `tsmpi run` passes it on. A listener takes
// Node's place: without one of the program's own the signal does nothing.
//
// Not --disable-sigusr1 (Node 22.14): it blocks the signal, in children too, and the program's own listeners never hear it.
process.on("SIGUSR1", () => {});
// The mark by which the agent sees that the line above has run (signals-taken.ts). Nobody sends this one.
process.on("SIGURG", () => {});
