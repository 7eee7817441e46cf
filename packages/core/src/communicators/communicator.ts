import { checkList, checkRank, invalid, show } from "../calls/check.ts";
import type { Cancellable, CartOptions, Neighbors, SplitOptions } from "../calls/options.ts";
import * as collectives from "../collectives/algorithms/index.ts";
import { type Neighborhood, neighborAllgather, neighborAlltoall } from "../collectives/algorithms/neighborhood.ts";
import type { Peers } from "../wire/peers.ts";
import { Grid } from "./cartesian.ts";
import { asNeighbors, neighborhood } from "./graph-topology.ts";
import { Group } from "./group.ts";
import { InterCollective } from "./inter-collective.ts";
import { form, offer, type Vote, type Wish } from "./membership.ts";
import { PointToPoint } from "./point-to-point.ts";
import { TaskCollective } from "./task-collective.ts";
import type { World } from "./world.ts";

/**
 * Ranks that talk to each other and to nobody else: the world, and what is made of it.
 *
 * ```ts
 * await using world = await init();
 * const mine = await world.scatter(() => chunks(readings(), world.size));
 * const total = await world.allreduce(work(mine), sum);
 * ```
 *
 * Every call rejects with an {@link MpiError}: `invalid-argument` for arguments out of range, `unserializable` for a
 * value that cannot travel, `rank-failed` when a rank it depends on is gone, `aborted` by its signal, `closed` after
 * {@link close}. Making communicators is collective: all ranks of this one call it, in the same order.
 */
export class Communicator extends TaskCollective {
  /** @internal Use `init()`, {@link split} or {@link dup}. */
  constructor(world: World, context: number, members: readonly number[]) {
    super(world, context, members);
  }

  /** Name of this rank's host, as the scheduler writes it. */
  get host(): string {
    return this.world.who.host;
  }

  /** Aborts when the job is about to be stopped: another rank failed, somebody called {@link abort}, time is up. */
  get signal(): AbortSignal {
    return this.world.signal;
  }

  /** Its ranks, as a set to make others of. */
  get group(): Group {
    return new Group(this.partners);
  }

  /**
   * One communicator for each colour, of the ranks that gave it, ordered by `key` (default: as they are here). A rank
   * that gives null is in none.
   *
   * ```ts
   * const row = await world.split(Math.floor(world.rank / columns));
   * const node = await world.split(world.host);
   * ```
   */
  split(color: number | string, options?: SplitOptions): Promise<Communicator>;
  split(color: number | string | null, options?: SplitOptions): Promise<Communicator | null>;
  split(color: number | string | null, options: SplitOptions = {}): Promise<Communicator | null> {
    const shown = typeof options === "object" ? { ...options, color } : { color };
    const body = async (peers: Peers): Promise<Communicator | null> => {
      const { key = this.rank } = options;
      if (color !== null && typeof color !== "string" && !Number.isFinite(color)) {
        throw invalid(`color is ${show(color)}, but a colour is a number, a string, or null`);
      }
      if (!Number.isFinite(key)) throw invalid(`key is ${show(key)}, but a key is a number`);
      const formed = await this.elect(peers, { color, key });
      return formed && new Communicator(this.world, formed.context, formed.members);
    };
    return this.collective("split", options, body, { shown });
  }

  /** A communicator of the same ranks whose messages never meet this one's: for a library's own traffic. */
  dup(options: Cancellable = {}): Promise<Communicator> {
    return this.collective("dup", options, async (peers) => {
      const { context, members } = await this.all(peers);
      return new Communicator(this.world, context, members);
    });
  }

  /**
   * A communicator of some ranks of this one, in the order given; null on the others. All ranks give the same ones.
   *
   * ```ts
   * const even = await world.subset([0, 2, 4]);
   * const rest = await world.subset(world.group.exclude([0]));
   * ```
   * @param ranks ranks of this communicator, or a {@link Group}
   */
  subset(ranks: Iterable<number> | Group, options: Cancellable = {}): Promise<Communicator | null> {
    return this.collective("subset", options, async (peers) => {
      if (typeof (ranks as Partial<Iterable<number>> | null)?.[Symbol.iterator] !== "function") {
        throw invalid(`ranks is ${show(ranks)}, but it is a list of ranks or a group`);
      }
      const group = ranks instanceof Group ? ranks : this.group.include(ranks);
      const stranger = group.difference(this.group).members[0];
      if (stranger !== undefined) throw invalid(`rank ${stranger} of the world is not in this communicator`);
      const key = group.rankOf(this.world.who.rank);
      const same = `the ranks [${group.members.join(", ")}]`;
      const formed = await this.elect(peers, { color: key === undefined ? null : 0, key, same });
      return formed && new Communicator(this.world, formed.context, formed.members);
    });
  }

