/**
 * What the records of a ring say. Numbers are doubles, so that lengths beyond 4 GiB and addresses fit.
 *
 * | kind | contents |
 * | --- | --- |
 * | hello | pid, address and value of a number in the writer's memory: can the reader read it there? |
 * | whole | a packet: number of parts, their lengths, the parts, each at a multiple of 8 bytes |
 * | begin | a packet too large for one record: number of parts, their lengths; then `more` until all is there |
 * | more | the next bytes of the parts |
 * | lent | a packet whose attachments stay where they are: number of parts, their lengths, addresses, the head |
 */
export const record = { hello: 1, whole: 2, begin: 3, more: 4, lent: 5 } as const;

/** The answer to `hello`, in the ring's note. */
export const readable = { unknown: 0, yes: 1, no: 2 } as const;

/** Rounds up to a multiple of 8. */
export function aligned(bytes: number): number {
  return Math.ceil(bytes / 8) * 8;
}
