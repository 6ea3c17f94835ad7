/** What runtimes other than Node leave undone. An option that is ignored would be a check that is not made. */

import { badOption } from './option-check.js';

/** Measured on Deno 2.9: its TLS is rustls, which has fixed suites, no key log and no revocation lists. */
const ignoredByDeno = ['ciphers', 'keylog'] as const;

const isDeno = 'Deno' in globalThis;

/** Whether the runtime demands a current list of each authority by itself, where lists are given. */
export const demandsLists: boolean = !isDeno;

/** @throws UsageError `ERR_ARGUMENT` for an option that this runtime takes and does not look at. */
export function refuseIgnored(options: object, ignored: readonly string[] = ignoredHere): void {
  const found = ignored.find((key) => Reflect.get(options, key) !== undefined);
  if (found)
    throw badOption(found, 'is ignored by this runtime, and so refused: Node and Bun obey it');
}

const ignoredHere: readonly string[] = isDeno ? ignoredByDeno : [];
