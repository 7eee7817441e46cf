import type { Call } from "../calls/call.ts";
import { sitedHere } from "../calls/call-site.ts";
import { invalid } from "../calls/check.ts";
import { MpiError } from "../calls/errors.ts";
import { alone, apply, check } from "../ops/apply.ts";
import { asOp, land, type Op, type Reducer } from "../ops/op.ts";
import { runsOf } from "../wire/ballots.ts";
import { decode, encode, withArrayInHead } from "../wire/codec/codec.ts";
import type { RecoveryCalls } from "./api/recovery.ts";
import { offer } from "./membership.ts";
import { PointToPoint } from "./point-to-point.ts";
import type { World } from "./world.ts";

/** Every rank that is left gets every value, so they are small. */
const mostBytes = 4096;

/**
 * What goes on working when ranks of a communicator are gone: to know of it, to end what waits in vain, to decide together, and to
 * go on without them. The docs of each call are at the interface.
 *
 * Decisions are no collectives: they have numbers of their own, because the ranks may have come to different collectives.
 */
export abstract class Recoverable extends PointToPoint implements RecoveryCalls {
  /** Rank in the world of all ranks here; of both groups of an intercommunicator. */
  readonly #everyone: readonly number[];
  #decisions = 0;

  protected constructor(
    world: World,
    context: number,
    members: readonly number[],
    partners: readonly number[],
    everyone: readonly number[],
  ) {
    super(world, context, members, partners);
    this.#everyone = everyone;
    world.engine.survival.opened(context, () => {
      this.over = "revoked";
      this.endMessages((call) => world.engine.survival.refusal(call, context));
    });
  }

  get failed(): readonly number[] {
    const { engine } = this.world;
    return this.partners.flatMap((member, rank) => (engine.hasEnded(member) ? [rank] : []));
  }

  async revoke(): Promise<void> {
    const call = this.#call("revoke");
    this.world.engine.refuseIfStopped(call);
    if (this.over === "closed") throw this.overError(sitedHere(call));
    this.#revoke();
  }

  async agree(value: unknown, reducer: unknown = land): Promise<never> {
    const call = this.#call("agree");
    try {
      const op = asOp(reducer as Reducer<unknown>);
      check(op as Op<never>, value);
      const ballots = await this.#decide(call, `agree(${op.name})`, value);
      const values = ballots.map((ballot) => ballot.value);
      const [first] = values;
      return (
        values.length === 1 ? alone(op as Op<never>, first) : values.reduce((a, b) => apply(op as Op<never>, a, b))
      ) as never;
    } catch (error) {
      throw this.world.engine.explained(sitedHere(call), error);
    }
  }

  /** The ranks of the world that are left, in ascending order, and a number for their communicator. */
  protected async survivors(): Promise<{ context: number; left: ReadonlySet<number> }> {
    const call = this.#call("shrink");
    const { engine } = this.world;
    try {
      engine.refuseIfStopped(call);
      if (this.over === "closed") throw this.overError(call);
      // Nobody is to wait here for a rank that has gone on to this call.
      if (this.#everyone.some((member) => engine.hasEnded(member))) this.#revoke();
      const ballots = await this.#decide(call, "shrink()", offer(this.world));
      return { context: ballots[0]?.value as number, left: new Set(ballots.map(({ rank }) => rank)) };
    } catch (error) {
      throw engine.explained(sitedHere(call), error);
    }
  }

  #call(operation: string): Call {
    return { operation, communicator: this.name };
  }

  #revoke(): void {
    const { engine, who } = this.world;
    if (this.over === "revoked") return;
    engine.survival.revoked(this.context, who.rank);
    engine.survival.link.revoke(this.context, runsOf(this.#everyone));
  }

  /** The values of all ranks that are left, and of those that have died after they gave theirs. */
  async #decide(call: Call, question: string, value: unknown): Promise<{ rank: number; value: unknown }[]> {
    const { engine } = this.world;
    engine.refuseIfStopped(call);
    if (this.over === "closed") throw this.overError(call);
    const { head, attachments } = withArrayInHead(encode(value), mostBytes);
    if (attachments.length > 0 || head.length > mostBytes)
      throw invalid(`the value takes more than ${mostBytes} bytes: agree() is for flags and small values`);
    const number = this.#decisions++;
    const text = Buffer.from(head).toString("base64");
    const members = runsOf(this.#everyone);
    const outcome = await engine.survival.ask(call, {
      context: this.context,
      number,
      members,
      question,
      value: text,
    });
    const [first] = outcome.ballots;
    const other = outcome.ballots.find(([, asked]) => asked !== first?.[1]);
    if (first !== undefined && other !== undefined) {
      const disagreement = `rank ${first[0]} of the world is in ${first[1]}, rank ${other[0]} in ${other[1]}`;
      throw new MpiError("mismatch", disagreement);
    }
    return outcome.ballots.map(([rank, , given]) => ({
      rank,
      value: decode({ head: Buffer.from(given, "base64"), attachments: [] }),
    }));
  }
}
