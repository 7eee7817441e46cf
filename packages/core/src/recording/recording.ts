import { writeFileSync } from "node:fs";
import type { Identity } from "../calls/call.ts";
import { hostClock, now, setInterval } from "../calls/event-loop.ts";
import type { Engine } from "../engine/engine.ts";
import { System } from "../transports/libc.ts";
import type { RecordingWanted } from "../wire/agent-protocol.ts";
import type { Transport } from "../wire/transport.ts";
import { recordCalls } from "./calls.ts";
import { head, recordingBytes, recordingMemory, writeMark } from "./layout.ts";
import { Messages } from "./messages.ts";
import { Recorder } from "./recorder.ts";
import { recordTasks } from "./tasks.ts";
import { watchVitals } from "./vitals.ts";

/** How often a recording is written where its file cannot be mapped. */
const writeEveryMs = 1000;

/** A rank's recording, from `init()` to its end. */
export class Recording {
  readonly #recorder: Recorder;
  readonly #write: (() => void) | undefined;

  /** Replaces the calls of these classes by recorded ones, for the rest of this process. */
  constructor(
    { path, events, allLines }: RecordingWanted,
    { rank, size }: Identity,
    engine: Engine,
    transport: Transport,
    classes: readonly { prototype: object }[],
  ) {
    const bytes = recordingBytes(size, events);
    const mapped = System.loadIfAny()?.map(path, bytes);
    const place = mapped ?? new Uint8Array(bytes);
    const memory = recordingMemory(place.buffer as ArrayBuffer, place.byteOffset, size, events);
    memory.header[head.clock] = hostClock() - now();
    const recorder = new Recorder(memory, allLines);
    this.#recorder = recorder;
    if (mapped === undefined) {
      this.#write = () => writeFileSync(path, place);
      setInterval(this.#write, writeEveryMs).unref();
    }
    recordCalls(recorder, new Messages(recorder, engine, transport), engine, classes);
    recordTasks(recorder);
    recorder.begin(now());
    watchVitals(recorder);
    writeMark(memory, rank, size, events);
  }

  /** Opens a phase; the function that is returned closes it. */
  openPhase(name: string): () => void {
    return this.#recorder.openPhase(name);
  }

  /** The rank leaves the world. */
  end(): void {
    this.#recorder.end();
    this.#write?.();
  }

  /** The job is being stopped, or this process ends with an error. */
  freeze(): void {
    this.#recorder.freeze();
    this.#write?.();
  }
}
