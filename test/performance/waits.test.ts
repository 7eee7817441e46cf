import assert from "node:assert/strict";
import { describe, test } from "vitest";
import { analyse } from "../../packages/launcher/src/performance/analysis.ts";
import { reportDataOf } from "../../packages/launcher/src/performance/report-data-of.ts";
import type { Simulation } from "./generate.ts";
import { balanced, misplacedStencil, mixed, ring, slowRank, star, straggler } from "./scenarios.ts";

const scenarios: Record<string, () => Simulation> = {
  "balanced ranks": () => balanced(8, 600),
  "one slow rank": () => slowRank(8, 5, 1.9, "solver.ts:88", 600),
  "a star": () => star(6, 0, "star.ts:20", 300),
  "a stencil over two hosts": () => misplacedStencil(8, 400),
  "a map with a straggler": () => straggler(5, 2000),
  "a ring": () => ring(6, "ring.ts:9", 400),
  "a mixture on 4 ranks": () => mixed(4, 8400, 11),
  "a mixture on 7 ranks": () => mixed(7, 8400, 12),
};

const total = (values: Iterable<number>): number => [...values].reduce((a, b) => a + b, 0);

/** Off by at most `share`, or by what rounding of short times may add up to. */
function near(found: number, wanted: number, share: number, what: string, floor = 0.5): void {
  assert.ok(Math.abs(found - wanted) <= Math.max(share * wanted, floor), `${what}: ${found}, but it is ${wanted}`);
}

describe("waiting is what the simulation counted", () => {
  for (const [name, make] of Object.entries(scenarios)) {
    test(`${name}, with all calls`, () => {
      const run = make();
      const { times, causes } = analyse(run.recording());
      for (const { rank, waitingMs, computingMs, transferMs, ms } of times) {
        near(waitingMs, run.truth.waiting[rank]!, 0.001, `rank ${rank}`);
        near(computingMs, run.truth.computing[rank]! + (ms - run.ranks[rank]!.time), 0.001, `rank ${rank} computes`);
        near(waitingMs + computingMs + transferMs, ms, 1e-9, `the life of rank ${rank}`, 1e-6);
      }
      for (const [pair, wanted] of run.truth.waitedFor) {
        const own = causes.filter(({ rank, forRank }) => `${rank},${forRank}` === pair);
        near(total(own.map(({ ms }) => ms)), wanted, 0.01, `waiting ${pair}`, 1);
      }
    });

    test(`${name}, with one call of eight`, () => {
      const run = make();
      const recording = run.recording(8);
      const kept = total(recording.ranks.map(({ events }) => events.began.length));
      assert.ok(kept < total(run.ranks.map(({ calls }) => calls.length)) / 3, `${kept} calls are kept`);
      const { waitedFor, balance } = reportDataOf(recording);
      const wanted = total(run.truth.waiting);
      const life = total(balance.map((row) => row.waitingMs + row.computingMs + row.transferMs));
      near(total(balance.map(({ waitingMs }) => waitingMs)), wanted, 0.05, "all waiting", life / 1000);
      near(total(waitedFor.map(([, , ms]) => ms)), wanted, 0.05, "all pairs", life / 1000);
    });
  }
});
