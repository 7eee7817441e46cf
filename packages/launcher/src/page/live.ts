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
  let waiting: ReportData | undefined;
  // A page that nobody sees is not drawn.
  const show = (): void => {
    if (document.hidden || waiting === undefined) return;
    update(waiting);
    waiting = undefined;
  };
  document.addEventListener("visibilitychange", show);
  say("live");
  events.onopen = () => say("live");
  events.onmessage = ({ data }: MessageEvent<string>) => {
    const newer = JSON.parse(data) as ReportData;
    waiting = newer;
    show();
    ended = !newer.live;
    say(ended ? "ended" : "live");
    if (ended) events.close();
  };
  events.onerror = () => {
    if (!ended) say("connection lost");
  };
}
