/*
 * One file, although it is long: these four classes make each other, and files do not import in a circle.
 */
import { basename } from "node:path";
import { type Call, failure } from "../calls/call.ts";
import { sitedHere } from "../calls/call-site.ts";
import { checkList, checkRank, invalid, show } from "../calls/check.ts";
import { checkOptions, knownOptions } from "../calls/check-options.ts";
import { MpiError } from "../calls/errors.ts";
import type {
  AbortOptions,
  CallOptions,
  CartOptions,
  GraphNeighbors,
  GraphOptions,
  MergeOptions,
  ShiftOptions,
  ShiftPeers,
  SpawnOptions,
  SplitOptions,
} from "../calls/options.ts";
import { markInstances } from "../calls/package-copies.ts";
import { type ArrayOrBlock, type Elements, isBlock } from "../calls/regions/block.ts";
import type { TypedArray } from "../calls/typed-array.ts";
import type { CheckpointStore, CheckpointsOptions } from "../checkpoints/face.ts";
import * as collectives from "../collectives/algorithms/index.ts";
import { type Neighborhood, neighborAllgather, neighborAlltoall } from "../collectives/algorithms/neighborhood.ts";
import type { Operation } from "../collectives/signature.ts";
import type { FileRanks } from "../files/open-file.ts";
import type { OpenFileOptions, ParallelFile } from "../files/parallel-file.ts";
import type { Counter, CounterOptions, Mutex } from "../windows/face.ts";
import { firstOf, type Membership } from "../windows/group.ts";
import { runsOf } from "../wire/ballots.ts";
import type { Peers } from "../wire/peers.ts";
import type * as api from "./api/communicator.ts";
import { Group } from "./api/group.ts";
import { Grid } from "./cartesian.ts";
import { graphOrder } from "./graph-order.ts";
import { asNeighbors, neighborhood } from "./graph-topology.ts";
import { gridOrder } from "./grid-order.ts";
import { InterCollective } from "./inter-collective.ts";
import { form, offer, type Vote, type Wish } from "./membership.ts";
import { PointToPoint } from "./point-to-point.ts";
import { asWish, describeWish, noLauncher, spawnTogether } from "./spawning.ts";
import { TaskCollective } from "./task-collective.ts";
import type { World } from "./world.ts";

/** The classes of all communicators, for those who watch their calls. */
export function communicatorClasses(): { prototype: object }[] {
  return [Communicator, NeighborCommunicator, CartCommunicator, GraphCommunicator, Intercommunicator];
}

/** The communicator of all ranks. */
export function worldCommunicator(world: World): api.Communicator {
  const { context, members, parents } = world;
  const communicator = new Communicator(world, context, members);
  if (parents !== undefined) {
    origins.set(world, new Intercommunicator(world, parents.context, members, parents.members));
    // The program has made neither, so it need not close them.
    for (const each of [context, parents.context]) world.engine.checking?.closed(each);
  }
  return communicator;
}

/** The intercommunicator with the ranks that have spawned a world. */
const origins: WeakMap<World, Intercommunicator> = new WeakMap();

class Communicator extends TaskCollective implements api.Communicator {
  static {
    markInstances(Communicator, "Communicator");
  }

  constructor(world: World, context: number, members: readonly number[]) {
    super(world, context, members);
  }

  get host(): string {
    return this.world.who.host;
  }

  get program(): number {
    return this.world.program;
  }

  get signal(): AbortSignal {
    return this.world.signal;
  }

  get parent(): Intercommunicator | null {
    return origins.get(this.world) ?? null;
  }

  get group(): Group {
    return new Group(this.partners);
  }

  split(color: number | string | null, options: SplitOptions = {}): Promise<never> {
    const shown = typeof options === "object" ? { ...options, color } : { color };
    const body = async (peers: Peers): Promise<Communicator | null> => {
      const { key = this.rank } = options;
      if (color !== null && typeof color !== "string" && !Number.isFinite(color)) {
        throw invalid(`color is ${show(color)}, but a color is a number, a string, or null`);
      }
      if (!Number.isFinite(key)) throw invalid(`key is ${show(key)}, but a key is a number`);
      const formed = await this.elect(peers, { color, key });
      return formed && new Communicator(this.world, formed.context, formed.members);
    };
    return this.collective("split", options, body, { shown }) as Promise<never>;
  }

