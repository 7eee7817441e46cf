import type { ReportData } from "../performance/report-data.ts";

type State = "live" | "ended" | "connection lost";

/** Takes newer data from the launcher while the job runs; each message is the whole of it. */
export function followLive(update: (data: ReportData) => void): void {
  const badge = document.querySelector<HTMLElement>("#live")!;
  const say = (state: State): void => {
    badge.hidden = false;
    badge.textContent = state;
    badge.dataset["state"] = state;
  };
  const events = new EventSource(`events${location.search}`);
  let ended = false;
  say("live");
  events.onopen = () => say("live");
  events.onmessage = ({ data }: MessageEvent<string>) => {
    const newer = JSON.parse(data) as ReportData;
    update(newer);
    ended = !newer.live;
    say(ended ? "ended" : "live");
    if (ended) events.close();
  };
  events.onerror = () => {
    if (!ended) say("connection lost");
  };
}
