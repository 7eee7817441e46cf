import { once } from "node:events";
import { get, type IncomingMessage, type RequestOptions, request } from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import { LiveServer } from "../../../../packages/launcher/src/live/server.ts";
import type { ReportData } from "../../../../packages/launcher/src/performance/report-data.ts";

let server: LiveServer | undefined;
let made = 0;

function data(live: boolean): ReportData {
  return { format: 1, live, remarks: [`number ${made}`] } as unknown as ReportData;
}

async function open(): Promise<LiveServer> {
  made = 0;
  const now = async (): Promise<ReportData> => {
    made++;
    return data(true);
  };
  server = await LiveServer.open({ now, page: ({ remarks }) => `<p>${remarks[0]}</p>` });
  return server;
}

afterEach(() => server?.end(data(false)));

async function ask(
  url: string,
  options: RequestOptions = {},
): Promise<{ status: number; text: string; headers: IncomingMessage["headers"] }> {
  const [response] = (await once(request(url, options).end(), "response")) as [IncomingMessage];
  let text = "";
  for await (const chunk of response) text += String(chunk);
  return { status: response.statusCode!, text, headers: response.headers };
}

describe("the page of a run while it runs", () => {
  it("is given to the address that was printed, and may load nothing from elsewhere", async () => {
    const { url } = await open();
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/\?token=[\da-f]{32}$/);
    const { status, text, headers } = await ask(url);
    expect({ status, text }).toEqual({ status: 200, text: "<p>number 1</p>" });
    expect(headers["content-security-policy"]).toMatch(/^default-src 'none'/);
    expect(headers["cache-control"]).toBe("no-store");
  });

  it.each([
    ["without a token", (url: string) => [url.replace(/\?.*/, "")]],
    ["with a wrong token", (url: string) => [url.replace(/.$/, (last) => (last === "0" ? "1" : "0"))]],
    ["with a part of the token", (url: string) => [url.slice(0, -1)]],
    ["for events without a token", (url: string) => [url.replace(/\?.*/, "events")]],
    ["under another name of this host", (url: string) => [url, { headers: { host: "evil.example" } }]],
    ["from a page of another site", (url: string) => [url, { headers: { origin: "https://evil.example" } }]],
    ["by another method", (url: string) => [url, { method: "POST" }]],
  ] as [string, (url: string) => [string, RequestOptions?]][])("is refused %s", async (_, change) => {
    const { url } = await open();
    const { status, text } = await ask(...change(url));
    expect(status).toBe(403);
    expect(text).toMatch(/^tsmpi: /);
    expect(made).toBe(0);
  });

  it("answers through an ssh tunnel, which has another port", async () => {
    const { url } = await open();
    expect((await ask(url, { headers: { host: "localhost:8080" } })).status).toBe(200);
  });

  it("is not found under another path", async () => {
    const { url } = await open();
    expect((await ask(url.replace("/?", "/other?"))).status).toBe(404);
  });

  it("gets the run again from time to time, and its end", async () => {
    const live = await open();
    const [response] = (await once(get(live.url.replace("/?", "/events?")), "response")) as [IncomingMessage];
    response.setEncoding("utf8");
    const events: ReportData[] = [];
    response.on("data", (text: string) => {
      for (const line of text.split("\n")) if (line.startsWith("data: ")) events.push(JSON.parse(line.slice(6)));
    });
    while (events.length < 2) await once(response, "data");
    await live.end(data(false));
    await once(response, "end");
    expect(events.slice(0, 2).map(({ remarks, live: isLive }) => [remarks[0], isLive])).toEqual([
      ["number 1", true],
      ["number 2", true],
    ]);
    expect(events.at(-1)!.live).toBe(false);
  });

  it("makes nothing while no page is open", async () => {
    const live = await open();
    const events = get(live.url.replace("/?", "/events?"));
    const [response] = (await once(events, "response")) as [IncomingMessage];
    await once(response, "data");
    events.destroy();
    const before = made;
    await new Promise((resolve) => setTimeout(resolve, 2500));
    expect(made).toBeLessThanOrEqual(before + 1);
  });
});
