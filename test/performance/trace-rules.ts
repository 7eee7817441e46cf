import assert from "node:assert/strict";

/** An event of a trace, as it is read from JSON: nothing about it is certain. */
export type Loose = Record<string, unknown>;

/** The fields that each kind of event has, and no other. */
const fields: Record<string, { all: string[]; some: string[] }> = {
  M: { all: ["name", "pid", "args"], some: ["tid"] },
  X: { all: ["name", "cat", "pid", "tid", "ts", "dur"], some: ["args"] },
  s: { all: ["name", "cat", "id", "pid", "tid", "ts"], some: [] },
  f: { all: ["name", "cat", "id", "bp", "pid", "tid", "ts"], some: [] },
  C: { all: ["name", "pid", "ts", "args"], some: [] },
};

const metadata = ["process_name", "process_sort_index", "process_labels", "thread_name", "thread_sort_index"];

/**
 * Checks a trace against the rules of Chrome's trace format: the fields of each kind of event; times in microseconds that are
 * numbers from 0 on; processes and threads that have names; slices of a thread that lie within each other or apart; arrows
 * with one beginning and one end, each within a slice.
 *
 * @returns its events
 */
export function checkTrace(text: string): Loose[] {
  const trace = JSON.parse(text) as Loose;
  assert.deepEqual(Object.keys(trace).sort(), ["displayTimeUnit", "otherData", "traceEvents"]);
  assert.ok(trace["displayTimeUnit"] === "ms" || trace["displayTimeUnit"] === "ns");
  const events = trace["traceEvents"] as Loose[];
  for (const event of events) checkFields(event);
  checkNames(events);
  checkNesting(events.filter(({ ph }) => ph === "X"));
  checkArrows(events);
  return events;
}

function checkFields(event: Loose): void {
  const shown = JSON.stringify(event);
  const rules = fields[String(event["ph"])];
  assert.ok(rules !== undefined, `an unknown kind of event: ${shown}`);
  const names = Object.keys(event).filter((name) => name !== "ph");
  assert.deepEqual(
    rules.all.filter((name) => !names.includes(name)),
    [],
    `fields are missing: ${shown}`,
  );
  assert.deepEqual(
    names.filter((name) => ![...rules.all, ...rules.some].includes(name)),
    [],
    `unknown fields: ${shown}`,
  );
  for (const name of ["pid", "tid", "id"]) {
    assert.ok(event[name] === undefined || Number.isSafeInteger(event[name]), `${name} is no whole number: ${shown}`);
  }
  for (const name of ["ts", "dur"]) {
    const value = event[name];
    assert.ok(
      value === undefined || (Number.isFinite(value) && (value as number) >= 0),
      `${name} is no time: ${shown}`,
    );
  }
  assert.equal(typeof event["name"], "string", shown);
  if (event["ph"] === "M") assert.ok(metadata.includes(String(event["name"])), shown);
  if (event["ph"] === "f") assert.equal(event["bp"], "e", shown);
  if (event["ph"] === "C") {
    for (const value of Object.values(event["args"] as Loose)) assert.ok(Number.isFinite(value), shown);
  }
}

function checkNames(events: Loose[]): void {
  const named = (name: string, of: (event: Loose) => unknown) =>
    new Set(events.filter((event) => event["name"] === name && event["ph"] === "M").map(of));
  const processes = named("process_name", ({ pid }) => pid);
  const threads = named("thread_name", ({ pid, tid }) => `${pid} ${tid}`);
  for (const event of events) {
    assert.ok(processes.has(event["pid"]), `the process has no name: ${JSON.stringify(event)}`);
    if (event["tid"] === undefined) continue;
    assert.ok(threads.has(`${event["pid"]} ${event["tid"]}`), `the thread has no name: ${JSON.stringify(event)}`);
  }
}

interface Span {
  from: number;
  to: number;
}

function spansByThread(slices: Loose[]): Map<string, Span[]> {
  const threads = new Map<string, Span[]>();
  for (const { pid, tid, ts, dur } of slices) {
    const id = `${pid} ${tid}`;
    const spans = threads.get(id) ?? [];
    threads.set(id, spans);
    spans.push({ from: ts as number, to: (ts as number) + (dur as number) });
  }
  return threads;
}

/** Rounding to nanoseconds can make neighbors overlap by one. */
const rounding = 0.0015;

function checkNesting(slices: Loose[]): void {
  for (const [thread, spans] of spansByThread(slices)) {
    const open: Span[] = [];
    for (const span of spans.sort((a, b) => a.from - b.from || b.to - a.to)) {
      while (open.length > 0 && open.at(-1)!.to <= span.from + rounding) open.pop();
      const around = open.at(-1);
      assert.ok(
        around === undefined || span.to <= around.to + rounding,
        `slices of thread ${thread} overlap at ${span.from}`,
      );
      open.push(span);
    }
  }
}

function checkArrows(events: Loose[]): void {
  const threads = spansByThread(events.filter(({ ph }) => ph === "X"));
  const begun = new Map<unknown, Loose>();
  const ended = new Map<unknown, Loose>();
  for (const event of events) {
    if (event["ph"] !== "s" && event["ph"] !== "f") continue;
    const side = event["ph"] === "s" ? begun : ended;
    assert.ok(!side.has(event["id"]), `an arrow begins or ends twice: ${JSON.stringify(event)}`);
    side.set(event["id"], event);
    const spans = threads.get(`${event["pid"]} ${event["tid"]}`) ?? [];
    const ts = event["ts"] as number;
    assert.ok(
      spans.some(({ from, to }) => from <= ts && ts <= to),
      `an arrow outside of slices: ${JSON.stringify(event)}`,
    );
  }
  assert.deepEqual([...begun.keys()].sort(), [...ended.keys()].sort(), "arrows with one end");
  for (const [id, { ts, name, cat }] of begun) {
    const end = ended.get(id)!;
    assert.ok((end["ts"] as number) >= (ts as number), `arrow ${id} goes back in time`);
    assert.deepEqual([end["name"], end["cat"]], [name, cat]);
  }
}