  dup(options: CallOptions = {}): Promise<never> {
    return this.duplicate(options, (context, members) => new Communicator(this.world, context, members));
  }

  subset(ranks: Iterable<number> | Group, options: CallOptions = {}): Promise<Communicator | null> {
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

  async shrink(): Promise<Communicator> {
    const { context, left } = await this.survivors();
    const { members } = this.group;
    return new Communicator(
      this.world,
      context,
      members.filter((member) => left.has(member)),
    );
  }

  cart(extents: readonly number[], options: CartOptions = {}): Promise<never> {
    const body = async (peers: Peers): Promise<CartCommunicator | null> => {
      const grid = new Grid(extents, options.periodic ?? false);
      const shape = `dims [${grid.dims.join(", ")}], periodic [${grid.periodic.join(", ")}]`;
      const same = `${shape}${reordering(options)}`;
      if (grid.size > this.size || (grid.size < this.size && !options.spare)) {
        const advice = grid.size < this.size ? "; with { spare: true } the last ranks are left out, and get null" : "";
        throw invalid(`${same}: ${grid.size} places for ${this.size} ranks${advice}`);
      }
      const order = options.reorder ? gridOrder(grid, this.hosts.slice(0, grid.size)) : [];
      const key = options.reorder ? order.indexOf(this.rank) : this.rank;
      const formed = await this.elect(peers, { color: this.rank < grid.size ? 0 : null, key, same });
      return formed && new CartCommunicator(this.world, formed.context, formed.members, grid);
    };
    return this.collective("cart", options, body) as Promise<never>;
  }

  graph(neighbors: readonly number[] | GraphNeighbors, options: GraphOptions = {}): Promise<GraphCommunicator> {
    return this.collective("graph", options, async (peers) => {
      const lists = await collectives.allgather(peers, asNeighbors(neighbors, this.size));
      const key = options.reorder ? graphOrder(lists, this.hosts).indexOf(this.rank) : this.rank;
      const around = neighborhood(lists, key);
      const { context, members } = (await this.elect(peers, { key, same: `a graph${reordering(options)}` })) as Made;
      return new GraphCommunicator(this.world, context, members, around);
    });
  }

  intercomm(options: api.IntercommOptions): Promise<Intercommunicator> {
    return this.collective("intercomm", options, async (peers) => {
      const { leader = 0, bridge, remoteLeader, tag = 0, signal } = options;
      checkRank("leader", leader, this.size);
      if (!(bridge instanceof PointToPoint)) {
        throw invalid(`bridge is ${show(bridge)}, but it is a communicator that both leaders are in`);
      }
      const ours = await this.all(peers, `leader ${leader}`);
      const meet = { dest: remoteLeader, source: remoteLeader, tag, signal };
      const met = this.rank === leader ? await bridge.sendrecv(ours, meet) : undefined;
      const theirs = (await collectives.bcast(peers, met, leader)) as Made;
      const common = ours.members.find((member) => theirs.members.includes(member));
      if (common !== undefined) throw invalid(`rank ${common} of the world is in both groups`);
      const first = (ours.members[0] as number) < (theirs.members[0] as number);
      const { context } = first ? ours : theirs;
      this.world.engine.survival.derived(this.context, context, runsOf([...ours.members, ...theirs.members]));
      return new Intercommunicator(this.world, context, ours.members, theirs.members);
    });
  }

  async openFile(path: string, options: OpenFileOptions = {}): Promise<ParallelFile> {
    const opened = await this.collective("openFile", options, async (peers) => {
      const { context, members } = await this.all(peers);
      // Loaded only now: programs without files start sooner.
      const { openFile } = await import("../files/open-file.ts");
      return openFile(peers, new FileCommunicator(this.world, context, members, path), path, options);
    });
    if (!(opened instanceof MpiError)) return opened;
    throw this.world.engine.explained(sitedHere({ operation: "openFile", options, communicator: this.name }), opened);
  }

  async checkpoints(directory: string, options: CheckpointsOptions = {}): Promise<CheckpointStore> {
    const opened = await this.collective("checkpoints", options, async (peers) => {
      const { context, members } = await this.all(peers);
      const { openCheckpoints } = await import("../checkpoints/store.ts");
      const ranks = new FileCommunicator(this.world, context, members, directory);
      this.world.engine.checking?.closed(context); // a store holds nothing between its calls, and is never closed
      return openCheckpoints(peers, ranks, directory, options);
    });
    if (!(opened instanceof MpiError)) return opened;
    throw this.world.engine.explained(
      sitedHere({ operation: "checkpoints", options, communicator: this.name }),
      opened,
    );
  }

  async spawn(count: number, script: string | URL, options: SpawnOptions = {}): Promise<Intercommunicator> {
    const made = await this.collective("spawn", options, async (peers) => {
      const wish = asWish(count, script, options);
      const { spawner } = this.world;
      if (spawner === undefined) throw noLauncher();
      const { context, members } = await this.all(peers, describeWish(wish));
      const answer = await spawnTogether(peers, spawner, { ...wish, context });
      if ("reason" in answer) return new MpiError("launch", answer.reason);
      const remote = answer.peers.map(({ rank }) => rank);
      this.world.engine.survival.derived(this.context, context, runsOf([...members, ...remote]));
      return new Intercommunicator(this.world, context, members, remote);
    });
    if (!(made instanceof MpiError)) return made;
    throw this.world.engine.explained(sitedHere({ operation: "spawn", options, communicator: this.name }), made);
  }

  window(Kind: unknown, length: number, options: CallOptions = {}): Promise<never> {
    return this.collective("window", options, async (peers) => {
      const { checkWindow, openWindow } = await windowsOnDemand();
      const kind = checkWindow(Kind, length);
      return openWindow(await this.#apart(peers, `a window of ${kind.name}`), peers, kind, length);
    }) as Promise<never>;
  }

  counter(options: CounterOptions = {}): Promise<Counter> {
    return this.collective("counter", options, async (peers) => {
      const { root = 0, start = 0 } = options;
      checkRank("root", root, this.size);
      if (!Number.isSafeInteger(start)) throw invalid(`start is ${show(start)}, but it is a whole number`);
      const group = await this.#apart(peers, `a counter at root ${root}`);
      const { openWindow, WindowCounter } = await windowsOnDemand();
      const window = await openWindow(group, peers, BigInt64Array, this.rank === root ? 1 : 0, "counter", (local) => {
        if (this.rank === root) (local as BigInt64Array)[0] = BigInt(start);
      });
      return new WindowCounter(window, root, this.world.who);
    });
  }

  mutex(options: CallOptions = {}): Promise<Mutex> {
    return this.collective("mutex", options, async (peers) => {
      const { openWindow, WindowMutex } = await windowsOnDemand();
      const window = await openWindow(await this.#apart(peers, "a mutex"), peers, Uint8Array, 0, "mutex");
      return new WindowMutex(window, this.world.who);
    });
  }

  splitShared(options: SplitOptions = {}): Promise<Communicator> {
    return this.collective("splitShared", options, async (peers) => {
      const { key = this.rank } = options;
      if (!Number.isFinite(key)) throw invalid(`key is ${show(key)}, but a key is a number`);
      const formed = (await this.elect(peers, { color: firstOf(this.world.engine, this.partners), key })) as Made;
      return new Communicator(this.world, formed.context, formed.members);
    });
  }

  sharedArray(Kind: unknown, length: number, options: CallOptions = {}): Promise<never> {
    return this.collective("sharedArray", options, async (peers) => {
      const { checkWindow, makeSharedArray } = await windowsOnDemand();
      const kind = checkWindow(Kind, length);
      return makeSharedArray(await this.#apart(peers, `an array of ${kind.name}`), peers, kind, length);
    }) as Promise<never>;
  }

  /** A number of their own for something that all these ranks make. */
  async #apart(peers: Peers, same: string): Promise<Membership> {
    const { context, members } = await this.all(peers, same);
    return { engine: this.world.engine, context, members, hosts: this.hosts };
  }

  phase<R>(name: string, body: () => R | Promise<R>): Promise<R> {
    return inPhase(this.world, name, body);
  }

  async abort(options: AbortOptions = {}): Promise<never> {
    if (typeof options !== "object") throw invalid(`abort(${show(options)}): give abort({ code: 1, reason: "why" })`);
    checkOptions(knownOptions.abort, options);
    const { code = 1, reason = "abort() was called" } = options;
    const failing = Number.isInteger(code) && code > 0 && code < 256;
    return this.world.abort(failing ? code : 1, reason);
  }

  override async close(): Promise<void> {
    if (this.over === "closed") return;
    if (this.context !== this.world.context) return super.close();
    this.over = "closed";
    await this.world.close();
  }

  /** Within a collective: makes the communicator that this rank will be in. */
  protected async elect(peers: Peers, wish: Wish): Promise<Made | null> {
    const { color = 0, key = this.rank, same = "" } = wish;
    const context = offer(this.world);
    const formed = form(await collectives.allgather<Vote>(peers, { color, key, same, context }), this.rank);
    if (formed !== null) this.world.engine.survival.derived(this.context, formed.context);
    return formed && { context: formed.context, members: formed.ranks.map((rank) => this.partners[rank] as number) };
  }

  /** Like {@link elect}, with all ranks in one communicator. */
  protected async all(peers: Peers, same?: string): Promise<Made> {
    return (await this.elect(peers, { same })) as Made;
  }

  protected duplicate<C>(options: CallOptions, make: (context: number, members: number[]) => C): Promise<never> {
    const body = async (peers: Peers): Promise<C> => {
      const { context, members } = await this.all(peers);
      return make(context, members);
    };
    return this.collective("dup", options, body) as Promise<never>;
  }
}

/** The ranks that have a file open, with a message space of their own. */
class FileCommunicator extends Communicator implements FileRanks {
  constructor(world: World, context: number, members: readonly number[], path: string) {
    super(world, context, members);
    this.name = basename(String(path));
  }

  run<R>(operation: Operation, options: CallOptions, body: (peers: Peers) => Promise<R>): Promise<R> {
    return this.collective(operation, options, body);
  }

  /** See {@link FileRanks.leave}. */
  leave(error: Error): void {
    if (!this.world.engine.stopped) this.refuse("close", error).catch(() => {});
  }

  explained(call: Call, error: unknown): Error {
    return this.world.engine.explained(call, error);
  }
}

/** The collectives of ranks with neighbors, in grids and graphs alike. */
abstract class NeighborCommunicator extends Communicator {
  protected readonly around: Neighborhood;

  protected constructor(world: World, context: number, members: readonly number[], around: Neighborhood) {
    super(world, context, members);
    this.around = around;
  }

  neighborAllgather(value: unknown, options: NeighborOptions = {}): Promise<never> {
    return this.#exchange("neighborAllgather", value, options, (peers, into) =>
      neighborAllgather(peers, value, this.around, into),
    );
  }

  neighborAlltoall(parts: readonly unknown[], options: NeighborOptions = {}): Promise<never> {
    return this.#exchange("neighborAlltoall", parts, options, (peers, into) =>
      neighborAlltoall(peers, parts, this.around, into),
    );
  }

  /** Blocks travel as they are; one that takes all parts is filled from a dense array. */
  #exchange(
    operation: "neighborAllgather" | "neighborAlltoall",
    value: unknown,
    options: NeighborOptions,
    exchange: (peers: Peers, into: NeighborInto) => Promise<unknown>,
  ): Promise<never> {
    const run = (_: unknown, given: NeighborOptions): Promise<unknown> =>
      this.collective(operation, given, (peers) => exchange(peers, given.into as NeighborInto));
    return isBlock(options?.into)
      ? this.withDense(operation, value, options, run)
      : (run(value, options) as Promise<never>);
  }
}

