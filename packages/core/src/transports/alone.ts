import type { Envelope } from "../wire/envelope.ts";
import type { Packet } from "../wire/packet.ts";
import type { Receiver, SharedParts, Transport } from "../wire/transport.ts";
import { MemoryNetwork } from "./memory.ts";

/** Carries nothing: there is one rank, until others are spawned, which another transport reaches. */
export class AloneTransport implements Transport {
  readonly eagerBytes: number = 64 * 1024;
  receiver: Receiver | undefined;
  readonly #memory: Transport = new MemoryNetwork(1).end(0);
  #far: Transport | undefined;
  #listening = false;
  #attending = false;

  grow(far: Transport): void {
    this.#far = far;
    far.receiver = this.receiver;
    far.listen(this.#listening);
    far.attend?.(this.#attending);
  }

  get silent(): boolean {
    return this.#far === undefined;
  }

  sendsAhead(dest: number, bytes: number): boolean {
    return this.#far?.sendsAhead?.(dest, bytes) ?? false;
  }

  words(context: number, members: readonly number[], count: number): Int32Array | undefined {
    return members.length > 1 ? undefined : this.#memory.words?.(context, members, count);
  }

  memory(name: string, sizes: readonly number[]): SharedParts {
    return this.#memory.memory?.(name, sizes, []) as SharedParts;
  }

  send(dest: number, envelope: Envelope, body: Packet, lent: boolean): void {
    this.#far?.send(dest, envelope, body, lent);
  }

  listen(wanted: boolean): void {
    this.#listening = wanted;
    this.#far?.listen(wanted);
  }

  attend(wanted: boolean): void {
    this.#attending = wanted;
    this.#far?.attend?.(wanted);
  }

  async flush(timeoutMs: number): Promise<void> {
    await this.#far?.flush(timeoutMs);
  }

  flushSync(): void {
    this.#far?.flushSync();
  }

  async close(): Promise<void> {
    await this.#far?.close();
  }
}
