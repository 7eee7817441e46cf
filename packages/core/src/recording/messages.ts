import type { Arrival, Finish } from "../engine/arrival.ts";
import type { Engine } from "../engine/engine.ts";
import { type Envelope, kind } from "../wire/envelope.ts";
import type { ShortReceiver, ShortSender } from "../wire/short-messages.ts";
import { notThere } from "../wire/short-messages.ts";
import type { Transport } from "../wire/transport.ts";
import type { Call, OpenCall, Recorder } from "./recorder.ts";

/** What is known of the message of a call. */
type Mail = Pick<Call, "peer" | "tag" | "bytes" | "key">;

/**
 * Watches the messages of a rank: their sizes, their numbers, and which message a receive has matched. It taps the transport (what
 * is sent) and the engine (what is received).
 */
export class Messages {
  readonly #recorder: Recorder;
  readonly #engine: Engine;
  /** Counts the calls. */
  #call = 0;
  /** What is known later of the call with that number goes there. */
  readonly #open: Map<number, OpenCall> = new Map();
  /** Whether the call at hand is to be told of what it sends. */
  #sends = false;

  constructor(recorder: Recorder, engine: Engine, transport: Transport) {
    this.#recorder = recorder;
    this.#engine = engine;
    this.#tapSends(transport);
    this.#tapReceives(engine);
  }

  /** A call is going to be made. Gives the number that its message probably has between the two ranks. */
  next(operation: string, peer: number): number {
    const { call } = this.#recorder;
    this.#sends = operation === "send";
    this.#call++;
    call.peer = -1;
    call.tag = -1;
    call.bytes = 0;
    call.key = noKey;
    const traffic = peer < 0 ? undefined : this.#engine.peer(peer);
    if (traffic === undefined) return 0;
    return this.#sends ? traffic.sent : traffic.received;
  }

  /** The call that is made now has not ended. */
  goesOn(call: OpenCall): void {
    if (!this.#sends) this.#open.set(this.#call, call);
  }

  #tapSends(transport: Transport): void {
    const { send, shortSender, shortReceiver } = transport;
    transport.send = (dest, envelope, body, lent) => {
      if (envelope.kind === kind.message || envelope.kind === kind.request) this.#sent(dest, envelope);
      send.call(transport, dest, envelope, body, lent);
    };
    if (shortSender !== undefined) {
      transport.shortSender = (dest) => {
        const sender = shortSender.call(transport, dest);
        return sender && this.#watchedSender(sender, dest);
      };
    }
    if (shortReceiver !== undefined) {
      transport.shortReceiver = (source) => {
        const receiver = shortReceiver.call(transport, source);
        return receiver && this.#watchedReceiver(receiver, source);
      };
    }
  }

  #sent(dest: number, { collective, tag, bytes, sequence }: Envelope): void {
    this.#recorder.sent(dest, bytes, collective);
    if (this.#sends && !collective) note(this.#recorder.call, dest, tag, bytes, sequence);
  }

  #watchedSender(sender: ShortSender, dest: number): ShortSender {
    return {
      sendShort: (context, source, tag, sequence, value, bytes) => {
        if (!sender.sendShort(context, source, tag, sequence, value, bytes)) return false;
        this.#recorder.sent(dest, bytes, false);
        note(this.#recorder.call, dest, tag, bytes, sequence);
        return true;
      },
    };
  }

  #watchedReceiver(receiver: ShortReceiver, source: number): ShortReceiver {
    return {
      receiveShort: (context, tag, sequence, into) => {
        const value = receiver.receiveShort(context, tag, sequence, into);
        if (value !== notThere) note(this.#recorder.call, source, tag, receiver.shortBytes, sequence);
        return value;
      },
      get shortBytes() {
        return receiver.shortBytes;
      },
    };
  }

  #tapReceives({ receives }: Engine): void {
    const { receive, take, probe } = receives;
    const noted = <T>(finish: Finish<T>): Finish<T> => {
      const number = this.#call;
      return (arrival: Arrival) => {
        const { source, tag, bytes, sequence } = arrival.envelope;
        note(this.#open.get(number) ?? this.#recorder.call, source, tag, bytes, sequence);
        this.#open.delete(number);
        return finish(arrival);
      };
    };
    receives.receive = (channel, source, tag, call, finish, signal, into) => {
      const tapped = channel.collective ? finish : noted(finish);
      return receive.call(receives, channel, source, tag, call, tapped, signal, into) as Promise<never>;
    };
    receives.take = (channel, arrival, call, finish, into) =>
      take.call(receives, channel, arrival, call, noted(finish), into) as Promise<never> | undefined;
    receives.probe = (channel, source, tag, call, finish, signal) =>
      probe.call(receives, channel, source, tag, call, noted(finish), signal) as Promise<never>;
  }
}

/** Of a call that has not met its message. */
const noKey = 0xffff_ffff;

function note(to: Mail, peer: number, tag: number, bytes: number, key: number): void {
  to.peer = peer;
  to.tag = tag;
  to.bytes = bytes;
  to.key = key;
}
