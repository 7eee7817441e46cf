// A parameter sweep: how a damped, driven pendulum settles, for many strengths of its drive. Every strength is a task; the
// results become a table and a chart.
//
//     tsmpi run -n 8 sweep.ts               300 strengths: sweep.csv and sweep.svg
//     tsmpi run -n 8 sweep.ts 2000          more of them
//
// When the job is stopped, start it again: sweep.journal knows what is done.
import { writeFileSync } from "node:fs";
import * as echarts from "echarts";
import { init } from "tsmpi";

/** What is asked of a pendulum: its angle at the same moment of each of the last periods of its drive. */
interface Settled {
  strength: number;
  angles: Float64Array;
}

const [damping, frequency] = [0.5, 2 / 3];
const stepsPerPeriod = 200;
const [warmUpPeriods, shownPeriods] = [300, 60];

/** theta'' = -theta' / 2 - sin theta + strength cos(2t / 3), by the classical Runge-Kutta method. */
function settle(strength: number): Settled {
  const step = (2 * Math.PI) / frequency / stepsPerPeriod;
  const acceleration = (time: number, angle: number, speed: number): number =>
    -damping * speed - Math.sin(angle) + strength * Math.cos(frequency * time);
  let [time, angle, speed] = [0, 0, 0];
  const angles = new Float64Array(shownPeriods);
  for (let period = -warmUpPeriods; period < shownPeriods; period++) {
    if (period >= 0) angles[period] = angle - 2 * Math.PI * Math.round(angle / (2 * Math.PI));
    for (let i = 0; i < stepsPerPeriod; i++) {
      const half = step / 2;
      const [v1, a1] = [speed, acceleration(time, angle, speed)];
      const [v2, a2] = [speed + half * a1, acceleration(time + half, angle + half * v1, speed + half * a1)];
      const [v3, a3] = [speed + half * a2, acceleration(time + half, angle + half * v2, speed + half * a2)];
      const [v4, a4] = [speed + step * a3, acceleration(time + step, angle + step * v3, speed + step * a3)];
      angle += (step / 6) * (v1 + 2 * v2 + 2 * v3 + v4);
      speed += (step / 6) * (a1 + 2 * a2 + 2 * a3 + a4);
      time += step;
    }
  }
  return { strength, angles };
}

/** From order to chaos and back: each strength with the angles at which its pendulum is seen. */
function chart(all: readonly Settled[]): string {
  const drawing = echarts.init(null, null, { renderer: "svg", ssr: true, width: 900, height: 500 });
  drawing.setOption({
    animation: false,
    title: { text: "A driven pendulum, seen once in each period of its drive", left: "center" },
    xAxis: { name: "strength of the drive", nameLocation: "middle", nameGap: 30, min: "dataMin", max: "dataMax" },
    yAxis: {
      name: "angle",
      min: -Math.PI,
      max: Math.PI,
      axisLabel: { formatter: (angle: number) => angle.toFixed(1) },
    },
    series: [
      {
        type: "scatter",
        symbolSize: 1.5,
        data: all.flatMap(({ strength, angles }) => Array.from(angles, (angle) => [strength, angle])),
      },
    ],
  });
  const svg = drawing.renderToSVGString();
  drawing.dispose();
  return svg;
}

await using world = await init();
const count = Number(process.argv[2] ?? 300);
const strengths = Array.from({ length: count }, (_, i) => 1.35 + (0.15 * i) / Math.max(1, count - 1));

const all = await world.map(settle, strengths, { journal: "sweep.journal", progress: true });

if (all) {
  const rows = all.map(({ strength, angles }) => [strength, ...angles].map((x) => x.toFixed(6)).join(","));
  const header = ["strength", ...Array.from({ length: shownPeriods }, (_, i) => `angle ${i + 1}`)].join(",");
  writeFileSync("sweep.csv", `${header}\n${rows.join("\n")}\n`);
  writeFileSync("sweep.svg", chart(all));
  console.log(`${count} strengths: sweep.csv, sweep.svg`);
}
