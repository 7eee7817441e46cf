import { now, queueMicrotask } from "../calls/event-loop.ts";
import { EventStore } from "./event-store.ts";
import { head, mostPending, mostPhases, peerWords, pendingWords, phaseWords, type RecordingMemory } from "./layout.ts";
import { Lines } from "./lines.ts";
import { Sums } from "./sums.ts";
import { TextLog } from "./text-log.ts";
import { TimeBins, type TimeKind, timeKind } from "./time-bins.ts";

/** A call of the program. */
export interface Call {
  /** Its place in the list of operations. */
  operation: number;
  kind: TimeKind;
  /** When it was made, and when it returned to the program: it may not have ended then. */
  began: number;
  returned: number;
  /** Rank of the world that a message goes to or comes from, or the root of a collective; -1: none. */
  peer: number;
  /** -1: none. */
  tag: number;
  bytes: number;
  context: number;
  /** See `CallEvents` of the launcher. */
  key: number;
}

/** A call that has not ended. */
export class OpenCall implements Call {
  readonly operation: number;
  readonly kind: TimeKind;
  readonly began: number;
  readonly returned: number;
  peer: number;
  tag: number;
  bytes: number;
  readonly context: number;
  key: number;
  /** Its row of the sums. */
  readonly row: number;
  readonly site: number;
  /** Its place among the pending calls; below 0: none. */
  readonly slot: number;
  /** It is one of many that follow each other closely. */
  readonly isHot: boolean;

  constructor(call: Call, row: number, site: number, slot: number, isHot: boolean) {
    this.operation = call.operation;
    this.kind = call.kind;
    this.began = call.began;
    this.returned = call.returned;
    this.peer = call.peer;
    this.tag = call.tag;
    this.bytes = call.bytes;
    this.context = call.context;
    this.key = call.key;
    this.row = row;
    this.site = site;
    this.slot = slot;
    this.isHot = isHot;
  }
}

/**
 * Records what one rank does: sums of all calls, single calls, and how the time passes. Writes into memory that outlives the
 * process, and allocates nothing for a call that ends at once.
 *
 * A rank computes unless it is blocked: in a call that has not ended, while its own code does not run. The code that follows a call
 * whose promise is not awaited at once is computing, too:
 * ```text
 *   const message = world.recv()     ├── call ──────────────────────────┤
 *   compute()                          ├── computes ──┤
 *   await message                                     ├── blocked ──────┤
 * ```
 */
export class Recorder {
  readonly memory: RecordingMemory;
  readonly sums: Sums;
  readonly events: EventStore;
  readonly bins: TimeBins;
  readonly text: TextLog;
  readonly #lines: Lines;
  readonly #phases: Map<string, number> = new Map([["", 0]]);
  readonly #openPhases: number[] = [];
  readonly #names: string[] = [""];
  /** Not all phases fit. */
  #isShort = false;
  /** Calls that have not ended, by their slots. */
  readonly #open: (OpenCall | undefined)[] = [];
  phase = 0;
  /** The call that is made now: one object for all calls, so that none is allocated. */
  readonly call: Call = {
    operation: 0,
    kind: timeKind.messages,
    began: 0,
    returned: 0,
    peer: -1,
    tag: -1,
    bytes: 0,
    context: 0,
    key: 0,
  };
  #phaseSince = 0;
  /** Messages and collectives that have not ended; maps and pools; tasks at work. */
  #waiting = 0;
  #handing = 0;
  #working = 0;
  #workingSince = 0;
  /** Line of the map or pool that runs. */
  #handingSite = 0;
  /** Since when the rank has been blocked; below 0: it is not. */
  #blockedSince = -1;
  #blockedIn: TimeKind = timeKind.messages;
  /** When a line may be looked up again. */
  #lineDue = 0;
  #lookedUp = 0;
  #isFrozen = false;
  readonly #allLines: boolean;

  /** @param allLines looks up the line of every call */
  constructor(memory: RecordingMemory, allLines: boolean) {
    this.#allLines = allLines;
    this.memory = memory;
    this.sums = new Sums(memory);
    this.events = new EventStore(memory);
    this.bins = new TimeBins(memory);
    this.text = new TextLog(memory);
    this.#lines = new Lines(this.text);
  }

  begin(at: number): void {
    const { header } = this.memory;
    this.bins.begin(at);
    this.#phaseSince = at;
    header[head.joinedAt] = at;
    header[head.leftAt] = at;
    header[head.phaseSince] = at;
  }

