/** Where faults strike: every octet with FIVEWIRE_THOROUGH=1, else a sample that is the same in every run. */

const thorough = process.env.FIVEWIRE_THOROUGH === '1';

/** @returns numbers from 0 to `end`, both included, ascending */
export function positions(end: number, seed: string, count: number): number[] {
  if (thorough) return Array.from({ length: end + 1 }, (_, at) => at);
  const random = generator(seed);
  const inner = Array.from({ length: count - 2 }, () => 1 + Math.floor(random() * (end - 1)));
  return [...new Set([0, ...inner, end])].sort((a, b) => a - b);
}

/** mulberry32, seeded by the octets of a text. */
function generator(seed: string): () => number {
  let state = [...Buffer.from(seed)].reduce((sum, octet) => (Math.imul(sum, 31) + octet) | 0, 7);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Runs `work` on each item, a few at a time. */
export async function eachOf<T>(
  items: readonly T[],
  atOnce: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const left = [...items];
  const worker = async (): Promise<void> => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}
