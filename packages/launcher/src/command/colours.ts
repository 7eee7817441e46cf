import { isatty, WriteStream } from "node:tty";

/** Node's `FORCE_COLOR` for a number of bits. */
const levels: Readonly<Record<number, string>> = { 4: "1", 8: "2", 24: "3" };

/**
 * A variable that tells ranks, whose streams are pipes, that their output is shown on a terminal with colours. None if the user
 * has chosen already, or if one of the streams is not a terminal.
 */
export function colourVariables(
  environment: Readonly<Record<string, string | undefined>>,
  outputDirectory: string | undefined,
): { FORCE_COLOR?: string } {
  const { FORCE_COLOR: forced, NO_COLOR: none } = environment;
  if (outputDirectory !== undefined || forced !== undefined || none || !isatty(1) || !isatty(2)) return {};
  const level = levels[WriteStream.prototype.getColorDepth.call(undefined, { ...environment })];
  return level === undefined ? {} : { FORCE_COLOR: level };
}
