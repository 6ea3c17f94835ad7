/**
 * The code that a transfer waits for calls the same client: both would wait for ever. That is known, and the call is refused
 * at once; the transfer and the connection live. A call beside it, or by what the transfer does not wait for, waits.
 */
import { Readable, Writable } from 'node:stream';
import { FtpClient } from '@fivewire/ftp';
import { ImapClient } from '@fivewire/imap';
import { NntpClient } from '@fivewire/nntp';
import { SmtpClient } from '@fivewire/smtp';
import { startTestServers, type TestServers } from '@fivewire/test-servers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

type Source = AsyncIterable<string> | Readable;
interface Uploader {
  call(): Promise<unknown>;
  upload(source: Source, size: number): Promise<unknown>;
  close(): void;
}

let servers: TestServers;
beforeAll(async () => {
  servers = await startTestServers({ users: { alice: 'secret' } });
});
afterAll(() => servers.close());

const options = (protocol: 'ftp' | 'imap' | 'smtp' | 'nntp') => ({
  host: '127.0.0.1',
  port: servers.ports[protocol].cleartext,
  security: 'cleartext' as const,
  allowCleartextAuth: true,
  auth: { user: 'alice', password: 'secret' },
});

const uploaders: Record<string, () => Promise<Uploader>> = {
  async ftp() {
    const client = await FtpClient.connect(options('ftp'));
    return {
      call: () => client.command('NOOP'),
      upload: (source) => client.upload(source, '/f'),
      close: () => client.close(),
    };
  },
  async imap() {
    const client = await ImapClient.connect(options('imap'));
    return {
      call: () => client.noop(),
      upload: (source, size) => client.append('INBOX', source, { size }),
      close: () => client.close(),
    };
  },
  async smtp() {
    const client = await SmtpClient.connect(options('smtp'));
    return {
      call: () => client.noop(),
      upload: (source) => client.send({ from: 'a@example.org', to: 'b@example.org' }, source),
      close: () => client.close(),
    };
  },
  async nntp() {
    const client = await NntpClient.connect(options('nntp'));
    return {
      call: () => client.command('DATE'),
      upload: (source) => client.post(source),
      close: () => client.close(),
    };
  },
};

let messages = 100;
const fresh = () => [
  'From: a@example.org\r\nNewsgroups: test.fivewire\r\nSubject: s\r\n',
  `Message-ID: <${++messages}@example.org>\r\n\r\n`,
  'text\r\n',
];
const size = fresh().join('').length;
const error = { code: 'ERR_WOULD_DEADLOCK', connection: 'usable' };

/** Calls between its second piece and its third: the upload is under way. */
async function* calling(client: Uploader, outcome: (error: unknown) => void) {
  const pieces = fresh();
  yield pieces[0] as string;
  yield pieces[1] as string;
  await client.call().then(outcome, outcome);
  yield pieces[2] as string;
}

describe.each(Object.entries(uploaders))('%s', (_name, connect) => {
  it.each([
    ['a generator', (source: AsyncIterable<string>): Source => source],
    ['a Readable', (source: AsyncIterable<string>): Source => Readable.from(source)],
  ])('refuses %s that calls the client that uploads it', async (_kind, from) => {
    const client = await connect();
    let refused: unknown;
    const source = calling(client, (outcome) => {
      refused = outcome;
    });
    await client.upload(from(source), size);
    expect(refused).toMatchObject(error);
    await client.call();
    client.close();
  });

  it('lets a call beside it wait', async () => {
    const client = await connect();
    let beside: Promise<unknown> | undefined;
    let started!: () => void;
    const begun = new Promise<void>((resolve) => {
      started = resolve;
    });
    async function* source() {
      const pieces = fresh();
      yield pieces[0] as string;
      started();
      while (beside === undefined) await new Promise((resolve) => setImmediate(resolve));
      yield* pieces.slice(1);
    }
    const upload = client.upload(source(), size);
    await begun;
    beside = client.call();
    await upload;
    await beside;
    client.close();
  });
});

describe('ftp', () => {
  it('refuses a Writable that calls the client that downloads into it', async () => {
    const client = await FtpClient.connect(options('ftp'));
    await client.upload('content', '/g');
    let refused: unknown;
    const target = new Writable({
      write(_octets, _encoding, done) {
        void client
          .command('NOOP')
          .catch((reason: unknown) => {
            refused = reason;
          })
          .then(() => done());
      },
    });
    await client.download('/g', target);
    expect(refused).toMatchObject(error);
    client.close();
  });
});
