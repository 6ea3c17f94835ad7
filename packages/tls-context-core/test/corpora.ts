/** Published test data, which was not written here and is not part of the repository. */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root =
  process.env.FIVEWIRE_CORPORA ??
  fileURLToPath(new URL('../../../../shared/corpora', import.meta.url));

/** A file's contents; where it is absent, nothing and a loud line. */
export function corpus<T>(path: string): T | undefined {
  const file = join(root, path);
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as T;
  console.warn(`\n!!! NOT TESTED: ${path} is absent (set FIVEWIRE_CORPORA)\n`);
  return undefined;
}
