/** Results that an earlier job has finished, and where those of this one are kept. */
export interface ResultStore {
  /** A digest that identifies an input. @throws MpiError `unserializable` */
  digestOf(input: unknown): Buffer;
  /**
   * The result of this input, if it is known. It is removed from memory, because there is only one caller.
   * @throws MpiError `invalid-argument` when there is a result of another input in its place
   */
  find(index: number, digest: Buffer): { value: unknown } | undefined;
  add(index: number, digest: Buffer, value: unknown): void;
  close(): void;
}
