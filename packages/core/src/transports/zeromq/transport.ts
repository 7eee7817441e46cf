import { isIPv6 } from "node:net";
import { availableParallelism } from "node:os";
import { MpiError } from "../../calls/errors.ts";
import { clearInterval, setInterval } from "../../calls/event-loop.ts";
import { within } from "../../calls/timeout.ts";
import type { Network, PeerAddress } from "../../wire/agent-protocol.ts";
import type { Envelope } from "../../wire/envelope.ts";
import type { Packet } from "../../wire/packet.ts";
import type { Receiver, Transport } from "../../wire/transport.ts";
import { deliver } from "./deliver.ts";
import type { NoRoute } from "./endpoint-race.ts";
import { gmac, type TagOf } from "./gmac.ts";
import { Inbox, type InboxOptions } from "./inbox.ts";
import { PeerSender } from "./peer-sender.ts";
import { describeAttempts, type Route, RouteSearch } from "./route-search.ts";
import { Opener, Sealer } from "./seal.ts";
import { allowManySockets, bindTo, keepAlive, pushFar, pushNear } from "./sockets.ts";

/** A batch that has waited this long for its connection makes the transport test its route. Checked every `watchMs`. */
const stallMs = 3000;
const watchMs = 1000;

/** Up to this size the bytes take some hundred microseconds; a request and its grant would add a hundred. */
const aheadBytes = 1024 * 1024 + 64; // an array of 1 MiB with its form

/**
 * Carries packets over ZeroMQ: a PULL socket for packets from this host, another for those from other hosts, and one
 * PUSH socket for each peer that this rank sends to.
 *
 * PUSH and PULL, because a ROUTER drops what it cannot deliver. No high-water marks, because the engine's credit bounds
 * what is queued, and a full queue would block the answers that empty it.
 *
 * Within a host `ipc`, in a directory that only the job's owner can enter. Between hosts `tcp` with CurveZMQ: only the
 * job's ranks know the server's public key, and a connection cannot begin without it. Without encryption every batch
 * has a seal instead; batches without one are dropped.
 */
export class ZeromqTransport implements Transport {
  readonly eagerBytes: number = 128 * 1024;
  receiver: Receiver | undefined;
  /** Called when a rank on another host cannot be reached; packets for it are lost. */
  unreachable: (error: MpiError, route: Route) => void = (error) => this.receiver?.failed(error);
  /** The addresses of this rank, best first. */
  readonly endpoints: string[] = [];
  readonly #inboxes: Inbox[] = [];
  readonly #senders: Map<number, PeerSender> = new Map();
  /** For ranks on other hosts: the endpoint in use. */
  readonly #used: Map<number, string> = new Map();
  /** Ranks whose address is known and whose route is found, or searched. */
  readonly #searched: Set<number> = new Set();
  readonly #routes: RouteSearch = new RouteSearch();
  #watch: NodeJS.Timeout | undefined;
  readonly #network: Network | undefined;
  readonly #rank: number;
  /** Makes the tags of seals; undefined with encryption. */
  readonly #tag: TagOf | undefined;
  readonly #size: number;
  readonly #peers: Map<number, PeerAddress> = new Map();
  #host = "";
  #closed = false;
  /** How many messages from outside this job were dropped. */
  strangers = 0;
  /** How often more ranks are being made known: packets for ranks without an address wait meanwhile. */
  expecting = 0;

  private constructor(rank: number, size: number, network: Network | undefined) {
    this.#rank = rank;
    this.#network = network;
    if (network?.sealKey !== undefined) this.#tag = gmac(Buffer.from(network.sealKey, "base64"));
    if (network !== undefined) allowManySockets();
    this.#size = size;
  }

  /**
   * Binds the receiving sockets of `rank`, one of `size`: to `endpoint`, for example `ipc:///tmp/tsmpi-x/3`, and to the
   * addresses of `network` if there are other hosts.
   *
   * @throws MpiError `launch` when none of those addresses can be bound.
   */
  static async bind(endpoint: string, rank: number, size: number, network?: Network): Promise<ZeromqTransport> {
    const transport = new ZeromqTransport(rank, size, network);
    const near = await transport.#inbox({}, (parts) => transport.#deliver(parts));
    transport.endpoints.push(await near.bind(endpoint));
    if (network !== undefined) await transport.#bindNetwork(network);
    return transport;
  }

