/** Sequence sets, RFC 9051 §9: `1:3,7,9:*`. */
import { Refusal } from './arguments.js';

/** Ranges with both ends; `*` has become `last`. */
export type SequenceSet = readonly (readonly [number, number])[];

export function parseSequenceSet(text: string, last: number): SequenceSet {
  return text.split(',').map((range) => {
    const match = /^(\d{1,10}|\*)(?::(\d{1,10}|\*))?$/.exec(range);
    if (!match) throw new Refusal('BAD That is no sequence set');
    const from = match[1] === '*' ? last : Number(match[1]);
    const to = match[2] === undefined ? from : match[2] === '*' ? last : Number(match[2]);
    return from <= to ? [from, to] : [to, from];
  });
}

export function contains(set: SequenceSet, number: number): boolean {
  return set.some(([from, to]) => number >= from && number <= to);
}

/** The shortest set of these ascending numbers. */
export function formatSequenceSet(numbers: readonly number[]): string {
  const ranges: [number, number][] = [];
  for (const number of numbers) {
    const range = ranges.at(-1);
    if (range && range[1] === number - 1) range[1] = number;
    else ranges.push([number, number]);
  }
  return ranges.map(([from, to]) => (from === to ? `${from}` : `${from}:${to}`)).join(',');
}
