import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { test } from "vitest";
import { System } from "../../../../packages/core/src/transports/libc.ts";
import { policies, policyOf } from "../../../support/policy.ts";

test("V8's helper threads run under SCHED_BATCH", () => {
  const helpers = readdirSync("/proc/self/task").filter((thread) => thread !== String(process.pid));
  System.load().useBatchSchedulingForHelpers();
  assert.ok(helpers.length > 3, "V8's own, at the least");
  assert.deepEqual(new Set(helpers.map(policyOf)), new Set([policies.batch]));
  assert.equal(policyOf(process.pid), policies.other);
});
