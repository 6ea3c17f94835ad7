/** The bodies of all clients go into files by the same sink, however they came. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FtpClient } from '@fivewire/ftp';
import { ImapClient } from '@fivewire/imap';
import { NntpClient } from '@fivewire/nntp';
import { Pop3Client } from '@fivewire/pop3';
import { startTestServers, type TestServers } from '@fivewire/test-servers';
import { afterAll, beforeAll, expect, it } from 'vitest';

let servers: TestServers;
let folder: string;
beforeAll(async () => {
  servers = await startTestServers({ users: { alice: 'secret' } });
  folder = mkdtempSync(join(tmpdir(), 'fivewire-save-'));
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await servers.close();
});

const options = (protocol: 'ftp' | 'imap' | 'pop3' | 'nntp') => ({
  host: '127.0.0.1',
  port: servers.ports[protocol].cleartext,
  security: 'cleartext' as const,
  allowCleartextAuth: true,
  auth: { user: 'alice', password: 'secret' },
});

const content = `Subject: s\r\nFrom: a@example.org\r\nNewsgroups: test.fivewire\r\nMessage-ID: <1@x.example>\r\n\r\n${'x'.repeat(998)}\r\n`;
const long = content + `${'y'.repeat(998)}\r\n`.repeat(1_000);

const saved = async (save: (path: string) => Promise<number>): Promise<string> => {
  const path = join(folder, 'f');
  const octets = await save(path);
  const text = readFileSync(path, 'latin1');
  expect(text).toHaveLength(octets);
  expect(readdirSync(folder)).toEqual(['f']);
  rmSync(path);
  return text;
};

it('imap and pop3: streamed, and known already', async () => {
  const imap = await ImapClient.connect(options('imap'));
  await imap.append('INBOX', content);
  await imap.append('INBOX', long);
  const inbox = await imap.open('INBOX');
  const rows = await inbox.fetch('1:*', { bodies: [''] }).toArray();
  const all: string[] = [];
  for (const row of rows) all.push(await saved((path) => row.body().saveTo(path)));
  expect(all).toEqual([content, long]);
  await expect(rows[0]?.body('7').saveTo(join(folder, 'g'))).rejects.toMatchObject({
    code: 'ERR_NOT_FOUND',
  });
  expect(readdirSync(folder)).toEqual([]);
  await imap.quit();

  const pop3 = await Pop3Client.connect(options('pop3'));
  expect(await saved((path) => pop3.retrieve(1).saveTo(path))).toBe(content);
  expect(await saved((path) => pop3.retrieve(2).saveTo(path))).toBe(long);
  await pop3.quit();
});

it('nntp: a body, and an article whole', async () => {
  const nntp = await NntpClient.connect(options('nntp'));
  await nntp.post(content);
  const { body } = await nntp.article('<1@x.example>');
  expect(await saved((path) => body.saveTo(path))).toBe(`${'x'.repeat(998)}\r\n`);
  const { raw } = await nntp.article('<1@x.example>');
  expect(await saved((path) => raw.saveTo(path))).toContain('Message-ID: <1@x.example>');
  await nntp.quit();
});

it('ftp: a read stream', async () => {
  const ftp = await FtpClient.connect(options('ftp'));
  await ftp.upload(long, '/f');
  expect(await saved((path) => ftp.createReadStream('/f').saveTo(path))).toBe(long);
  await ftp.quit();
});