  /**
   * All ranks laid out as a grid, the last dimension running fastest. With `spare` there may be more ranks than places:
   * the first ones are laid out, the others get null.
   *
   * ```ts
   * const grid = await world.cart(dims(world.size, 2), { periodic: true });
   * const some = await world.cart([2, 2], { spare: true });      // null on ranks 4, 5, ...
   * ```
   * @throws MpiError `invalid-argument` when there are not as many places as ranks (`spare`: when there are more)
   */
  cart(extents: readonly number[], options: CartOptions & { spare: true }): Promise<CartCommunicator | null>;
  cart(extents: readonly number[], options?: CartOptions & { spare?: false | undefined }): Promise<CartCommunicator>;
  cart(extents: readonly number[], options?: CartOptions): Promise<CartCommunicator | null>;
  cart(extents: readonly number[], options: CartOptions = {}): Promise<CartCommunicator | null> {
    return this.collective("cart", options, async (peers) => {
      const grid = new Grid(extents, options.periodic ?? false);
      const same = `dims [${grid.dims.join(", ")}], periodic [${grid.periodic.join(", ")}]`;
      if (grid.size > this.size || (grid.size < this.size && !options.spare)) {
        const advice = grid.size < this.size ? "; with { spare: true } the last ranks are left out, and get null" : "";
        throw invalid(`${same}: ${grid.size} places for ${this.size} ranks${advice}`);
      }
      const formed = await this.elect(peers, { color: this.rank < grid.size ? 0 : null, same });
      return formed && new CartCommunicator(this.world, formed.context, formed.members, grid);
    });
  }

  /**
   * The same ranks, each with neighbours of its own for {@link GraphCommunicator.neighborAllgather} and its like.
   *
   * ```ts
   * const ring = await world.graph([left, right]);                 // both sent to and received from
   * const tree = await world.graph({ destinations: children });    // sources are found: the parent
   * ```
   * @throws MpiError `mismatch` when a rank names a source that does not name it as destination, or the reverse
   */
  graph(neighbors: readonly number[] | Neighbors, options: Cancellable = {}): Promise<GraphCommunicator> {
    return this.collective("graph", options, async (peers) => {
      const lists = await collectives.allgather(peers, asNeighbors(neighbors, this.size));
      const around = neighborhood(lists, this.rank);
      const { context, members } = await this.all(peers);
      return new GraphCommunicator(this.world, context, members, around);
    });
  }

  /**
   * Joins the ranks of this communicator with those of another one that has none of them. Each group calls it on its
   * own communicator; one rank of each, the leader, reaches the other leader over a communicator that both are in.
   *
   * ```ts
   * const half = await world.split(world.rank < 4 ? "left" : "right");
   * const other = await half.intercomm({ bridge: world, remoteLeader: world.rank < 4 ? 4 : 0 });
   * ```
   */
  intercomm(options: IntercommOptions): Promise<Intercommunicator> {
    return this.collective("intercomm", options, async (peers) => {
      const { leader = 0, bridge, remoteLeader, tag = 0, signal } = options;
      checkRank("leader", leader, this.size);
      if (!(bridge instanceof PointToPoint)) {
        throw invalid(`bridge is ${show(bridge)}, but it is a communicator that both leaders are in`);
      }
      const ours = await this.all(peers, `leader ${leader}`);
      const meet = { dest: remoteLeader, source: remoteLeader, tag, signal };
      const met = this.rank === leader ? await bridge.sendrecv<typeof ours>(ours, meet) : undefined;
      const theirs = (await collectives.bcast(peers, met, leader)) as typeof ours;
      const common = ours.members.find((member) => theirs.members.includes(member));
      if (common !== undefined) throw invalid(`rank ${common} of the world is in both groups`);
      const first = (ours.members[0] as number) < (theirs.members[0] as number);
      return new Intercommunicator(this.world, (first ? ours : theirs).context, ours.members, theirs.members);
    });
  }

