import type { ReportData } from "../performance/report-data.ts";
import { add, clear, type Parent, parentOf } from "./parts/dom.ts";
import { counted, duration, percent } from "./parts/units.ts";
import { aboutSection, startOf } from "./sections/about.ts";
import { adviceSection } from "./sections/advice.ts";
import { balanceSection } from "./sections/balance.ts";
import { callsSection } from "./sections/calls.ts";
import { efficiencySection } from "./sections/efficiency.ts";
import { endingSection } from "./sections/ending.ts";
import { mapsSection } from "./sections/maps.ts";
import { resourcesSection } from "./sections/resources.ts";
import type { Section } from "./sections/section.ts";
import { TimelineSection } from "./sections/timeline.ts";
import { topologySection } from "./sections/topology.ts";
import { trafficSection } from "./sections/traffic.ts";
import { waitingSection } from "./sections/waiting.ts";

/** All sections of the report and its table of contents. */
export class ReportPage {
  readonly #updates: ((data: ReportData) => void)[];
  readonly #summary = parentOf(document.querySelector<HTMLElement>("#summary")!);
  readonly #main = parentOf(document.querySelector<HTMLElement>("#sections")!);
  #last: ReportData | undefined;

  constructor() {
    const timeline = new TimelineSection();
    const sections: readonly Section[] = [
      efficiencySection,
      adviceSection,
      timeline,
      callsSection,
      waitingSection,
      trafficSection,
      balanceSection,
      mapsSection,
      resourcesSection,
      topologySection,
      endingSection,
      aboutSection,
    ];
    const main = this.#main;
    const links = { showInTimeline: timeline.show.bind(timeline) };
    this.#updates = sections.map((section, at) => section.create(addSection(main, section, at + 1), links));
    followContents(sections);
    this.#redrawOnWidth();
  }

  /** Shows newer data. What the reader has chosen, zoomed and opened stays. */
  update(data: ReportData): void {
    this.#last = data;
    document.title = `${data.about.command} – tsmpi report`;
    drawSummary(this.#summary, data);
    this.#redraw(data);
  }

  /** Meanwhile the page keeps its height: if it shrank while charts are made anew, the window would scroll. */
  #redraw(data: ReportData): void {
    const { style, offsetHeight } = this.#main.node()!;
    style.minHeight = `${offsetHeight}px`;
    for (const update of this.#updates) update(data);
    style.minHeight = "";
  }

  #redrawOnWidth(): void {
    const main = this.#main;
    let width = main.node()!.clientWidth;
    new ResizeObserver(() => {
      const now = main.node()!.clientWidth;
      if (now === width || this.#last === undefined) return;
      width = now;
      this.#redraw(this.#last);
    }).observe(main.node()!);
  }
}

function addSection(main: Parent, { id, title, intro }: Section, number: number): Parent {
  const section = add(main, "section").attr("id", id).attr("aria-labelledby", `${id}-title`);
  const head = add(section, "h2").attr("id", `${id}-title`);
  add(head, "span", "number", String(number));
  add(head, "span", "", title);
  if (intro !== "") add(section, "p", "intro", intro);
  return add(section, "div", "body");
}

/** Fills the table of contents, and marks the section that is being read. */
function followContents(sections: readonly Section[]): void {
  const list = parentOf(document.querySelector<HTMLElement>("#contents")!);
  const links = sections.map(({ id, title }, at) => {
    const link = add(add(list, "li"), "a").attr("href", `#${id}`);
    add(link, "span", "number", String(at + 1));
    add(link, "span", "", title);
    return link;
  });
  const mark = (): void => {
    const tops = sections.map(({ id }) => document.getElementById(id)!.getBoundingClientRect().top);
    const atEnd = window.innerHeight + window.scrollY >= document.documentElement.scrollHeight - 4;
    const current = atEnd
      ? sections.length - 1
      : Math.max(
          0,
          tops.findLastIndex((top) => top < window.innerHeight * 0.3),
        );
    for (const [at, link] of links.entries()) link.attr("aria-current", at === current ? "true" : null);
  };
  document.addEventListener("scroll", mark, { passive: true });
  new ResizeObserver(mark).observe(document.body);
}

function drawSummary(parent: Parent, { about, ranks, ending, efficiency, live }: ReportData): void {
  clear(parent);
  add(parent, "h1", "", about.command);
  const facts = [
    `${counted(ranks.length, "rank")} on ${counted(about.hosts.length, "host")}`,
    live ? `running for ${duration(ending.ms)}` : duration(ending.ms),
    startOf(about.startedAt),
    ...(about.job === undefined ? [] : [about.job]),
  ];
  const [whole] = efficiency;
  if (whole !== undefined) facts.push(`parallel efficiency ${percent(whole.parallel)}`);
  const line = add(parent, "p", "facts");
  for (const fact of facts) add(line, "span", "", fact);
  if (live || ending.exitCode === 0) return;
  const failure = add(parent, "p", "failure");
  add(failure, "strong", "", `Exit code ${ending.exitCode}. `);
  add(failure, "span", "", ending.words[0]?.split("\n")[0] ?? "");
  add(failure, "a", "", "How it ended").attr("href", "#ending");
}
