import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../../../", import.meta.url));

interface Packed {
  readonly manifest: { name: string; version: string };
  readonly tarball: Buffer;
}

/** A registry on this machine that has tsmpi and its core, packed as they are now, and sends for all else to the usual one. */
export class Registry {
  readonly #server = createServer((request, response) => this.#answer(request.url ?? "/", response));
  readonly #packages: readonly Packed[];
  readonly #upstream: string;

  private constructor(packages: readonly Packed[], upstream: string) {
    this.#packages = packages;
    this.#upstream = upstream;
  }

  static async start(): Promise<Registry> {
    const { stdout } = await run("npm", ["config", "get", "registry"], { cwd: tmpdir() });
    const registry = new Registry(await pack(), stdout.trim());
    await new Promise<void>((resolve) => registry.#server.listen(0, "127.0.0.1", resolve));
    return registry;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** What makes each package manager ask here. Bun's cache goes by versions, and would keep an older tsmpi. */
  environment(home: string): Record<string, string> {
    const certificates = process.env["SSL_CERT_FILE"]; // what yarn and bun need behind a proxy
    return {
      npm_config_registry: this.#url,
      YARN_REGISTRY: this.#url,
      BUN_INSTALL_CACHE_DIR: join(home, ".bun"),
      ...(certificates === undefined ? {} : { NODE_EXTRA_CA_CERTS: certificates }),
    };
  }

  get #url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  #answer(url: string, response: ServerResponse): void {
    const path = decodeURIComponent(url.slice(1));
    const found = this.#packages.find(({ manifest: { name } }) => path === name || path === `${name}.tgz`);
    if (found === undefined) response.writeHead(302, { location: new URL(url.slice(1), this.#upstream).href }).end();
    else if (path.endsWith(".tgz")) response.end(found.tarball);
    else response.setHeader("content-type", "application/json").end(JSON.stringify(this.#about(found)));
  }

  #about({ manifest, tarball }: Packed): object {
    const { name, version } = manifest;
    const integrity = `sha512-${createHash("sha512").update(tarball).digest("base64")}`;
    const dist = { tarball: `${this.#url}${name}.tgz`, integrity };
    return { name, "dist-tags": { latest: version }, versions: { [version]: { ...manifest, dist } } };
  }
}

/** Both packages, as `pnpm pack` makes them. */
async function pack(): Promise<Packed[]> {
  const folder = mkdtempSync(join(tmpdir(), "tsmpi-packed-"));
  const { packageManager } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { packageManager: string };
  const packed: Packed[] = [];
  for (const name of ["core", "launcher"]) {
    const cwd = join(root, "packages", name);
    const { stdout } = await run("npx", ["-y", packageManager, "pack", "--json", "--pack-destination", folder], {
      cwd,
    });
    const { filename } = JSON.parse(stdout.slice(stdout.indexOf("{"))) as { filename: string };
    const manifest = await run("tar", ["xzOf", filename, "package/package.json"]);
    packed.push({ manifest: JSON.parse(manifest.stdout) as Packed["manifest"], tarball: readFileSync(filename) });
  }
  rmSync(folder, { recursive: true });
  return packed;
}
