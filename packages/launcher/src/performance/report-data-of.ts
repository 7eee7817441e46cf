import type { RankRecording, RunRecording } from "../recording/recording.ts";
import { adviceOf } from "./advice.ts";
import { type Analysis, analyse, hostIndices } from "./analysis.ts";
import { callRows } from "./call-rows.ts";
import { phaseNames } from "./efficiency.ts";
import { certain, linesOf } from "./lines.ts";
import { mapReports } from "./map-report.ts";
import { Names, type ReportNames } from "./names.ts";
import { drawnSpans } from "./phase-spans.ts";
import { remarksOf, wasRecorded } from "./remarks.ts";
import type { Advice, Efficiency, ReportData, Timeline } from "./report-data.ts";
import { resourcesOf } from "./resources.ts";
import { digits, fixed, Rounding } from "./rounding.ts";
import { arrowsOf, chosenEvents, segmentsOf } from "./segments.ts";
import { balanceRow, topologiesOf, trafficRows, waitedForRows } from "./tables.ts";
import { commonBins } from "./timeline-bins.ts";

/** The data of a report. As JSON they have at most some 1.5 MB, however long the run was. */
export function reportDataOf(recording: RunRecording): ReportData {
  const analysis = analyse(recording);
  const names = {
    operations: new Names(),
    sites: new Names([""]),
    phases: new Names(["", ...phaseNames(recording.ranks)]),
  };
  const end = recording.ranks.reduce((last, { leftAt }) => Math.max(last, leftAt), recording.ending.ms);
  const round = new Rounding(end);
  const hosts = hostIndices(recording);
  return {
    format: 1,
    about: recording.about,
    ending: recording.ending,
    ranks: recording.ranks.map((rank) => rankRow(rank, hosts[rank.rank]!, round)),
    efficiency: wasRecorded(analysis) ? analysis.efficiency.map(rounded) : [],
    advice: adviceOf(analysis).map((advice) => roundedAdvice(advice, round)),
    remarks: remarksOf(analysis),
    timeline: timelineOf(analysis, names, round, end),
    calls: callRows(analysis, names),
    waitedFor: waitedForRows(analysis),
    traffic: trafficRows(recording),
    balance: analysis.times.filter(({ joined }) => joined).map(balanceRow),
    maps: mapReports(analysis, names),
    resources: resourcesOf(recording.ranks),
    topologies: topologiesOf(recording),
    operations: names.operations.list,
    sites: names.sites.list,
    phases: names.phases.list,
  };
}

function timelineOf({ recording, waits }: Analysis, names: ReportNames, round: Rounding, end: number): Timeline {
  const chosen = chosenEvents(waits.ranks);
  const { binMs, bins } = commonBins(recording, end);
  const spans = drawnSpans(waits.ranks);
  const lines = linesOf(recording.ranks, certain);
  return {
    binMs,
    bins,
    segments: waits.ranks.map((own) => segmentsOf(own, chosen[own.rank]!, waits, names, lines[own.rank]!, round)),
    arrows: arrowsOf(waits, chosen, round),
    phases: recording.ranks.flatMap(({ rank, phases }) =>
      spans[rank]!.map(({ began, end, phase }): [number, number, number, number] => {
        return [rank, round.at(began), round.ms(end - began), names.phases.indexOf(phases[phase]?.name ?? "")];
      }),
    ),
  };
}

function rankRow(rank: RankRecording, host: number, round: Rounding): ReportData["ranks"][number] {
  const { joinedAt, leftAt, complete, lastCall } = rank;
  const row = { rank: rank.rank, host, joinedAt: round.at(joinedAt), leftAt: round.at(leftAt), complete };
  return lastCall === undefined ? row : { ...row, lastCall: wordsOf(lastCall) };
}

/** "recv from rank 1 at solver.ts:88". */
function wordsOf({ operation, site, peer }: NonNullable<RankRecording["lastCall"]>): string {
  const other = peer === undefined || peer < 0 ? "" : `, rank ${peer}`;
  return `${operation}${other}${site === "" ? "" : ` at ${site}`}`;
}

function rounded({ phase, ms, ...shares }: Efficiency): Efficiency {
  const [parallel, loadBalance, communication, serialization, transfer] = [
    shares.parallel,
    shares.loadBalance,
    shares.communication,
    shares.serialization,
    shares.transfer,
  ].map((share) => fixed(share, 4)) as [number, number, number, number, number];
  return { phase, ms: digits(ms), parallel, loadBalance, communication, serialization, transfer };
}

function roundedAdvice({ from, to, ...rest }: Advice, round: Rounding): Advice {
  return {
    ...rest,
    ...(from !== undefined && { from: round.at(from) }),
    ...(to !== undefined && { to: round.at(to) }),
  };
}
