import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { ownURL } from "./module-url.ts";

/** The platform as builders of native binaries name it: `linux-x64 with glibc 2.36`. */
function machineKind(): string {
  return `${process.platform}-${process.arch} with ${libc()}`;
}

function libc(): string {
  // Without this the report looks up the host names of all connections.
  (process.report as unknown as { excludeNetwork?: boolean }).excludeNetwork = true;
  const { header } = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  if (header?.glibcVersionRuntime !== undefined) return `glibc ${header.glibcVersionRuntime}`;
  return existsSync(`/lib/ld-musl-${process.arch === "arm64" ? "aarch64" : "x86_64"}.so.1`)
    ? "musl"
    : "an unknown libc";
}

/** Whether the package itself is missing, not only its binaries: this code was bundled and moved elsewhere. */
export function isMissing(name: string): boolean {
  try {
    createRequire(ownURL).resolve(name);
    return false;
  } catch {
    return true;
  }
}

/** Advice for a package whose binary is missing or is for another platform. */
export function nativeAdvice(name: string): string {
  return `${name} has no binary for this machine (${machineKind()}): install on such a machine, without --omit=optional, rather than copying node_modules from another`;
}
