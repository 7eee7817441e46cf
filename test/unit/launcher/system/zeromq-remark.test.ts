import { expect, it } from "vitest";
import { withoutZeromqRemark } from "../../../../packages/launcher/src/system/zeromq-remark.ts";

const remark =
  "(node:12) WARNING: Waiting for queued ZeroMQ messages to be delivered. Set 'context.blocky = false' to change this behaviour.\n";

it("leaves out what zeromq.js prints on a busy machine, and nothing else", () => {
  const filter = (text: string): string => Buffer.from(withoutZeromqRemark(Buffer.from(text))).toString();
  expect(filter(remark)).toBe("");
  expect(filter(`größe\n${remark}x\n${remark}`)).toBe("größe\nx\n");
  for (const text of ["", "x", `said: ${remark}`, "(node:1) WARNING: other\n"]) expect(filter(text)).toBe(text);
  const bytes = Buffer.from([0xff, 10]);
  expect(withoutZeromqRemark(bytes)).toBe(bytes);
});
