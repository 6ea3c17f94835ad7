import { expect, it } from 'vitest';
import { startTestServers } from '../src/index.js';
import type { TestProtocol } from '../src/line-server.js';
import { Transcript } from '../src/transcript.js';
import { Client } from './client.js';

const secret = 'correct-horse';
const base64 = (text: string) => Buffer.from(text).toString('base64');

it.each<[TestProtocol, [string, RegExp][], string[]]>([
  [
    'imap',
    [
      [`a LOGIN alice ${secret}`, /^a /],
      ['b NOOP', /^b /],
    ],
    ['a LOGIN ••••', 'b NOOP'],
  ],
  [
    'imap',
    [
      ['a LOGIN alice {13}', /^\+/],
      [secret, /^a /],
      ['b NOOP', /^b /],
    ],
    ['a LOGIN ••••', '••••', 'b NOOP'],
  ],
  [
    'imap',
    [
      ['a AUTHENTICATE PLAIN', /^\+/],
      [base64(`\0alice\0${secret}`), /^a /],
      ['b NOOP', /^b /],
    ],
    ['a AUTHENTICATE PLAIN', '••••', 'b NOOP'],
  ],
  [
    'smtp',
    [
      [`AUTH PLAIN ${base64(`\0alice\0${secret}`)}`, /^235/],
      ['NOOP', /^250/],
    ],
    ['AUTH PLAIN ••••', 'NOOP'],
  ],
  [
    'smtp',
    [
      ['AUTH LOGIN', /^334/],
      [base64('alice'), /^334/],
      [base64(secret), /^235/],
      ['NOOP', /^250/],
    ],
    ['AUTH LOGIN', '••••', '••••', 'NOOP'],
  ],
  [
    'pop3',
    [
      ['USER alice', /^\+OK/],
      [`PASS ${secret}`, /^\+OK/],
      ['NOOP', /^\+OK/],
    ],
    ['USER alice', 'PASS ••••', 'NOOP'],
  ],
  [
    'ftp',
    [
      ['USER alice', /^331/],
      [`pass ${secret}`, /^230/],
      ['NOOP', /^200/],
    ],
    ['USER alice', 'pass ••••', 'NOOP'],
  ],
  [
    'nntp',
    [
      ['AUTHINFO USER alice', /^381/],
      [`AUTHINFO PASS ${secret}`, /^281/],
      ['DATE', /^111/],
    ],
    ['AUTHINFO USER alice', 'AUTHINFO PASS ••••', 'DATE'],
  ],
])('%s: what carries a secret is masked: %j', async (protocol, dialogue, expected) => {
  const servers = await startTestServers({
    users: { alice: secret },
    protocols: [protocol],
    transcripts: true,
  });
  const client = await Client.dial(servers.ports[protocol].cleartext);
  await client.line();
  for (const [line, reply] of dialogue) {
    client.send(`${line}\r\n`);
    await client.until(reply);
  }
  client.close();
  const entries = servers[protocol].connections[0]?.transcript?.entries ?? [];
  expect(entries.filter(({ from }) => from === 'client').map(({ text }) => text)).toEqual(expected);
  const all = JSON.stringify(entries);
  for (const form of [secret, base64(secret), base64(`\0alice\0${secret}`)])
    expect(all).not.toContain(form);
  await servers.close();
});

it('masks challenges, and the last words of NNTP’s SASL', () => {
  const transcript = new Transcript(() => {});
  transcript.client('AUTHINFO SASL SCRAM-SHA-256 abc');
  transcript.server(Buffer.from('383 challenge\r\n'));
  transcript.client('response');
  transcript.server(Buffer.from('283 dj1zaWduYXR1cmU=\r\n'));
  transcript.client('DATE');
  expect(transcript.entries.map(({ text }) => text)).toEqual([
    'AUTHINFO SASL SCRAM-SHA-256 ••••',
    '383 ••••',
    '••••',
    '283 ••••',
    'DATE',
  ]);
});

it('keeps so much and no more', () => {
  let told = 0;
  const transcript = new Transcript(() => told++);
  transcript.server(Buffer.alloc(3_000, 'x'));
  expect(transcript.entries.map(({ from, text }) => [from, text.length])).toEqual([
    ['server', 2_000],
    ['note', 16],
  ]);
  for (let n = 0; n < 2_000; n++) transcript.client('NOOP');
  expect(transcript.entries).toHaveLength(1_000);
  expect(told).toBe(2_002);
});
