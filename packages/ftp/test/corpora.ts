import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** A folder of the published test data, or `undefined`, said loudly, where this machine has none. */
export function corpus(path: string): string | undefined {
  const folder = resolve(process.env.FIVEWIRE_CORPORA ?? resolve(root, '../shared/corpora'), path);
  if (existsSync(folder)) return folder;
  console.warn(`WARNING: NOT TESTED: the corpus ${path} is not here (set FIVEWIRE_CORPORA).`);
  return undefined;
}
