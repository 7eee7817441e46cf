import type { ReportData } from "../../performance/report-data.ts";
import { bytes, duration, percent } from "../parts/units.ts";
import { type Shares, sharesOf } from "./bins.ts";
import type { Segment, Segments } from "./segments.ts";

/** Explains a call: what, where, how long, with whom, and for whom it waited. */
export function wordsOf(segment: Segment, segments: Segments): string[] {
  const { operation, site, rank, began, ended, open, waited, waitedFor } = segment;
  const lines = [site === "" ? operation : `${operation}  ${site}`];
  lines.push(`rank ${rank}, at ${duration(began)}, ${open ? "has not ended" : `took ${duration(ended - began)}`}`);
  const parts = [peerOf(segment), segment.bytes > 0 ? `${bytes(segment.bytes)} of data` : "", tagOf(segment)];
  const data = parts.filter((each) => each !== "");
  if (data.length > 0) lines.push(data.join(", "));
  if (waited <= 0) return lines;
  const whom = waitedFor < 0 ? "" : ` for rank ${waitedFor}`;
  lines.push(`waited ${duration(waited)}${whom}`);
  if (waitedFor >= 0) lines.push(`rank ${waitedFor} meanwhile: ${doing(segments.at(waitedFor, began + waited / 2))}`);
  return lines;
}

/** Explains a piece of a rank's time by its shares. */
export function shareWords(data: ReportData, rank: number, from: number, to: number): string[] {
  const shares = sharesOf(data.timeline, rank, from, to);
  const lines = [`rank ${rank}, ${duration(from)} to ${duration(to)}`];
  if (shares === undefined) return [...lines, "not there"];
  return [...lines, ...shareLines(shares)];
}

function shareLines(shares: Shares): string[] {
  const { computing, task, message, collective, map } = shares;
  const named = { computing, tasks: task, messages: message, collectives: collective, "maps and pools": map };
  return Object.entries(named).flatMap(([name, share]) => (share < 0.005 ? [] : [`${name} ${percent(share)}`]));
}

function peerOf({ kind, operation, peer }: Segment): string {
  if (peer < 0) return "";
  if (kind === "collective") return `root ${peer}`;
  return /send/i.test(operation) ? `to rank ${peer}` : `from rank ${peer}`;
}

function tagOf({ tag, kind }: Segment): string {
  return tag < 0 || kind !== "message" ? "" : `tag ${tag}`;
}

function doing(segment: Segment | undefined): string {
  if (segment === undefined) return "computing";
  return segment.site === "" ? segment.operation : `${segment.operation} at ${segment.site}`;
}
