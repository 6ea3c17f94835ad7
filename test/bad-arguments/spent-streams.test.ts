/** A stream that was read to its end would go out as nothing, without a word: every client that takes a body refuses it, and sends nothing. */
import { Readable } from 'node:stream';
import { compose } from '@fivewire/compose';
import { FtpClient } from '@fivewire/ftp';
import { ImapClient } from '@fivewire/imap';
import { NntpClient } from '@fivewire/nntp';
import { SmtpClient } from '@fivewire/smtp';
import type { TestServers } from '@fivewire/test-servers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newest, type Protocol, startWorld, wayIn } from './world.js';

interface Spending {
  protocol: Protocol;
  send(servers: TestServers, body: Readable): Promise<unknown>;
}

const on = async <C extends { close(): void }>(
  opening: Promise<C>,
  work: (client: C) => Promise<unknown>,
): Promise<unknown> => {
  const client = await opening;
  try {
    return await work(client);
  } finally {
    client.close();
  }
};

const envelope = { from: 'a@example.test', to: 'b@example.test' };
const ways: Record<string, Spending> = {
  'FTP upload': {
    protocol: 'ftp',
    send: (at, body) =>
      on(FtpClient.connect(wayIn(at, 'ftp')), (ftp) => ftp.upload(body, '/spent')),
  },
  'IMAP APPEND': {
    protocol: 'imap',
    send: (at, body) =>
      on(ImapClient.connect(wayIn(at, 'imap')), (imap) => imap.append('INBOX', body)),
  },
  'SMTP send': {
    protocol: 'smtp',
    send: (at, body) =>
      on(SmtpClient.connect(wayIn(at, 'smtp')), (smtp) => smtp.send(envelope, body)),
  },
  'NNTP POST': {
    protocol: 'nntp',
    send: (at, body) => on(NntpClient.connect(wayIn(at, 'nntp')), (nntp) => nntp.post(body)),
  },
};

const spent = async (): Promise<Readable> => {
  const stream = Readable.from(['Subject: x\r\n\r\nhi\r\n']);
  await stream.toArray();
  return stream;
};

describe.each(Object.entries(ways))('%s', (_name, { protocol, send }) => {
  let servers: TestServers;
  beforeAll(async () => {
    servers = await startWorld(protocol);
  });
  afterAll(() => servers.close());

  it('refuses a stream that was read to its end, and sends nothing of it', async () => {
    const sending = send(servers, await spent());
    await expect(sending).rejects.toMatchObject({
      code: 'ERR_LOCAL_IO',
      message: expect.stringContaining('read to its end'),
      hint: expect.stringContaining('anew'),
    });
    const { lines } = newest(servers[protocol].connections);
    expect(lines.filter((line) => /APPEND|STOR|MAIL|POST|DATA/.test(line))).toEqual([]);
  });
});

it('an attachment, too', async () => {
  const attachments = [{ filename: 'a', content: await spent() }];
  await expect(
    Promise.resolve().then(() => compose({ ...envelope, text: 'x', attachments })),
  ).rejects.toMatchObject({ code: 'ERR_ARGUMENT', argument: 'attachments[0].content' });
});
