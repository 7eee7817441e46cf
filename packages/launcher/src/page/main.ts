import type { ReportData } from "../performance/report-data.ts";
import { followLive } from "./live.ts";
import { ReportPage } from "./page.ts";
import { followTheme } from "./parts/theme.ts";

const text = document.getElementById("data")!.textContent ?? "";
const data = JSON.parse(text) as ReportData;
const page = new ReportPage();
page.update(data);
followTheme(document.querySelector<HTMLButtonElement>("#theme")!);
if (data.live) followLive((newer) => page.update(newer));

// For scripts that keep a page open and have newer data.
Object.assign(globalThis, { update: (newer: ReportData) => page.update(newer) });
