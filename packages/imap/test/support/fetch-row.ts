/** A FETCH row, and the structure in it, as the client reads them. */
import { expect } from 'vitest';
import { parseBodyStructureSlice } from '../../src/grammar/body-structure.js';
import type { FetchData } from '../../src/grammar/fetch-data.js';
import { parseOne } from './frames.js';

export function rowOf(items: string): FetchData {
  const response = parseOne(`* 1 FETCH (UID 1 ${items} RFC822.SIZE 5)\r\n`);
  if (response.type !== 'fetch') throw new Error(response.type);
  expect([response.row.uid, response.row.size]).toEqual([1, 5]);
  return response.row;
}

export function structure(value: string) {
  const notes: string[] = [];
  const { structure: slice } = rowOf(`BODYSTRUCTURE ${value}`);
  return { part: parseBodyStructureSlice(slice as NonNullable<typeof slice>, notes), notes };
}
