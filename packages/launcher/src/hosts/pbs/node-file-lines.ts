import type { Host } from "../host.ts";

/** PBS's `Host.place`: where a host is in the node file that PBS itself has written. */
export class NodeFileLines {
  /**
   * Index of the host's first line, which is what `pbsdsh -n` counts. Undefined for a name that PBS does not use, such as
   * localhost: pbsdsh cannot start anything there.
   */
  readonly first: number | undefined;
  /** How many lines are the host's. */
  readonly count: number;

  constructor(first: number | undefined, count: number) {
    this.first = first;
    this.count = count;
  }
}

/** Undefined for a host that is not in the PBS job. */
export function linesOfHost({ place }: Host): NodeFileLines | undefined {
  return place instanceof NodeFileLines ? place : undefined;
}
