/** How long to wait between two tries of what may pass: longer each time, up to a limit. */

/** In milliseconds. */
export interface Pauses {
  first: number;
  longest: number;
}

/**
 * @param failures how many tries have failed, one or more
 * @returns milliseconds: `first`, doubled with each further failure, and never more than `longest`
 */
export const growingPause = (failures: number, { first, longest }: Pauses): number =>
  Math.min(longest, first * 2 ** (failures - 1));
