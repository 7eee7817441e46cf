import type { Envelope } from "../../packages/core/src/wire/envelope.ts";

/** Some packet's. */
export const envelope: Envelope = {
  kind: 4,
  collective: false,
  sync: false,
  context: 0,
  source: 1,
  tag: 2,
  id: 3,
  sequence: 4,
  signature: 0,
  bytes: 5,
};