  /**
   * Ends the whole job: all ranks are stopped and `tsmpi run` ends with `code`. Never returns.
   *
   * @param code exit code from 1 to 255; default 1. Anything else counts as 1: an aborted job has not succeeded.
   */
  abort(code: number = 1, reason: string = "abort() was called"): Promise<never> {
    const failing = Number.isInteger(code) && code > 0 && code < 256;
    return this.world.abort(failing ? code : 1, reason);
  }

  /**
   * Leaves the communicator: the world's flushes what this rank has sent and leaves the job; others just end, and what
   * waits in them rejects with `closed`. Idempotent. `await using` calls it.
   */
  override async close(): Promise<void> {
    if (this.closed) return;
    if (this.context !== 0) return super.close();
    this.closed = true;
    await this.world.close();
  }

  /** @internal Within a collective that makes communicators: the one that this rank will be in. */
  protected async elect(peers: Peers, wish: Wish): Promise<Made | null> {
    const { color = 0, key = this.rank, same = "" } = wish;
    const { who } = this.world;
    const context = offer(this.world.nextContext++, who.rank, who.size);
    const formed = form(await collectives.allgather<Vote>(peers, { color, key, same, context }), this.rank);
    return formed && { context: formed.context, members: formed.ranks.map((rank) => this.partners[rank] as number) };
  }

  /** @internal Like {@link elect}, where all ranks will be in one. */
  protected async all(peers: Peers, same?: string): Promise<Made> {
    return (await this.elect(peers, { same })) as Made;
  }
}

/**
 * Ranks laid out in a grid. Each knows its neighbours; at a border that is not periodic the neighbour is `null`, which
 * `send`, `recv` and `sendrecv` take for nobody.
 *
 * Neighbour collectives go by dimension, the lower neighbour before the upper one: two entries for each dimension.
 *
 * ```ts
 * const grid = await world.cart([2, 4], { periodic: [true, false] });
 * const { source, dest } = grid.shift(1, 1);
 * const fromLeft = await grid.sendrecv(lastColumn, { dest, source });
 * ```
 */
export class CartCommunicator extends Communicator {
  readonly #grid: Grid;
  readonly #around: Neighborhood;

  /** @internal Use {@link Communicator.cart}. */
  constructor(world: World, context: number, members: readonly number[], grid: Grid) {
    super(world, context, members);
    const around = grid.dims.flatMap((_, dimension) => {
      const { source, dest } = grid.shift(this.rank, dimension, 1);
      return [source, dest];
    });
    this.#grid = grid;
    this.#around = { destinations: around, sources: around, order: around.map((_, index) => index ^ 1) };
  }

  /** Extent of each dimension. */
  get dims(): readonly number[] {
    return this.#grid.dims;
  }

  /** Whether each dimension closes to a ring. */
  get periodic(): readonly boolean[] {
    return this.#grid.periodic;
  }

  /** The neighbours in the order of neighbour collectives: lower and upper of each dimension. */
  get neighbors(): readonly (number | null)[] {
    return this.#around.sources;
  }

  /** Where a rank is (default: this one). */
  coords(rank: number = this.rank): number[] {
    return this.#grid.coords(rank);
  }

  /** Who is at these coordinates, counted around where the grid is periodic; null for a place outside. */
  rankOf(coords: readonly number[]): number | null {
    return this.#grid.rankOf(coords);
  }

  /** Whom to send to, and whom to receive from, to move data `displacement` steps along a dimension. */
  shift(dimension: number, displacement: number = 1): { source: number | null; dest: number | null } {
    return this.#grid.shift(this.rank, dimension, displacement);
  }

  /**
   * The grid of fewer dimensions that this rank is in, those that are kept: rows, columns, planes.
   *
   * ```ts
   * const row = await grid.sub([false, true]);
   * ```
   */
  sub(keep: readonly boolean[], options: Cancellable = {}): Promise<CartCommunicator> {
    return this.collective("sub", options, async (peers) => {
      checkList("keep", keep, "booleans, one for each dimension");
      if (keep.length !== this.dims.length) {
        throw invalid(`keep has ${keep.length} entries for ${this.dims.length} dimensions`);
      }
      const kept = <T>(list: readonly T[], wanted: boolean): T[] => list.filter((_, index) => keep[index] === wanted);
      const color = kept(this.coords(), false).join(",");
      const { context, members } = (await this.elect(peers, { color, same: `keep [${keep.join(", ")}]` })) as Made;
      return new CartCommunicator(
        this.world,
        context,
        members,
        new Grid(kept(this.dims, true), kept(this.periodic, true)),
      );
    });
  }

