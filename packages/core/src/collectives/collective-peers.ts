import { type Call, signalOf } from "../calls/call.ts";
import type { Elements } from "../calls/regions/block.ts";
import type { Arrival } from "../engine/arrival.ts";
import type { Channel } from "../engine/channel.ts";
import type { Engine } from "../engine/engine.ts";
import { ignore } from "../engine/wait-counter.ts";
import type { Parcel } from "../wire/codec/codec.ts";
import type { Peers } from "../wire/peers.ts";
import type { Agreement } from "./agreement.ts";
import type { Here } from "./algorithms/board-exchange.ts";

/** One call of a collective on this rank. */
export interface Entry {
  /** Its place in the order of the communicator's collectives. */
  readonly number: number;
  /** Operation, root and reducer, as its messages carry them. */
  readonly signature: number;
  readonly call: Call;
}

/** A communicator, as its collectives need it. */
export interface CollectiveContext {
  readonly engine: Engine;
  readonly channel: Channel;
  /** Rank in the world of each rank here. */
  readonly members: readonly number[];
  readonly here: Here;
  /** Index of the host of each rank here. */
  readonly hosts: readonly number[];
  readonly agreement: Agreement;
}

/** The other ranks, as the algorithm of one collective sends to them. Its messages carry the collective's number as their tag. */
export function collectivePeers(context: CollectiveContext, { number, signature, call }: Entry): Peers {
  const { engine, channel, members, here, hosts, agreement } = context;
  const options = { signature, cancellable: signalOf(call) !== undefined };
  const take = <T>(source: number, use: (arrival: Arrival) => T, into?: Elements): Promise<T> => {
    const failed = agreement.errorOf(number);
    if (failed !== undefined) return ignored(Promise.reject(failed));
    const accept = (arrival: Arrival): T | Promise<T> =>
      arrival.envelope.signature === signature
        ? use(arrival)
        : ignored(agreement.refuse(number, arrival.envelope, call, signature));
    return engine.receives.receive(channel, members[source] as number, number, call, accept, undefined, into);
  };
  return {
    rank: here.rank,
    size: members.length,
    hosts,
    send: (dest, parcel) => {
      const failed = agreement.errorOf(number);
      if (failed !== undefined) return ignored(Promise.reject(failed));
      return engine.sends.send(channel, members[dest] as number, number, parcel, call, options);
    },
    recv: (source) => take(source, kept),
    take: (source, use, into) => ignored(take(source, ({ body }) => use(body as Parcel), into)),
  };
}

function kept(arrival: Arrival): Parcel {
  arrival.keep();
  return arrival.body as Parcel;
}

/** Marks a rejection as handled. An algorithm that fails at one step may have begun others, which it then does not await. */
function ignored<T>(failing: Promise<T>): Promise<T> {
  ignore(failing);
  return failing;
}
