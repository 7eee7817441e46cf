import type { Communicator } from "tsmpi";

/** The neighbours of this rank when all ranks stand in a ring. */
export const left = ({ rank, size }: Communicator): number => (rank + size - 1) % size;
export const right = ({ rank, size }: Communicator): number => (rank + 1) % size;

/** All ranks, in order. */
export const ranks = ({ size }: Communicator): number[] => Array.from({ length: size }, (_, rank) => rank);

/** A value of another length for each rank. */
export const word = (rank: number): string => String.fromCharCode(97 + rank).repeat(rank + 1);
