/** What the clients advise a program, as the command line says it. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { forPeople } from '../src/hints.js';

const packages = fileURLToPath(new URL('../..', import.meta.url));

/** Every text of the clients that names a call or an option of a program. */
const advice = ['ftp', 'imap', 'pop3', 'smtp', 'nntp', 'line-protocol', 'sasl', 'tls-context-core']
  .flatMap((name) =>
    readdirSync(join(packages, name, 'src'), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .map((file) => readFileSync(join(packages, name, 'src', file), 'utf8')),
  )
  .flatMap((source) => [...source.matchAll(/'((?:[^'\\\n]|\\.)*)'/g)].map(([, text = '']) => text))
  .filter((text) => / /.test(text) && /\w\(\)|`/.test(text));

it('names no call and no option of a program', () => {
  expect(advice.length).toBeGreaterThan(50);
  for (const hint of advice) expect(forPeople(hint), hint).not.toMatch(/\w\(\)|`/);
});

it.each([
  [
    'Write it as alice@example.org or Alice <alice@example.org>.',
    'Write it as alice@example.org or Alice <alice@example.org>; --domain completes names alone.',
  ],
  [
    'Others see URLs (process lists, logs): give it as auth.password.',
    'Others see URLs (process lists, logs): use --password-command, --password-stdin or --netrc.',
  ],
  [
    "The server shows neither AUTHINFO USER nor a mechanism that fits: name what it takes, mechanisms: ['USER'] for one, which needs auth.password.",
    'The server shows neither AUTHINFO USER nor a mechanism that fits.',
  ],
  [
    'The mailbox does not exist: create() it first.',
    'The mailbox does not exist: fivewire mkdir makes it.',
  ],
  [
    'The mailbox does not exist: list() shows the names that do.',
    'The mailbox does not exist: fivewire ls shows the names that do.',
  ],
  [
    'Check host, port and firewall; `timeouts.connect` allows more time.',
    'Check host, port and firewall; --timeout allows more time.',
  ],
  [
    'The server did not understand the command; if it is broken, name the extension in `disable`.',
    'The server did not understand the command.',
  ],
  [
    'The certificate is for a.test: dial the IP address as host, and give the name as serverHostname.',
    'The certificate is for a.test: dial the IP address, and give the name as --server-hostname.',
  ],
  [
    'A private authority, or a server that signs for itself: give its certificate as ca; never turn the check off.',
    'A private authority, or a server that signs for itself: give its certificate in a file, --ca FILE; never turn the check off.',
  ],
  [
    'The server wants TLS: use security "implicit-tls" or "starttls".',
    'The server wants TLS: --security implicit-tls or starttls.',
  ],
  ['Check the path.', 'Check the path.'],
  ['Use `attachments`.', ''],
])('%s', (hint, said) => expect(forPeople(hint)).toBe(said));
