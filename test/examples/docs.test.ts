import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { operations } from "../../packages/core/src/collectives/signature.ts";
import { type Envelope, headerBytes, kind, writeHeader } from "../../packages/core/src/wire/envelope.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const pages = readdirSync(join(root, "docs")).filter((name) => name.endsWith(".md"));
const page = (name: string): string => readFileSync(join(root, "docs", name), "utf8");

/** The rows of a page's table that has this head, each as its cells. */
function table(name: string, head: string): string[][] {
  const [, rows = ""] = page(name).split(`${head}\n`);
  const lines = rows.split("\n").slice(1);
  const end = lines.findIndex((line) => !line.startsWith("|"));
  return lines.slice(0, end).map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

describe.each(pages)("docs/%s", (name) => {
  it("names files that exist", () => {
    const places = ["", "packages/core/src", "packages/launcher/src"];
    const named = [...page(name).matchAll(/`([\w./-]+(?:\.c?ts|\/))`/g)].map(([, file]) => file!);
    expect(named.filter((file) => !places.some((place) => existsSync(join(root, place, file))))).toEqual([]);
  });
});

describe("docs/wire.md", () => {
  it("has the header as it is written", () => {
    const envelope: Envelope = {
      kind: kind.payload,
      collective: true,
      sync: true,
      context: 101,
      source: 102,
      tag: 103,
      id: 104,
      sequence: 105,
      bytes: 106.5,
      signature: 107,
    };
    const expected: Record<string, unknown> = {
      ...envelope,
      magic: 0x4d54,
      protocol: 2,
      kind: kind.payload,
      flags: 7,
      attachments: 1000,
      length: 5,
      body: 9,
    };
    const view = new DataView(new ArrayBuffer(headerBytes + 8));
    writeHeader(view, 0, envelope, { head: 5, attachments: 1, inline: 1000 });
    view.setUint8(headerBytes, 9);
    const read: Record<string, (offset: number) => number> = {
      u8: (at) => view.getUint8(at),
      u16: (at) => view.getUint16(at, true),
      u32: (at) => view.getUint32(at, true),
      f64: (at) => view.getFloat64(at, true),
      "": (at) => view.getUint8(at),
    };
    const rows = table("wire.md", "| offset | type | field | meaning |");
    for (const [offset, type, field] of rows)
      expect([field, read[type!]!(Number(offset))]).toEqual([field, expected[field!]]);
    expect(Number(rows.at(-1)![0])).toBe(headerBytes);
  });

  it("has all kinds of packets by number", () => {
    const rows = table("wire.md", "| number | kind | from | meaning |");
    expect(Object.fromEntries(rows.map(([number, name]) => [name, Number(number)]))).toEqual(kind);
  });

  it("has all collectives by number", () => {
    const [, list = ""] = /Operations by number: ([^.]*)\./.exec(page("wire.md")) ?? [];
    expect(list.split(/,\s+/)).toEqual(operations.map((operation, number) => `${number} ${operation}`));
  });
});
