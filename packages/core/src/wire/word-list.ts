/** Words of shared memory that a waiting rank looks at until one of them changes. */
export interface WordList {
  /** Adds a word, and the value that it had when there was nothing to do. */
  add(words: Int32Array, index: number, seen: number): void;
}