  /** Sets the addresses of all ranks, once all have bound. `host` is this rank's own. */
  connect(peers: readonly PeerAddress[], host: string): void {
    this.#host = host;
    this.add(peers);
    const crowded = peers.filter((peer) => peer.host === host).length > availableParallelism();
    for (const inbox of this.#inboxes) inbox.crowded = crowded;
  }

  /** Sets the addresses of ranks that have joined the job. */
  add(peers: readonly PeerAddress[]): void {
    for (const peer of peers) this.#peers.set(peer.rank, peer);
    for (const [rank, sender] of this.#senders)
      if (!sender.found && !sender.closed && !this.#searched.has(rank)) this.#open(rank, sender);
  }

  sendsAhead(_dest: number, bytes: number): boolean {
    return bytes <= aheadBytes;
  }

  send(dest: number, envelope: Envelope, body: Packet, lent: boolean): void {
    if (this.#closed) return;
    let sender = this.#senders.get(dest);
    if (sender === undefined) {
      sender = new PeerSender((error) => this.receiver?.failed(error));
      this.#senders.set(dest, sender);
      this.#open(dest, sender);
    }
    sender.add(envelope, body, lent);
  }

  /** A rank has ended: drops what is queued for it, so that it does not delay this rank's end. */
  drop(rank: number): void {
    this.#senders.get(rank)?.drop();
  }

  /** The job is lost: drops everything. */
  dropAll(): void {
    for (const sender of this.#senders.values()) sender.drop();
  }

  listen(wanted: boolean): void {
    for (const inbox of this.#inboxes) inbox.listen(wanted);
  }

  attend(wanted: boolean): void {
    for (const inbox of this.#inboxes) inbox.attend(wanted);
  }

  async flush(timeoutMs: number): Promise<void> {
    await within(timeoutMs, Promise.all([...this.#senders.values()].map((sender) => sender.idle())));
  }

  flushSync(): void {
    for (const [rank, sender] of this.#senders) {
      // There is no time to search the route: the address by which the agent reached the launcher is likely to work.
      const [guess] = this.#farEndpoints(rank);
      if (!sender.found && !sender.closed && guess !== undefined)
        sender.open(pushFar(guess, false, this.#network?.keys), this.#sealer(rank));
      const used = this.#used.get(rank);
      if (used !== undefined && sender.isStuck) sender.replace(pushFar(used, false, this.#network?.keys));
      sender.flushSync();
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#watch);
    for (const sender of this.#senders.values()) sender.close();
    for (const inbox of this.#inboxes) inbox.close();
  }

  async #inbox(options: InboxOptions, take: (parts: Buffer[]) => void): Promise<Inbox> {
    const inbox = await Inbox.open(options, take, (error) => this.receiver?.failed(error));
    this.#inboxes.push(inbox);
    return inbox;
  }

  async #bindNetwork({ addresses, keys, ports }: Network): Promise<void> {
    const curve = keys === undefined ? {} : { curveServer: true, curveSecretKey: keys.secretKey };
    const far = await this.#inbox({ ...keepAlive, ipv6: addresses.some(isIPv6), ...curve }, this.#fromAfar());
    const reasons: string[] = [];
    for (const address of addresses) {
      try {
        this.endpoints.push(
          await bindTo(far, `tcp://${isIPv6(address) ? `[${address}]` : address}`, this.#rank, ports),
        );
      } catch (error) {
        reasons.push(`${address}: ${(error as Error).message}`);
      }
    }
    if (this.endpoints.length > 1) return;
    throw new MpiError(
      "launch",
      `init(): no address of this host can be listened on (${reasons.join("; ") || "none is known"})`,
    );
  }

  #fromAfar(): (parts: Buffer[]) => void {
    const tag = this.#tag;
    if (tag === undefined) return (parts) => this.#deliver(parts);
    const opener = new Opener(tag, this.#rank);
    return (parts) => {
      if (parts[0]?.length === 0 && parts.length === 1) return; // sent by the inbox to itself, to end a receive
      const opened = opener.open(parts);
      if (opened === undefined) this.strangers++;
      else this.#deliver(opened);
    };
  }

  #open(rank: number, sender: PeerSender): void {
    const peer = this.#peers.get(rank);
    const near = peer?.endpoints.find((endpoint) => endpoint.startsWith("ipc:"));
    if (peer === undefined) {
      if (this.expecting > 0) return;
      this.#senders.delete(rank);
      throw new MpiError(
        "protocol",
        `this rank has no address of rank ${rank}, which it did not take part in spawning`,
      );
    }
    this.#searched.add(rank);
    if (peer.host === this.#host && near !== undefined) {
      sender.open(pushNear(near, this.#size));
      return;
    }
    const endpoints = this.#farEndpoints(rank);
    const known = this.#routes.known(peer.host, endpoints);
    if (known !== undefined) {
      this.#openFar(rank, sender, known);
      return;
    }
    this.#routes
      .find(peer.host, endpoints, () => !sender.closed)
      .then(
        (endpoint) => {
          if (!sender.closed && !sender.found) this.#openFar(rank, sender, endpoint);
        },
        (failure: NoRoute) => void this.#giveUp(rank, sender, failure),
      );
  }

  #openFar(rank: number, sender: PeerSender, endpoint: string): void {
    this.#used.set(rank, endpoint);
    sender.open(pushFar(endpoint, true, this.#network?.keys), this.#sealer(rank));
    this.#watch ??= setInterval(() => this.#lookForStalls(), watchMs).unref();
  }

  /** ZeroMQ tries to connect for ever. Reports an error when there is no route any more. */
  #lookForStalls(): void {
    for (const [rank, endpoint] of this.#used) {
      const sender = this.#senders.get(rank);
      if (sender === undefined || sender.closed || sender.waitsMs < stallMs) continue;
      const wanted = (): boolean => !sender.closed && sender.waitsMs >= stallMs;
      this.#routes.test(endpoint, wanted).catch((failure: NoRoute) => {
        if (wanted()) void this.#giveUp(rank, sender, failure);
      });
    }
  }

  async #giveUp(rank: number, sender: PeerSender, { attempts, message }: NoRoute): Promise<void> {
    if (sender.closed) return;
    const { host } = this.#peers.get(rank) as PeerAddress;
    const route = { dest: rank, host, attempts: await describeAttempts(this.#host, host, attempts) };
    if (sender.closed) return;
    sender.drop();
    const why = `rank ${rank} on ${host} cannot be reached from here (${message})`;
    this.unreachable(new MpiError("undelivered", why), route);
  }

  #sealer(rank: number): Sealer | undefined {
    return this.#tag && new Sealer(this.#tag, this.#rank, rank);
  }

  #farEndpoints(rank: number): string[] {
    return this.#peers.get(rank)?.endpoints.filter((endpoint) => endpoint.startsWith("tcp:")) ?? [];
  }

  #deliver(frames: readonly Buffer[]): void {
    if (!this.#closed && this.receiver !== undefined) deliver(frames, this.receiver);
  }
}