type NeighborInto = TypedArray | readonly Elements[] | undefined;
type NeighborOptions = CallOptions & { into?: ArrayOrBlock | readonly ArrayOrBlock[] | undefined };

class CartCommunicator extends NeighborCommunicator implements api.CartCommunicator {
  static {
    markInstances(CartCommunicator, "CartCommunicator");
  }

  readonly #grid: Grid;

  constructor(world: World, context: number, members: readonly number[], grid: Grid) {
    super(world, context, members, grid.around(members.indexOf(world.who.rank)));
    this.#grid = grid;
  }

  get dims(): readonly number[] {
    return this.#grid.dims;
  }

  get periodic(): readonly boolean[] {
    return this.#grid.periodic;
  }

  get neighbors(): readonly (number | null)[] {
    return this.around.sources;
  }

  coords(rank: number = this.rank): number[] {
    return this.#grid.coords(rank);
  }

  rankOf(coords: readonly number[]): number | null {
    return this.#grid.rankOf(coords);
  }

  shift(options: ShiftOptions): ShiftPeers {
    if (typeof options !== "object") {
      throw invalid(`shift(${show(options)}): give shift({ dimension: 0 }) or shift({ dimension: 0, by: 1 })`);
    }
    checkOptions(knownOptions.shift, options);
    return this.#grid.shift(this.rank, options.dimension, options.by ?? 1);
  }

