import type { ReportData } from "../../performance/report-data.ts";
import type { Parent } from "../parts/dom.ts";

/** A section of the report. */
export interface Section {
  id: string;
  title: string;
  /** What it shows, in a sentence or two. */
  intro: string;
  /** Builds what stays, and returns what draws the data: again and again while the job runs. */
  create(parent: Parent, links: Links): (data: ReportData) => void;
}

/** What a section can do in others. */
export interface Links {
  showInTimeline(from: number, to: number, ranks: readonly number[]): void;
}
