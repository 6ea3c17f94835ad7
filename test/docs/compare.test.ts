/**
 * The table of docs/site/compare.md is what this test finds out, cell by cell. Each library is told host, port, user and password,
 * whom to trust, and what the row says; everything else is its default.
 */

import { createWriteStream, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { FtpClient } from '@fivewire/ftp';
import { ImapClient } from '@fivewire/imap';
import { Pop3Client } from '@fivewire/pop3';
import { SmtpClient } from '@fivewire/smtp';
import { startTestServers, type TestServers } from '@fivewire/test-servers';
import * as basicFtp from 'basic-ftp';
import { ImapFlow } from 'imapflow';
import Pop3Command from 'node-pop3';
import nodemailer from 'nodemailer';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root } from './markdown.js';

// These two have no types.
const require = createRequire(import.meta.url);
const Ftp = require('ftp');
const NodeImap = require('imap');

const password = 'secret';
const home = mkdtempSync(join(tmpdir(), 'fivewire-compare-'));
let servers: TestServers;

beforeAll(async () => {
  servers = await startTestServers({ users: { alice: password } });
});
afterAll(async () => {
  await servers?.close();
  rmSync(home, { recursive: true, force: true });
});

interface Place {
  port: number;
  /** The name that it must be; the address is always 127.0.0.1. */
  host: string;
  tls: 'implicit' | 'starttls' | 'default';
}

/** Connects, logs in and does `work`; rejects if the library says that something failed. */
type Visit = (place: Place, work?: string) => Promise<string | undefined>;

const ca = () => servers.ca.certificate;
const credentials = { user: 'alice', password };

function ours<C extends { quit(): Promise<unknown> }>(
  connect: (options: object) => Promise<C>,
  act: (client: C, work?: string) => Promise<string | undefined>,
): Visit {
  return async ({ port, host, tls }, work) => {
    const client = await connect({
      host: '127.0.0.1',
      serverHostname: host,
      port,
      ...(tls === 'starttls' ? { security: 'starttls' } : {}),
      tls: { ca: ca() },
      auth: credentials,
      timeouts: { greeting: 2_000, tls: 2_000, reply: 2_000 },
    });
    try {
      return await act(client, work);
    } finally {
      await client.quit();
    }
  };
}

const message = { from: 'alice@example.org', to: 'bob@example.org', subject: 'Hi', text: 'Hello.' };