  sub(keep: readonly boolean[], options: CallOptions = {}): Promise<CartCommunicator> {
    return this.collective("sub", options, async (peers) => {
      checkList("keep", keep, "booleans, one for each dimension");
      if (keep.length !== this.dims.length) {
        throw invalid(`keep has ${keep.length} entries for ${this.dims.length} dimensions`);
      }
      const kept = <T>(list: readonly T[], wanted: boolean): T[] => list.filter((_, index) => keep[index] === wanted);
      const color = kept(this.coords(), false).join(",");
      const { context, members } = (await this.elect(peers, { color, same: `keep [${keep.join(", ")}]` })) as Made;
      const grid = new Grid(kept(this.dims, true), kept(this.periodic, true));
      return new CartCommunicator(this.world, context, members, grid);
    });
  }

  override dup(options: CallOptions = {}): Promise<never> {
    return this.duplicate(options, (...made) => new CartCommunicator(this.world, ...made, this.#grid));
  }
}

class GraphCommunicator extends NeighborCommunicator implements api.GraphCommunicator {
  static {
    markInstances(GraphCommunicator, "GraphCommunicator");
  }

  constructor(world: World, context: number, members: readonly number[], around: Neighborhood) {
    super(world, context, members, around);
  }

  get sources(): readonly number[] {
    return this.around.sources as number[];
  }

  get destinations(): readonly number[] {
    return this.around.destinations as number[];
  }

  override dup(options: CallOptions = {}): Promise<never> {
    return this.duplicate(options, (...made) => new GraphCommunicator(this.world, ...made, this.around));
  }
}

class Intercommunicator extends InterCollective implements api.Intercommunicator {
  static {
    markInstances(Intercommunicator, "Intercommunicator");
  }

  constructor(world: World, context: number, members: readonly number[], remote: readonly number[]) {
    super(world, context, members, remote);
  }

  merge(options: MergeOptions): Promise<Communicator> {
    return this.collective("merge", options, async (peers) => {
      const { high } = options;
      if (typeof high !== "boolean") throw invalid(`high is ${show(high)}, but it is true or false`);
      const { context, first } = await this.meet(peers, high);
      const { group, remoteGroup } = this;
      const { members } = first ? group.union(remoteGroup) : remoteGroup.union(group);
      return new Communicator(this.world, context, members);
    });
  }

  async shrink(): Promise<Intercommunicator> {
    const { context, left } = await this.survivors();
    const [ours, theirs] = [this.group, this.remoteGroup].map(({ members }) =>
      members.filter((each) => left.has(each)),
    );
    if (theirs?.length === 0) {
      const call = sitedHere({ operation: "shrink", communicator: this.name });
      throw failure(this.world.who, call, "rank-failed", "nobody is left in the other group");
    }
    return new Intercommunicator(this.world, context, ours as number[], theirs as number[]);
  }

  dup(options: CallOptions = {}): Promise<Intercommunicator> {
    return this.collective("dup", options, async (peers) => {
      const { context } = await this.meet(peers, false);
      return new Intercommunicator(this.world, context, this.group.members, this.remoteGroup.members);
    });
  }
}

/** What makes windows. Loaded only now, as with files: programs without them start sooner. */
function windowsOnDemand(): Promise<typeof import("../windows/make.ts")> {
  return import("../windows/make.ts");
}

/** Runs `body`. A run that is recorded shows its time under this name. */
async function inPhase<R>({ recording }: World, name: string, body: () => R | Promise<R>): Promise<R> {
  if (typeof name !== "string" || name === "") throw invalid(`phase(${show(name)}): a phase has a name, a string`);
  if (typeof body !== "function")
    throw invalid(`phase("${name}", ${show(body)}): give a function, whose time is the phase`);
  const close = recording?.openPhase(name);
  try {
    return await body();
  } finally {
    close?.();
  }
}

/** What ranks have to agree on, for messages. */
function reordering({ reorder = false }: GraphOptions): string {
  if (typeof reorder !== "boolean") throw invalid(`reorder is ${show(reorder)}, but it is true or false`);
  return reorder ? ", reorder" : "";
}

/** A communicator to be: its number, and the rank in the world of each of its ranks. */
interface Made {
  context: number;
  members: number[];
}
