import { mkdirSync } from "node:fs";
import * as fx from "../report/fixtures.ts";
import { PageBrowser } from "./browser.ts";
const [dir, which, themes = "light,dark", width = "1400"] = process.argv.slice(2);
mkdirSync(dir!, { recursive: true });
const b = await PageBrowser.start();
for (const name of which!.split(",")) for (const theme of themes.split(",")) {
  const data = name === "huge" ? fx.large(256, 16) : (fx as any)[name]();
  const p = await b.open(data, theme as any, Number(width));
  await p.page.screenshot({ path: `${dir}/${name}-${theme}.png`, fullPage: true });
  await p.page.screenshot({ path: `${dir}/${name}-${theme}-top.png` });
  for (const id of (process.argv[6] ?? "").split(",").filter(Boolean)) await (await p.page.$("#" + id))!.screenshot({ path: `${dir}/${name}-${theme}-${id}.png` });
  console.log(name, theme, p.faults);
  await p.close();
}
await b.close();