const visits: Record<string, Visit> = {
  '@fivewire/smtp': ours(SmtpClient.connect.bind(SmtpClient) as never, async () => undefined),
  nodemailer: async ({ port, host, tls }) => {
    const transporter = nodemailer.createTransport({
      host: '127.0.0.1',
      port,
      ...(tls === 'implicit' ? { secure: true } : tls === 'starttls' ? { requireTLS: true } : {}),
      tls: { ca: ca(), servername: host },
      auth: { user: 'alice', pass: password },
      greetingTimeout: 2_000,
    });
    try {
      await transporter.sendMail(message);
      return undefined;
    } finally {
      transporter.close();
    }
  },
  '@fivewire/imap': ours(ImapClient.connect.bind(ImapClient) as never, async () => undefined),
  imapflow: async ({ port, host, tls }) => {
    const client = new ImapFlow({
      host: '127.0.0.1',
      servername: host,
      port,
      secure: tls === 'implicit',
      ...(tls === 'starttls' ? { doSTARTTLS: true } : {}),
      tls: { ca: ca() },
      auth: { user: 'alice', pass: password },
      logger: false,
      greetingTimeout: 2_000,
    });
    client.on('error', () => {});
    await client.connect();
    await client.logout();
    return undefined;
  },
  'node-imap': ({ port, host, tls }) =>
    new Promise((resolve, reject) => {
      const client = new NodeImap({
        host: '127.0.0.1',
        port,
        ...(tls === 'implicit' ? { tls: true } : tls === 'starttls' ? { autotls: 'required' } : {}),
        tlsOptions: { ca: ca(), servername: host },
        user: 'alice',
        password,
        authTimeout: 2_000,
      });
      client.once('error', reject);
      client.once('ready', () => {
        client.end();
        resolve(undefined);
      });
      client.connect();
    }),
  '@fivewire/pop3': ours(Pop3Client.connect.bind(Pop3Client) as never, async (client, work) =>
    work === 'retrieve' ? text((client as unknown as Pop3Client).retrieve(1)) : undefined,
  ),
  'node-pop3': async ({ port, host, tls }, work) => {
    const client = new Pop3Command({
      host: '127.0.0.1',
      servername: host,
      port,
      ...(tls === 'implicit' ? { tls: true } : {}),
      tlsOptions: { ca: ca() },
      user: 'alice',
      password,
      timeout: 2_000,
    });
    const got = work === 'retrieve' ? await client.RETR(1) : await client.STAT();
    await client.QUIT();
    return String(got);
  },
  '@fivewire/ftp': ours(FtpClient.connect.bind(FtpClient) as never, async (one, work) => {
    const client = one as unknown as FtpClient;
    if (work === 'size') return String((await client.stat('/big.bin'))?.size);
    if (work === 'download') await client.download('/big.bin', join(home, 'ours.bin'));
    return undefined;
  }),
  'basic-ftp': async ({ port, host, tls }, work) => {
    const client = new basicFtp.Client(2_000);
    try {
      await client.access({
        host: '127.0.0.1',
        port,
        ...credentials,
        ...(tls === 'implicit'
          ? { secure: 'implicit' }
          : tls === 'starttls'
            ? { secure: true }
            : {}),
        secureOptions: { ca: ca(), servername: host, host } as never,
      });
      if (work === 'size') return String(await client.size('/big.bin'));
      if (work === 'download') await client.downloadTo(join(home, 'basic.bin'), '/big.bin');
      return undefined;
    } finally {
      client.close();
    }
  },
  ftp: ({ port, host, tls }, work) =>
    new Promise((resolve, reject) => {
      const client = new Ftp();
      const end = (value?: string): void => {
        client.destroy();
        resolve(value);
      };
      client.on('error', reject);
      client.once('ready', () => {
        if (work === 'size')
          client.size('/big.bin', (error: unknown, size: number) =>
            error ? reject(error) : end(String(size)),
          );
        else if (work === 'download')
          client.get('/big.bin', (error: unknown, stream: Readable) => {
            if (error) return reject(error);
            stream.on('error', reject);
            stream.pipe(createWriteStream(join(home, 'ftp.bin'))).once('close', () => end());
          });
        else end();
      });
      client.connect({
        host: '127.0.0.1',
        port,
        ...credentials,
        ...(tls === 'implicit'
          ? { secure: 'implicit' }
          : tls === 'starttls'
            ? { secure: true }
            : {}),
        secureOptions: { ca: ca(), servername: host },
        connTimeout: 2_000,
        pasvTimeout: 2_000,
      });
    }),
};

type Protocol = 'smtp' | 'imap' | 'pop3' | 'ftp';
const libraries: Record<Protocol, string[]> = {
  smtp: ['@fivewire/smtp', 'nodemailer'],
  imap: ['@fivewire/imap', 'imapflow', 'node-imap'],
  pop3: ['@fivewire/pop3', 'node-pop3'],
  ftp: ['@fivewire/ftp', 'basic-ftp', 'ftp'],
};

/** What a visit came to; a library that neither resolves nor rejects is given up after a while. */
async function outcome(visit: Visit, place: Place, work?: string): Promise<string> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve('never settles'), 6_000);
  });
  try {
    return await Promise.race([visit(place, work).then((value) => value ?? 'goes on'), limit]);
  } catch {
    return 'refuses';
  } finally {
    clearTimeout(timer);
  }
}

const port = (protocol: Protocol, mode: 'implicit-tls' | 'starttls' | 'cleartext') =>
  servers.ports[protocol][mode];

/** Whether a password, or a command that carries one, went out in clear from a connection on. */
const said = (protocol: Protocol, from: number) =>
  servers[protocol].connections
    .slice(from)
    .some(({ linesInClear }) =>
      linesInClear.some(
        (line) =>
          line.includes(password) ||
          /^(?:AUTH (?!TLS)|PASS |\S+ (?:AUTHENTICATE|LOGIN) )/i.test(line),
      ),
    );

/** A row: what is tried, and the word for what came of it. */
const rows: Record<
  string,
  { protocols?: Protocol[]; find(protocol: Protocol, visit: Visit): Promise<string> }