  /** The rank leaves in good order. */
  end(): void {
    if (this.#isFrozen) return;
    this.settle(now());
    this.memory.header[head.complete] = 1;
  }

  /** The job is being stopped. Calls that are open reject now; the recording shows them open. */
  freeze(): void {
    this.settle(now());
    this.#isFrozen = true;
  }

  /** Brings the times up to date, so that a reader sees them. */
  settle(at: number): void {
    this.#toPhase(this.phase, at);
    this.memory.header[head.leftAt] = at;
  }

  // Calls

  /** The call that is made now has ended before it returned. Calls before it that were not timed took `untimedMs` together. */
  endedAtOnce(untimedMs: number, above: (...args: never[]) => unknown): void {
    const { operation, kind, began, returned, peer, tag, bytes, context, key } = this.call;
    const site = returned < this.#lineDue ? 0 : this.#lineHere(returned, above, share);
    const row = site === 0 ? this.sums.plain(this.phase, operation) : this.sums.find(this.phase, operation, site);
    const ms = returned - began;
    this.sums.add(row, ms, untimedMs, bytes);
    this.events.record(row, began, ms, peer, tag, bytes, context, key);
    if (this.#blockedSince < 0) {
      this.bins.add(kind, began - untimedMs, returned);
      this.#addInCalls(this.phase, untimedMs + ms);
    }
    this.memory.header[head.leftAt] = returned;
  }

  /**
   * The call that is made now goes on after it has returned to the program. If it is one of many that follow each other closely
   * (`isHot`), the code between them is short: neither its line nor whether the program computes meanwhile is looked for.
   */
  opened(above: (...args: never[]) => unknown, isHot: boolean): OpenCall {
    const { returned } = this.call;
    const site = isHot || returned < this.#lineDue ? 0 : this.#lineHere(returned, above, waitingShare);
    return this.openedAt(site, isHot);
  }

  /** {@link opened}, for a call whose line is known. */
  openedAt(site: number, isHot: boolean): OpenCall {
    const { began, returned, kind, operation } = this.call;
    const row = site === 0 ? this.sums.plain(this.phase, operation) : this.sums.find(this.phase, operation, site);
    const call = new OpenCall(this.call, row, site, this.#freeSlot(), isHot);
    if (call.slot >= 0) {
      this.#open[call.slot] = call;
      this.#showPending(call);
    }
    this.#change(kind, 1, began);
    if (!isHot) this.#computesFrom(returned);
    return call;
  }

  closed(call: OpenCall): void {
    if (this.#isFrozen) return;
    const { row, began, slot } = call;
    const ended = now();
    this.sums.add(row, ended - began, 0, call.bytes);
    this.events.record(row, began, ended - began, call.peer, call.tag, call.bytes, call.context, call.key);
    if (slot >= 0) {
      this.#open[slot] = undefined;
      this.memory.pending[slot * pendingWords] = 0;
    }
    this.#change(call.kind, -1, ended);
    if (this.#blockedSince >= 0 && !call.isHot) this.#computesFrom(ended);
    this.memory.header[head.leftAt] = ended;
  }

  /** Rank 0 hands out work by this call, or this rank takes some. */
  handing(call: OpenCall): void {
    this.#handingSite = call.site;
  }

  taskEnded(
    operation: number,
    began: number,
    ended: number,
    index: number,
    failed: boolean,
    triedBefore: number,
  ): void {
    const row = this.sums.find(this.phase, operation, this.#handingSite);
    const ms = ended - began;
    this.sums.add(row, ms, 0, 0);
    this.events.record(row, began, ms, -1, failed ? 1 : 0, 0, triedBefore, index);
    this.memory.header[head.leftAt] = ended;
  }

  /** A task begins (1) or ends (-1) here. */
  task(change: 1 | -1, at: number): void {
    this.#change(timeKind.tasks, change, at);
  }

  /** What a message brought or took: the sums of its rank. */
  sent(peer: number, bytes: number, collective: boolean): void {
    const { peers } = this.memory;
    const at = peer * peerWords + (collective ? 2 : 0);
    (peers[at] as number)++;
    (peers[at + 1] as number) += bytes;
  }

  // Phases

  /** Opens a phase, within those that are open. Returns what closes it. */
  openPhase(name: string): () => void {
    const outer = this.#openPhases.at(-1) ?? 0;
    const short = name.replace(/\s+/g, " ").slice(0, longestName);
    const phase = this.#phaseOf(outer === 0 ? short : `${this.#names[outer]}/${short}`);
    const began = now();
    this.#openPhases.push(phase);
    this.#toPhase(phase, began);
    return () => {
      const ended = now();
      if (phase > 0) this.text.write({ span: [phase, round(began), round(ended - began)] });
      const at = this.#openPhases.lastIndexOf(phase);
      if (at >= 0) this.#openPhases.splice(at, 1);
      this.#toPhase(this.#openPhases.at(-1) ?? 0, ended);
    };
  }

  #phaseOf(name: string): number {
    const known = this.#phases.get(name);
    if (known !== undefined) return known;
    const phase = this.#phases.size;
    if (phase >= mostPhases || !this.text.write({ phase: name })) {
      if (!this.#isShort)
        this.text.write({ note: `more than ${mostPhases - 1} phases: the time of the others is in none` });
      this.#isShort = true;
      return 0;
    }
    this.#phases.set(name, phase);
    this.#names.push(name);
    return phase;
  }

  /** Counts the time up to now for the phase that it belongs to. What follows is of `phase`. */
  #toPhase(phase: number, at: number): void {
    const { header, phases } = this.memory;
    if (this.#blockedSince >= 0) this.#addBlocked(at);
    (phases[this.phase * phaseWords] as number) += at - this.#phaseSince;
    this.#phaseSince = at;
    this.phase = phase;
    this.sums.forgetHot();
    header[head.phase] = phase;
    header[head.phaseSince] = at;
  }

  // Lines

  /** The line that called the function `above`, which is on the stack. */
  lineOf(above: (...args: never[]) => unknown): number {
    return this.#lines.here(above);
  }

  /** The line of the call that is made now. Looking it up may take a part of the time, except for the first ones. */
  #lineHere(began: number, above: (...args: never[]) => unknown, part: number): number {
    const site = this.#lines.here(above);
    if (this.#allLines || this.#lookedUp++ < firstLines) return site;
    const ended = now();
    this.#lineDue = ended + Math.min((ended - began) / part, longestPauseMs);
    return site;
  }

  // Time

  #change(kind: TimeKind, change: 1 | -1, at: number): void {
    if (kind === timeKind.tasks) this.#changeWorking(change, at);
    else if (kind === timeKind.maps) this.#handing += change;
    else this.#waiting += change;
    const blocked = this.#waiting > 0 || (this.#handing > 0 && this.#working === 0);
    if (blocked === this.#blockedSince >= 0) return;
    if (blocked) {
      this.#blockedSince = at;
      this.#blockedIn = this.#waiting > 0 && kind !== timeKind.tasks ? kind : timeKind.maps;
    } else {
      this.#addBlocked(at);
      this.#blockedSince = -1;
    }
  }

  /** Tasks that run at the same time count once. */
  #changeWorking(change: 1 | -1, at: number): void {
    if (this.#working === 0) this.#workingSince = at;
    this.#working += change;
    if (this.#working === 0) this.bins.add(timeKind.tasks, this.#workingSince, at);
  }

  /** The program's code runs until its next await: that is computing, not waiting. */
  #computesFrom(at: number): void {
    if (this.#blockedSince >= 0) this.#addBlocked(at);
    queueMicrotask(this.#computedUntilNow);
  }

  readonly #computedUntilNow = (): void => {
    const at = now();
    if (this.#blockedSince >= 0 && this.#blockedSince < at) this.#blockedSince = at;
  };

  /** Counts the time as blocked up to now. */
  #addBlocked(at: number): void {
    const since = this.#blockedSince;
    if (at > since) {
      this.bins.add(this.#blockedIn, since, at);
      this.#addInCalls(this.phase, at - since);
    }
    this.#blockedSince = at;
  }

  #addInCalls(phase: number, ms: number): void {
    (this.memory.phases[phase * phaseWords + 1] as number) += ms;
  }

  #freeSlot(): number {
    for (let slot = 0; slot < mostPending; slot++) if (this.#open[slot] === undefined) return slot;
    return -1;
  }

  #showPending(call: OpenCall): void {
    const { pending } = this.memory;
    const at = call.slot * pendingWords;
    pending[at + 1] = call.row;
    pending[at + 2] = call.peer;
    pending[at + 3] = call.context;
    pending[at + 4] = call.key;
    pending[at + 5] = call.tag;
    pending[at] = call.began;
  }
}

/** Longer names of phases are cut: they are the first column of tables. */
const longestName = 48;

/** To a microsecond. */
function round(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}

/** So many lines are looked up whatever it costs: a short program needs no more. */
const firstLines = 64;
/**
 * The part of the time that may go into looking up lines; a call that waits has time for it. In a loop of short calls V8 has not
 * compiled what looks up a line. That takes 60 us, in which the other ranks give up polling, and their next calls are slow.
 */
const share = 0.001;
const waitingShare = 0.01;
/** After a pause of the process a line must not seem to have cost seconds. */
const longestPauseMs = 100;
