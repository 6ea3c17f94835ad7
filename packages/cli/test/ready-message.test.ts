/** A finished message as people and programs hand it over: who gets it, what of it goes out, and what is refused. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, describe, expect, it } from 'vitest';
import { readyMessage } from '../src/send/ready-message.js';
import { eachOnce } from '../src/send/recipients.js';

const folder = mkdtempSync(join(tmpdir(), 'fivewire-ready-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function read(text: string, options = {}) {
  const file = join(folder, 'message');
  writeFileSync(file, text, 'latin1');
  const message = await readyMessage(file, { name: 'stdin', ...options });
  const octets = (await buffer(message.read())).toString('latin1');
  expect(octets.length).toBe(message.size);
  return { recipients: message.recipients, octets };
}

const rest = '\nSubject: s\n\nx\n';

describe.each(['\n', '\r\n', '\r'])('with line ends %j', (eol) => {
  const wired = (text: string) => text.replaceAll('\n', eol);

  it.each<[string, string[]]>([
    ['To: a@x\nTo: c@x', ['a@x', 'c@x']],
    ['To: a@x,\n\tb@x,\n  c@x', ['a@x', 'b@x', 'c@x']],
    ['To: a@x\nCc: b@x\nBcc: c@x,\n d@x', ['a@x', 'b@x', 'c@x', 'd@x']],
    ['TO: a@x\nbcC : c@x', ['a@x', 'c@x']],
    ['To: Team: a@x, b@x; , c@x', ['a@x', 'b@x', 'c@x']],
    ['To: undisclosed-recipients:;\nBcc: a@x', ['a@x']],
    ['To: a@x (A, the one), (x) b@x (a (nested) one)', ['a@x', 'b@x']],
    ['To: "Doe, John" <a@x>, "a;b" <b@x>, <c@x>', ['a@x', 'b@x', 'c@x']],
    ['To: =?utf-8?Q?Doe=2C_John?= <a@x>, =?utf-8?B?w5w=?= <b@x>', ['a@x', 'b@x']],
    ['To: J\xf6rg <a@x>, b@x', ['a@x', 'b@x']],
    ['To: "a b"@x, a@[127.0.0.1]', ['"a b"@x', 'a@[127.0.0.1]']],
    ['To: bob, root\nCc: postmaster', ['bob', 'root', 'postmaster']],
    ['To: a@x\nReturn-Path: <r@x>', ['a@x']],
  ])('%j', async (header, recipients) => {
    const { recipients: found, octets } = await read(wired(header + rest));
    expect(found).toEqual(recipients);
    expect(octets).not.toMatch(/bcc|return-path|d@x/i);
    expect(octets.replaceAll(eol, '\n')).toMatch(/(?:^|\n)Subject: s\n\nx\n$/);
  });

  it('a line that is no field begins the body for sendmail, and is 65 elsewhere', async () => {
    const text = wired('To: a@x\nSubject: s\nHello,\nBcc: is what I wrote\nTo: nobody@x\n');
    const { recipients, octets } = await read(text, { bodyAlone: true });
    expect(recipients).toEqual(['a@x']);
    expect(octets).toBe(
      `${wired('To: a@x\nSubject: s\n')}\r\n${wired('Hello,\nBcc: is what I wrote\nTo: nobody@x\n')}`,
    );
    await expect(read(text)).rejects.toMatchObject({
      exit: 65,
      message: expect.stringContaining('Hello,'),
    });
  });
});

it.each([
  'To: a@x b@x',
  'To: a@x; b@x',
  'To: a@x, <b@x',
  'To: a@x\nCc: b@',
  'To: a@x\0',
  'To: <>, a@x',
])('%j is 65: nobody is left out in silence', async (header) => {
  await expect(read(header + rest)).rejects.toMatchObject({ exit: 65 });
});

it('each gets it once', () => {
  expect(
    eachOnce(['a@X.org', 'a@x.ORG', 'A@x.org', 'root', 'Root', 'root', '"a@B"@x', '"a@b"@x']),
  ).toEqual(['a@X.org', 'A@x.org', 'root', 'Root', '"a@B"@x', '"a@b"@x']);
});