> = {
  'TLS, and the certificate is for another name': {
    find: (protocol, visit) =>
      outcome(visit, {
        port: port(protocol, 'implicit-tls'),
        host: 'other.example.org',
        tls: 'implicit',
      }),
  },
  'told nothing about TLS; the server has none': {
    async find(protocol, visit) {
      const from = servers[protocol].connections.length;
      await outcome(visit, {
        port: port(protocol, 'cleartext'),
        host: 'localhost',
        tls: 'default',
      });
      return said(protocol, from) ? 'password in clear' : 'refuses';
    },
  },
  'STARTTLS is wanted; the server says no': {
    protocols: ['smtp', 'imap', 'ftp'],
    async find(protocol, visit) {
      const line = {
        smtp: '454 4.7.0 no\r\n',
        imap: '<tag> NO no\r\n',
        ftp: '534 no\r\n',
        pop3: '',
      }[protocol];
      servers[protocol].faults = { refuseStartTls: line };
      const from = servers[protocol].connections.length;
      const came = await outcome(visit, {
        port: port(protocol, 'starttls'),
        host: 'localhost',
        tls: 'starttls',
      });
      servers[protocol].faults = undefined;
      return said(protocol, from) ? 'password in clear' : came;
    },
  },
  'octets are injected behind the go-ahead to STARTTLS': {
    protocols: ['smtp', 'imap', 'ftp'],
    async find(protocol, visit) {
      const line = { smtp: '250 x\r\n', imap: '* OK x\r\n', ftp: '220 x\r\n', pop3: '' }[protocol];
      servers[protocol].faults = { injectAfterStartTls: line };
      const came = await outcome(visit, {
        port: port(protocol, 'starttls'),
        host: 'localhost',
        tls: 'starttls',
      });
      servers[protocol].faults = undefined;
      return came;
    },
  },
  'a download over TLS is cut': {
    protocols: ['ftp'],
    async find(protocol, visit) {
      servers.files.write('/big.bin', Buffer.alloc(100_000));
      servers.ftp.dataFaults = { cutAfter: 1_000 };
      const came = await outcome(
        visit,
        { port: port(protocol, 'starttls'), host: 'localhost', tls: 'starttls' },
        'download',
      );
      servers.ftp.dataFaults = undefined;
      return came === 'goes on' ? 'takes it for whole' : came;
    },
  },
  'replies come in pieces: the size of a file of 100,000 octets': {
    protocols: ['ftp'],
    async find(protocol, visit) {
      servers.files.write('/big.bin', Buffer.alloc(100_000));
      servers.ftp.faults = { octetByOctet: true };
      const came = await outcome(
        visit,
        { port: port(protocol, 'implicit-tls'), host: 'localhost', tls: 'implicit' },
        'size',
      );
      servers.ftp.faults = undefined;
      return came === 'refuses' ? 'fails' : came;
    },
  },
  'a line of a message begins with a dot': {
    protocols: ['pop3'],
    async find(protocol, visit) {
      const inbox = servers.mail.inbox('alice');
      inbox.remove(inbox.messages.map(({ uid }) => uid));
      servers.mail.deliver('alice', 'Subject: Dots\r\n\r\n.one\r\n');
      const came = await outcome(
        visit,
        { port: port(protocol, 'implicit-tls'), host: 'localhost', tls: 'implicit' },
        'retrieve',
      );
      return /^\.\.one/m.test(came) ? 'changes it' : /^\.one/m.test(came) ? 'as it was' : came;
    },
  },
};

const table = readFileSync(`${root}docs/site/compare.md`, 'utf8')
  .split('\n')
  .filter((line) => /^\| .*\| .*\| .*\|$/.test(line))
  .map((line) => line.slice(2, -2).split(' | '));

for (const [what, { protocols = ['smtp', 'imap', 'pop3', 'ftp'], find }] of Object.entries(rows)) {
  describe(what, () => {
    for (const protocol of protocols as Protocol[])
      it.each(libraries[protocol])('%s', { timeout: 30_000 }, async (library) => {
        const found = await find(protocol, visits[library] as Visit);
        const row = table.find(([situation, name]) => situation === what && name === library);
        expect(row?.[2], `${what} | ${library} | ${found}`).toBe(found);
      });
  });
}

it('says nothing that was not tried', () => {
  const tried = Object.entries(rows).flatMap(
    ([what, { protocols = ['smtp', 'imap', 'pop3', 'ftp'] }]) =>
      (protocols as Protocol[]).flatMap((protocol) =>
        libraries[protocol].map((name) => `${what}: ${name}`),
      ),
  );
  const told = table
    .filter(([situation]) => situation !== 'situation')
    .map(([what, name]) => `${what}: ${name}`);
  expect(told.toSorted()).toEqual(tried.toSorted());
});
