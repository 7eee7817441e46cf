import type { ReportData } from "../../performance/report-data.ts";
import { add, clear, nothing, type Parent, plainTable } from "../parts/dom.ts";
import { counted, duration } from "../parts/units.ts";
import type { Section } from "./section.ts";

export const aboutSection: Section = {
  id: "about",
  title: "How it was run",
  intro: "",
  create(parent) {
    const facts = add(parent, "dl", "facts-list");
    const bar = add(parent, "div", "toolbar");
    const button = add(bar, "button", "", "Copy as text").attr("type", "button");
    const answer = add(bar, "output", "hint");
    const hosts = add(parent, "div", "scroll");
    const remarks = add(parent, "div");
    let text = "";
    button.on("click", () => void copy(text).then((words) => answer.text(words)));
    return (data) => {
      text = textOf(data);
      clear(facts);
      for (const [name, value] of factsOf(data)) {
        add(facts, "dt", "", name);
        add(facts, "dd", name === "Command" || name === "Directory" ? "code" : "", value);
      }
      drawHosts(hosts, data);
      drawRemarks(remarks, data.remarks);
    };
  },
};

function factsOf({ about, ranks, ending, live }: ReportData): [string, string][] {
  const facts: [string, string][] = [
    ["Command", about.command],
    ["Directory", about.directory],
    ["Start", startOf(about.startedAt)],
    ["Duration", live ? `${duration(ending.ms)} so far` : duration(ending.ms)],
    ["Size", `${counted(ranks.length, "rank")} on ${counted(about.hosts.length, "host")}`],
    ["Versions", `tsmpi ${about.tsmpi}, Node ${about.node.replace(/^v/, "")}`],
  ];
  if (about.job !== undefined) facts.push(["Batch job", about.job]);
  return facts;
}

/** `2026-11-30 20:12:05 UTC`: the same for every reader. */
export function startOf(iso: string): string {
  const match = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)/.exec(iso);
  return match === null ? iso : `${match[1]} ${match[2]} UTC`;
}

function drawHosts(parent: Parent, { about: { hosts } }: ReportData): void {
  if (hosts.length === 0) {
    nothing(parent, "the recording names no host.");
    return;
  }
  clear(parent);
  plainTable(
    parent,
    ["Host", "Ranks", "CPUs", "Clock error, at most"],
    hosts.map(({ name, ranks, cpus, clockErrorMs }) => [
      name,
      rangesOf(ranks),
      cpusOf(cpus),
      clockErrorMs === 0 ? "none" : duration(clockErrorMs),
    ]),
  );
}

function drawRemarks(parent: Parent, remarks: readonly string[]): void {
  clear(parent);
  if (remarks.length === 0) return;
  add(parent, "h3", "", "What the numbers rest on");
  const list = add(parent, "ul", "words");
  for (const remark of remarks) add(list, "li", "", remark);
}

/** A host of which nothing has come has 0. */
function cpusOf(cpus: number): string {
  return cpus === 0 ? "not known" : String(cpus);
}

/** `0-3, 8`. */
function rangesOf(ranks: readonly number[]): string {
  const ranges: [number, number][] = [];
  for (const rank of [...ranks].sort((a, b) => a - b)) {
    const last = ranges.at(-1);
    if (last !== undefined && last[1] === rank - 1) last[1] = rank;
    else ranges.push([rank, rank]);
  }
  return ranges.map(([from, to]) => (from === to ? String(from) : `${from}–${to}`)).join(", ");
}

function textOf(data: ReportData): string {
  const hosts = data.about.hosts.map(
    ({ name, ranks, cpus, clockErrorMs }) =>
      `Host ${name}: ranks ${rangesOf(ranks)}, CPUs ${cpusOf(cpus)}, clock error at most ${duration(clockErrorMs)}`,
  );
  return [...factsOf(data).map(([name, value]) => `${name}: ${value}`), ...hosts, ...data.remarks].join("\n");
}

async function copy(text: string): Promise<string> {
  try {
    await navigator.clipboard.writeText(text);
    return "Copied.";
  } catch {
    return "The browser does not allow copying: select the lines above.";
  }
}
