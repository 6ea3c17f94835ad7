// Cyrus: the servers that know another channel binding than we use, by IMAP, POP3 and NNTP. Logging in by default must do.
import { ImapClient } from '@fivewire/imap';
import { NntpClient } from '@fivewire/nntp';
import { Pop3Client } from '@fivewire/pop3';
import { describe, expect, test } from 'vitest';
import { type Door, options, refuses, verified } from './doors.js';

type Client = ImapClient | Pop3Client | NntpClient;
type Protocol = 'imap' | 'pop3' | 'nntp';

const clients = { imap: ImapClient, pop3: Pop3Client, nntp: NntpClient } as unknown as Readonly<
  Record<Protocol, { connect(options: object): Promise<Client> }>
>;

const doors = (Object.keys(clients) as Protocol[]).flatMap((protocol) => [
  { protocol, server: 'cyrus', port: `${protocol}s`, security: 'implicit-tls' } as const,
  { protocol, server: 'cyrus', port: protocol, security: 'starttls' } as const,
]);
const versions = ['TLSv1.2', 'TLSv1.3'] as const;

const login = (door: Door, version: (typeof versions)[number], more: object = {}) => {
  const { tls, ...way } = options(door);
  return { ...way, tls: { ...tls, minVersion: version, maxVersion: version }, ...more };
};

describe.each(doors)('$protocol by $security', ({ protocol, ...door }) => {
  const connect = (version: (typeof versions)[number], more?: object): Promise<Client> =>
    clients[protocol].connect(login(door, version, more));

  test.each(versions)('logs in by default, and says that it is not bound (%s)', async (version) => {
    const client = await connect(version);
    expect(client.security).toMatchObject({
      ...verified(door),
      protocol: version,
      channelBinding: 'none',
    });
    const notice = await client.notices[Symbol.asyncIterator]().next();
    expect(notice.value).toMatchObject({
      kind: 'AUTH',
      text: expect.stringContaining('SCRAM-SHA-256-PLUS'),
    });
    await client.quit();
  });

  test('binds by tls-unique on TLS 1.2, where that is named', async () => {
    const client = await connect('TLSv1.2', {
      mechanisms: ['SCRAM-SHA-256-PLUS'],
      channelBinding: 'tls-unique',
    });
    expect(client.security).toMatchObject({ channelBinding: 'tls-unique' });
    await client.quit();
  });

  test('who insists on a binding that it does not know is refused, and told so', async () => {
    await expect(connect('TLSv1.3', { mechanisms: ['SCRAM-SHA-256-PLUS'] })).rejects.toMatchObject({
      code: 'ERR_AUTHENTICATION_FAILED',
      hint: expect.stringContaining('tls-exporter'),
    });
  });

  test.each(['PLAIN', 'LOGIN', 'CRAM-MD5', 'SCRAM-SHA-1', 'SCRAM-SHA-256'])(
    'by %s',
    async (mechanism) => {
      const client = await connect('TLSv1.3', { mechanisms: [mechanism] });
      await client.quit();
      const wrong = { mechanisms: [mechanism], auth: { user: 'alice', password: 'wrong' } };
      await expect(connect('TLSv1.3', wrong)).rejects.toMatchObject({
        code: 'ERR_AUTHENTICATION_FAILED',
        reason: 'wrong',
      });
    },
  );

  refuses([door], (way) => clients[protocol].connect(way));
});

test('the session is one: a mailbox by IMAP, counted by POP3', async () => {
  const imap = await ImapClient.connect(options(doors[0] as Door, 'bob'));
  await imap.append('INBOX', 'Subject: x\r\n\r\nHello.\r\n');
  expect((await imap.status('INBOX', ['messages'])).messages).toBeGreaterThan(0);
  await imap.quit();
  const pop3 = await Pop3Client.connect(options(doors[2] as Door, 'bob'));
  expect((await pop3.stat()).count).toBeGreaterThan(0);
  await pop3.quit();
});
