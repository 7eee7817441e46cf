import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { ReportData } from "../performance/report-data.ts";
import { refusal } from "./visitors.ts";

/** What the server shows. */
export interface LiveSource {
  /** The run as it is now. */
  now(): Promise<ReportData>;
  /** The page of a report. */
  page(data: ReportData): string;
}

const everyMs = 1000;
/** Making the data may take at most a fifth of the time. */
const pauses = 4;

/**
 * Shows the run on 127.0.0.1 while it runs. The address has a token, without which nothing is answered. Nothing is made while
 * no page is open.
 */
export class LiveServer {
  readonly #source: LiveSource;
  readonly #server: Server;
  readonly #token = randomBytes(16).toString("hex");
  /** The pages that are open. */
  readonly #pages = new Set<ServerResponse>();
  #timer: NodeJS.Timeout | undefined;

  private constructor(source: LiveSource) {
    this.#source = source;
    this.#server = createServer((request, response) => void this.#answer(request, response));
    this.#server.unref();
  }

  /** @throws Error when no port can be opened. */
  static async open(source: LiveSource): Promise<LiveServer> {
    const live = new LiveServer(source);
    await new Promise<void>((resolve, reject) => {
      live.#server.once("error", reject);
      live.#server.listen(0, "127.0.0.1", resolve);
    });
    return live;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/?token=${this.#token}`;
  }

  /** Shows the last state to the open pages, and closes. */
  async end(data: ReportData): Promise<void> {
    clearTimeout(this.#timer);
    const written = [...this.#pages].map((page) => this.#send(page, data));
    await Promise.all(written);
    for (const page of this.#pages) page.end();
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const why = refusal(request, this.#token);
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    if (why !== undefined) this.#refuse(response, 403, why);
    else if (pathname === "/") await this.#sendPage(response);
    else if (pathname === "/events") this.#addPage(response);
    else this.#refuse(response, 404, "there is nothing under this name");
  }

  #refuse(response: ServerResponse, code: number, why: string): void {
    response.writeHead(code, { ...headers, "content-type": "text/plain; charset=utf-8" });
    response.end(`tsmpi: ${why}\n`);
  }

  async #sendPage(response: ServerResponse): Promise<void> {
    const page = this.#source.page(await this.#source.now());
    response.writeHead(200, { ...headers, "content-type": "text/html; charset=utf-8" });
    response.end(page);
  }

  #addPage(response: ServerResponse): void {
    response.writeHead(200, { ...headers, "content-type": "text/event-stream" });
    response.flushHeaders();
    this.#pages.add(response);
    response.once("close", () => this.#pages.delete(response));
    if (this.#timer === undefined) this.#next(everyMs);
  }

  #next(ms: number): void {
    this.#timer = setTimeout(() => void this.#update(), ms).unref();
  }

  async #update(): Promise<void> {
    this.#timer = undefined;
    if (this.#pages.size === 0) return;
    const began = performance.now();
    const data = await this.#source.now();
    for (const page of this.#pages) void this.#send(page, data);
    if (this.#timer === undefined && this.#server.listening)
      this.#next(Math.max(everyMs, (performance.now() - began) * pauses));
  }

  /** Leaves a page out that has not yet taken what it was sent before. */
  async #send(page: ServerResponse, data: ReportData): Promise<void> {
    if (page.writableNeedDrain && data.live === true) return;
    await new Promise<void>((resolve) => {
      page.write(`data: ${JSON.stringify(data)}\n\n`, () => resolve());
    });
  }
}

const headers = {
  "cache-control": "no-store",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "content-security-policy":
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; img-src data:; frame-ancestors 'none'",
};
