/** The trust anchors of a context, found by their names. RFC 5280 §6.1.1 (d). */

import { attempt } from './attempt.js';
import { readSubject } from './certificate.js';
import { nameKey } from './name-key.js';
import { fromPem } from './pem.js';

/** Certificates in DER by the key of their subject. */
export type BySubject = ReadonlyMap<string, readonly Uint8Array[]>;

/** Each certificate once, under its subject. What can't be read is left out: it can stand in no path. */
export function bySubject(ders: Iterable<Uint8Array>): BySubject {
  const index = new Map<string, Uint8Array[]>();
  for (const der of ders) {
    const key = attempt(() => nameKey(readSubject(der)));
    if (key === undefined) continue;
    const same = index.get(key);
    if (!same) index.set(key, [der]);
    else if (!same.some((one) => Buffer.compare(one, der) === 0)) same.push(der);
  }
  return index;
}

/** One index for equal lists: the system's roots are the same array for each context. */
const indexes = new WeakMap<readonly string[], BySubject>();

/** Roots in PEM, indexed. */
export function anchorsOf(roots: readonly string[]): BySubject {
  let index = indexes.get(roots);
  if (!index) {
    index = bySubject(roots.map(fromPem));
    indexes.set(roots, index);
  }
  return index;
}
