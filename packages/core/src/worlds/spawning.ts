import type { MpiError } from "../calls/errors.ts";
import type { Spawner } from "../communicators/world.ts";
import type { Engine } from "../engine/engine.ts";
import type { ZeromqTransport } from "../transports/zeromq/transport.ts";
import type { PeerAddress, SpawnAnswer, SpawnWish } from "../wire/agent-protocol.ts";
import type { AgentChannel } from "./agent-channel.ts";

interface SpawningOptions {
  agent: AgentChannel;
  engine: Engine;
  /** By number in the job; grows. */
  hosts: string[];
  /** Binds the rank's ZeroMQ socket, if it has none yet, and gives it to the rank's transport. */
  network(): Promise<ZeromqTransport>;
}

/** The way of one rank to the launcher for more ranks, and of those ranks into its transport. */
export class Spawning implements Spawner {
  readonly #options: SpawningOptions;
  readonly #asked: Map<number, { resolve(answer: SpawnAnswer): void; reject(error: MpiError): void }> = new Map();
  #count = 0;
  #network: Promise<ZeromqTransport> | undefined;
  #bound: ZeromqTransport | undefined;
  #over: MpiError | undefined;

  constructor(options: SpawningOptions) {
    this.#options = options;
  }

  async address(): Promise<PeerAddress> {
    const { engine, network } = this.#options;
    engine.grow();
    this.#network ??= network();
    const bound = await this.#network;
    this.#bound = bound;
    bound.expecting++;
    const { rank, host } = engine.who;
    return { rank, host, endpoints: bound.endpoints };
  }

  ask(wish: SpawnWish): Promise<SpawnAnswer> {
    const { agent } = this.#options;
    const id = this.#count++;
    const answer = new Promise<SpawnAnswer>((resolve, reject) => {
      this.#asked.set(id, { resolve, reject });
      if (this.#over === undefined) agent.tell({ kind: "spawn", id, wish });
      else reject(this.#over);
    });
    return agent.keptOpen(answer.finally(() => this.#asked.delete(id)));
  }

  know(peers: readonly PeerAddress[]): void {
    for (const { rank, host } of peers) this.#options.hosts[rank] = host;
    if (this.#bound === undefined) return;
    this.#bound.expecting--;
    this.#bound.add(peers);
  }

  /** The launcher has answered. */
  answered(id: number, answer: SpawnAnswer): void {
    this.#asked.get(id)?.resolve(answer);
  }

  /** The job is being stopped. */
  stop(error: MpiError): void {
    this.#over = error;
    for (const { reject } of this.#asked.values()) reject(error);
  }
}