  override dup(options: Cancellable = {}): Promise<CartCommunicator> {
    return this.collective("dup", options, async (peers) => {
      const { context, members } = await this.all(peers);
      return new CartCommunicator(this.world, context, members, this.#grid);
    });
  }

  /** The neighbours' values, lower and upper of each dimension; undefined where there is none. */
  neighborAllgather<T>(value: T, options: Cancellable = {}): Promise<(T | undefined)[]> {
    return this.collective("neighborAllgather", options, (peers) => neighborAllgather(peers, value, this.#around));
  }

  /** Gives `parts[i]` to the i-th neighbour (nowhere when there is none) and resolves to what each had for this rank. */
  neighborAlltoall<T>(parts: readonly T[], options: Cancellable = {}): Promise<(T | undefined)[]> {
    return this.collective("neighborAlltoall", options, (peers) => neighborAlltoall(peers, parts, this.#around));
  }
}

/** Ranks with neighbours. A rank may be a neighbour several times; its messages then keep the order of the lists. */
export class GraphCommunicator extends Communicator {
  readonly #around: Neighborhood;

  /** @internal Use {@link Communicator.graph}. */
  constructor(world: World, context: number, members: readonly number[], around: Neighborhood) {
    super(world, context, members);
    this.#around = around;
  }

  /** Ranks that send to this one, in the order of results. */
  get sources(): readonly number[] {
    return this.#around.sources as number[];
  }

  /** Ranks that this one sends to, in the order of parts. */
  get destinations(): readonly number[] {
    return this.#around.destinations as number[];
  }

  override dup(options: Cancellable = {}): Promise<GraphCommunicator> {
    return this.collective("dup", options, async (peers) => {
      const { context, members } = await this.all(peers);
      return new GraphCommunicator(this.world, context, members, this.#around);
    });
  }

  /** The sources' values. */
  neighborAllgather<T>(value: T, options: Cancellable = {}): Promise<T[]> {
    const body = (peers: Peers) => neighborAllgather(peers, value, this.#around);
    return this.collective("neighborAllgather", options, body) as Promise<T[]>;
  }

  /** Gives `parts[i]` to the i-th destination and resolves to what each source had for this rank. */
  neighborAlltoall<T>(parts: readonly T[], options: Cancellable = {}): Promise<T[]> {
    const body = (peers: Peers) => neighborAlltoall(peers, parts, this.#around);
    return this.collective("neighborAlltoall", options, body) as Promise<T[]>;
  }
}

/**
 * Two groups of ranks that talk to each other: every `dest` and `source` is a rank of the other group, and in
 * collectives one group's data goes to the other.
 *
 * ```ts
 * await other.send(request, { dest: 0 });                            // rank 0 of the other group
 * const all = await other.merge({ high: world.rank >= 4 });          // one communicator of both
 * ```
 */
export class Intercommunicator extends InterCollective {
  /** @internal Use {@link Communicator.intercomm}. */
  constructor(world: World, context: number, members: readonly number[], remote: readonly number[]) {
    super(world, context, members, remote);
  }

  /** One communicator of both groups, the one that says `high: true` behind the other. All of a group say the same. */
  merge(options: Cancellable & { high: boolean }): Promise<Communicator> {
    return this.collective("merge", options, async (peers) => {
      const { high } = options;
      if (typeof high !== "boolean") throw invalid(`high is ${show(high)}, but it is true or false`);
      const { context, first } = await this.meet(peers, high);
      const { group, remoteGroup } = this;
      const { members } = first ? group.union(remoteGroup) : remoteGroup.union(group);
      return new Communicator(this.world, context, members);
    });
  }

  dup(options: Cancellable = {}): Promise<Intercommunicator> {
    return this.collective("dup", options, async (peers) => {
      const { context } = await this.meet(peers, false);
      return new Intercommunicator(this.world, context, this.group.members, this.remoteGroup.members);
    });
  }
}

/** How two communicators find each other: {@link Communicator.intercomm}. */
export interface IntercommOptions extends Cancellable {
  /** A communicator that both leaders are in. */
  bridge: PointToPoint;
  /** Rank of the other group's leader in `bridge`. */
  remoteLeader: number;
  /** Rank of this group's leader in its communicator; default 0. */
  leader?: number | undefined;
  /** Tag of the leaders' messages over the bridge; default 0. */
  tag?: number | undefined;
}

interface Made {
  context: number;
  members: number[];
}
