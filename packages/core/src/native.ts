import { existsSync } from "node:fs";

/** This kind of machine, as builders of native binaries name it: `linux-x64 with glibc 2.36`. */
function machineKind(): string {
  return `${process.platform}-${process.arch} with ${libc()}`;
}

function libc(): string {
  // Else the report looks up the names of all connections.
  (process.report as unknown as { excludeNetwork?: boolean }).excludeNetwork = true;
  const { header } = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  if (header?.glibcVersionRuntime !== undefined) return `glibc ${header.glibcVersionRuntime}`;
  return existsSync(`/lib/ld-musl-${process.arch === "arm64" ? "aarch64" : "x86_64"}.so.1`)
    ? "musl"
    : "an unknown libc";
}

/** Whether an error of `import` or `require` says that there is no such package, rather than none of its binaries. */
export function isMissing(name: string, { code, message }: NodeJS.ErrnoException): boolean {
  return /MODULE_NOT_FOUND/.test(code ?? "") && new RegExp(`Cannot find (module|package) '${name}'`).test(message);
}

/** What to do when the binary of a package is missing, or is for another kind of machine. */
export function nativeAdvice(name: string): string {
  return `${name} has no binary for this machine (${machineKind()}): install on such a machine, without --omit=optional, rather than copying node_modules from another`;
}
