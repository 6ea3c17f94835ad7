/** The cases of the STARTTLS study, which nobody here wrote and which are not part of the repository. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What a study's server does. The interpreters in `east/` know every field. */
export type Config = Readonly<Record<string, unknown>>;

export interface Case {
  id: string;
  protocol: 'imap' | 'pop3' | 'smtp';
  category: string;
  config: Config;
  /** IMAP's greeting, as the study's converter would have it. */
  greeting_wire?: string;
  /** Lines of source that change one field each, commented out in the study. */
  manual_variants?: readonly string[];
  expect: readonly string[];
}

const root =
  process.env.FIVEWIRE_CORPORA ??
  fileURLToPath(new URL('../../../shared/corpora', import.meta.url));

/** All cases; none, and a loud line, where the corpus is absent. */
export const cases: readonly Case[] = load();

function load(): readonly Case[] {
  const file = join(root, 'tls/east-cases.json');
  if (existsSync(file)) return (JSON.parse(readFileSync(file, 'utf8')) as { cases: Case[] }).cases;
  console.warn(
    '\n!!! NOT TESTED: the 176 cases of the STARTTLS study and their variants. tls/east-cases.json is absent (set FIVEWIRE_CORPORA).\n',
  );
  return [];
}
