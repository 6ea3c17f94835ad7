/** DANE against a resolver that validates. */
import { createHash, X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { findTlsa } from '@fivewire/smtp';
import { createThrowawayCa, startSmtpServer } from '@fivewire/test-servers';
import { run } from 'fivewire';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type RunningResolver, startResolver } from './resolver.js';

const hosts = ['leaf', 'anchor', 'other', 'none'].map((name) => `${name}.signed.test`);
const names = [...hosts, 'leaf.plain.test', 'leaf.bogus.test'];

let folder: string;
let dns: RunningResolver | undefined;
let smtp: Awaited<ReturnType<typeof startSmtpServer>>;
let resolver: string;
let ca: string;

const keysum = (pem: string): string =>
  createHash('sha256')
    .update(new X509Certificate(pem).publicKey.export({ type: 'spki', format: 'der' }))
    .digest('hex');

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fivewire-dane-'));
  const authority = await createThrowawayCa();
  // What a server does not send, no record can be held against (RFC 7671 §5.2.2): an authority that it sends.
  const sent = await authority.createIntermediate();
  const certificate = await sent.issue({ names });
  ca = join(folder, 'ca.pem');
  writeFileSync(ca, authority.certificate);
  smtp = await startSmtpServer({ users: {}, certificate });
  const at = `_${smtp.ports.starttls}._tcp`;
  const [leaf, anchor] = [keysum(certificate.certificate), keysum(sent.certificate)];
  dns = await startResolver([
    {
      name: 'signed.test',
      signing: 'signed',
      records: [
        `${at}.leaf.signed.test. 300 IN TLSA 3 1 1 ${leaf}`,
        `${at}.anchor.signed.test. 300 IN TLSA 2 1 1 ${anchor}`,
        `${at}.other.signed.test. 300 IN TLSA 3 1 1 ${'0'.repeat(64)}`,
      ],
    },
    {
      name: 'plain.test',
      signing: 'plain',
      records: [`${at}.leaf.plain.test. 300 IN TLSA 3 1 1 ${'0'.repeat(64)}`],
    },
    {
      name: 'bogus.test',
      signing: 'bogus',
      records: [`${at}.leaf.bogus.test. 300 IN TLSA 3 1 1 ${leaf}`],
    },
  ]);
  resolver = dns.address;
});
afterAll(async () => {
  await dns?.stop();
  await smtp?.close();
  rmSync(folder, { recursive: true, force: true });
});

async function tls(name: string, ...more: string[]) {
  let said = '';
  const stream = new Writable({
    write(chunk, _, done) {
      said += chunk;
      done();
    },
  });
  const line = [
    'tls',
    `smtp://127.0.0.1:${smtp.ports.starttls}`,
    '--server-hostname',
    name,
    '--resolver',
    resolver,
    '--json',
    ...more,
  ];
  const status = await run(line, {
    stdout: stream,
    stderr: new Writable({ write: (_, __, done) => done() }),
  });
  return { status, dane: JSON.parse(said.split('\n')[0] as string).dane };
}

it.each([
  ['leaf.signed.test', 0, 'match'],
  ['anchor.signed.test', 0, 'match'],
  ['other.signed.test', 1, 'mismatch'],
  ['none.signed.test', 0, 'none'],
  ['leaf.plain.test', 0, 'unsigned'],
  ['leaf.bogus.test', 0, 'unknown'],
])('%s: %i, %s', async (name, status, result) => {
  const found = await tls(name, '--ca', ca);
  expect(found.dane).toMatchObject({ result });
  expect(found.status).toBe(status);
});

it('a record stands for a server that no authority vouches for', async () => {
  expect(await tls('leaf.signed.test')).toMatchObject({ status: 76, dane: { result: 'match' } });
});

it('that there is none is proven, and what is not signed proves nothing', async () => {
  const port = smtp.ports.starttls;
  expect(await findTlsa('none.signed.test', port, { resolver })).toEqual({
    signed: true,
    records: [],
  });
  expect(await findTlsa('leaf.plain.test', port, { resolver })).toMatchObject({ signed: false });
  await expect(findTlsa('leaf.bogus.test', port, { resolver })).rejects.toThrow();
});
