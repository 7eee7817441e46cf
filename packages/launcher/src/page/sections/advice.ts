import type { Advice } from "../../performance/report-data.ts";
import { add, clear, type Parent } from "../parts/dom.ts";
import { duration } from "../parts/units.ts";
import type { Links, Section } from "./section.ts";

const names: Record<Advice["kind"], string> = {
  "late-rank": "late rank",
  imbalance: "imbalance",
  straggler: "straggler",
  placement: "placement",
  "small-messages": "small messages",
  transfer: "transfer",
  serialization: "serialization",
  memory: "memory",
  stall: "stall",
  root: "root",
  deadlock: "deadlock",
  failed: "failed",
};

export const adviceSection: Section = {
  id: "advice",
  title: "What to improve",
  intro: "What costs the most, the most important first.",
  create(parent, links) {
    const list = add(parent, "ol", "advice");
    const none = add(parent, "p", "fine", "Nothing stands out.");
    let last = "";
    return ({ advice }) => {
      const now = JSON.stringify(advice);
      if (now === last) return; // a button that has the focus keeps it
      last = now;
      none.attr("hidden", advice.length === 0 ? null : "");
      list.attr("hidden", advice.length === 0 ? "" : null);
      clear(list);
      for (const each of advice) addAdvice(list, each, links);
    };
  },
};

function addAdvice(list: Parent, { kind, text, site, from, to, ranks }: Advice, links: Links): void {
  const entry = add(list, "li");
  add(entry, "span", "kind", names[kind] ?? kind);
  const words = add(entry, "div", "words");
  add(words, "p", "", text);
  if (site !== undefined && site !== "" && !text.includes(site)) add(words, "code", "site", site);
  if (from === undefined || to === undefined) return;
  const button = add(entry, "button", "", "Show in the timeline").attr("type", "button");
  button.attr("title", `${duration(from)} to ${duration(to)}`);
  button.on("click", () => links.showInTimeline(from, to, ranks));
}
