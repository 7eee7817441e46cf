import { readFileSync } from "node:fs";
import { builtFile } from "../system/package-files.ts";
import type { ReportData } from "./report-data.ts";

/** Where the data goes in the page that the build has made of `src/page`. */
const mark = '"/* data */"';

let template: readonly [before: string, after: string] | undefined;

/** The page of a report: one HTML file that needs no other one and no network. */
export function reportPage(data: ReportData): string {
  template ??= readTemplate();
  return template.join(embedded(data));
}

function readTemplate(): readonly [string, string] {
  const text = readFileSync(builtFile("report-page.html"), "utf8");
  const at = text.indexOf(mark);
  return [text.slice(0, at), text.slice(at + mark.length)];
}

/** JSON within a `<script>`. With `<` escaped it contains neither `</script>` nor `<!--`. */
function embedded(data: ReportData): string {
  return JSON.stringify(data).replaceAll("<", "\\u003c");
}
