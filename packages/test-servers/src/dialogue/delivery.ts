/** How the octets between two of a client's lines arrive: the cut must not matter to a client. */

/** Whole: in one write. Octets: one by one. A seed: cut at random places, the same ones for the same seed. */
export type Delivery = 'whole' | 'octets' | { readonly seed: number };

/** Whole, octet by octet, and cut at random with the seeds 1 to `seeds`. */
export function deliveries(seeds = 5): Delivery[] {
  return ['whole', 'octets', ...Array.from({ length: seeds }, (_none, at) => ({ seed: at + 1 }))];
}

/** Cuts octets as a delivery says. Called again, a seeded cutter goes on where it was. */
export function cutter(delivery: Delivery): (octets: Buffer) => Buffer[] {
  if (delivery === 'whole') return (octets) => [octets];
  const random = delivery === 'octets' ? undefined : mulberry32(delivery.seed);
  return (octets) => {
    const pieces: Buffer[] = [];
    for (let at = 0; at < octets.length; ) {
      // Short pieces are the likelier ones: they fall inside CRLF and literals' headers.
      const size = random ? 1 + Math.floor(random() ** 3 * 64) : 1;
      pieces.push(octets.subarray(at, at + size));
      at += size;
    }
    return pieces;
  };
}

/** A small generator of numbers in [0, 1) that a seed fixes. */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
