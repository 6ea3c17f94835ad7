import { createFtpPool, FtpClient } from '@fivewire/ftp';
import { createImapPool, ImapClient } from '@fivewire/imap';
import { createNntpPool, NntpClient } from '@fivewire/nntp';
import { createPop3Pool, Pop3Client } from '@fivewire/pop3';
import { createSmtpPool, SmtpClient } from '@fivewire/smtp';
import type { TestServers } from '@fivewire/test-servers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { password, user } from '../support/credentials.js';
import {
  ftpOptions,
  imapOptions,
  nntpOptions,
  type OptionTable,
  ownPoolOptions,
  poolOptions,
  pop3Options,
  smtpOptions,
} from './connect.js';
import { imapTable } from './imap.js';
import { nntpTable } from './nntp.js';
import { pop3Table } from './pop3.js';
import { smtpTable } from './smtp.js';
import {
  type Argument,
  faultsOf,
  type Gives,
  type Method,
  methodsOf,
  type Table,
} from './table.js';
import { optionalSignal, optionsObject } from './values.js';
import { type Protocol, startWorld, wayIn } from './world.js';

let servers: TestServers;
beforeAll(async () => {
  servers = await startWorld('ftp', 'imap', 'pop3', 'smtp', 'nntp');
});
afterAll(() => servers.close());

/** Names and certificates that are no good, passwords that may not travel. */
const alsoCodes = ['ERR_SERVER_HOSTNAME_INVALID', 'ERR_SERVER_HOSTNAME_REQUIRED'];

async function faultsOfOptions<Options>(
  gives: Gives,
  table: OptionTable<Options>,
  call: (option: object) => unknown,
): Promise<string[]> {
  const faults: string[] = [];
  for (const [name, values] of Object.entries<Record<string, unknown>>(table)) {
    for (const [value, bad] of Object.entries(values)) {
      const found = await faultsOf(
        undefined,
        { gives, arguments: {} },
        { bad: {}, call: (_, given) => call({ [name]: given }), codes: alsoCodes },
        bad,
      );
      faults.push(...found.map((fault) => `${name} = ${value}: ${fault}`));
    }
  }
  return faults;
}

interface Client {
  connect(options: unknown, more?: unknown): Promise<{ close(): void }>;
}
interface Pool {
  close(): Promise<void>;
  size: number;
}
interface Kind {
  protocol: Protocol;
  Client: Client;
  createPool: (options: never) => Pool;
  options: OptionTable<never>;
}
const kinds: Kind[] = [
  { protocol: 'ftp', Client: FtpClient as Client, createPool: createFtpPool, options: ftpOptions },
  {
    protocol: 'imap',
    Client: ImapClient as Client,
    createPool: createImapPool,
    options: imapOptions,
  },
  {
    protocol: 'pop3',
    Client: Pop3Client as Client,
    createPool: createPop3Pool,
    options: pop3Options,
  },
  {
    protocol: 'smtp',
    Client: SmtpClient as Client,
    createPool: createSmtpPool,
    options: smtpOptions,
  },
  {
    protocol: 'nntp',
    Client: NntpClient as Client,
    createPool: createNntpPool,
    options: nntpOptions,
  },
];

describe.each(kinds)('$protocol', ({ protocol, Client, createPool, options }) => {
  const connections = () => servers[protocol].connections.length;
  const urls = {
    'no URL': 'example.org',
    'another scheme': 'https://example.org',
    'a password in it': `${protocol}s://${user}:${password}@localhost`,
    // FTP's relative paths may begin elsewhere.
    'a path': `${protocol}s://localhost/${protocol === 'ftp' ? 'a%0d%0aQUIT' : 'path'}`,
    'a query': `${protocol}s://localhost?x=1`,
    'no host': `${protocol}s://`,
    'a broken percent sign': `${protocol}s://%zz@localhost`,
    'a space': `${protocol}s://a b`,
    nothing: undefined,
    null: null,
    'a number': 7,
    'an empty text': '',
    'an array': [],
  };

  it('connect() refuses bad options before it dials', async () => {
    const before = connections();
    const faults = await faultsOfOptions('promise', options, (option) =>
      Client.connect({ ...wayIn(servers, protocol), ...option }),
    );
    expect(faults).toEqual([]);
    expect(connections()).toBe(before);
  });

  it('connect() refuses bad URLs, and what a URL says twice', async () => {
    const before = connections();
    const more = {
      ...optionsObject,
      'a host again': { host: 'x' },
      'a port again': { port: 1 },
      'security again': { security: 'starttls' },
    };
    const faults = [
      ...(await faultsOfOptions('promise', { url: urls }, (option) =>
        Client.connect((option as { url: unknown }).url),
      )),
      ...(await faultsOfOptions('promise', { more }, (option) =>
        Client.connect(`${protocol}s://localhost:1`, (option as { more: unknown }).more),
      )),
    ];
    expect(faults).toEqual([]);
    expect(connections()).toBe(before);
  });

  it('the pool refuses bad options when it is made', async () => {
    const table: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
      ...options,
      ...poolOptions,
      ...ownPoolOptions[protocol],
    };
    const faults = await faultsOfOptions('nothing', table, (option) =>
      createPool({ ...wayIn(servers, protocol), ...option } as never),
    );
    const nobody = await faultsOfOptions('nothing', { options: optionsObject }, (option) =>
      createPool((option as { options: unknown }).options as never),
    );
    expect([...faults, ...nobody]).toEqual([]);
  });

  it('the pool takes neither a stream nor a signal', () => {
    for (const option of [{ stream: {} }, { signal: new AbortController().signal }]) {
      const make = () => createPool({ ...wayIn(servers, protocol), ...option } as never);
      expect(make).toThrow(expect.objectContaining({ code: 'ERR_ARGUMENT' }));
    }
  });

  it('the pool has the shape of all pools, and lends only to functions', async () => {
    type AnyPool = Record<'use' | 'acquire', (...given: unknown[]) => Promise<unknown>> & Pool;
    const pool = createPool(wayIn(servers, protocol) as never) as unknown as AnyPool;
    const table: Table<AnyPool> = {
      use: {
        gives: 'promise',
        arguments: {
          work: {
            bad: { undefined: undefined, 'a text': 'x', null: null },
            call: (p, bad) => p.use(bad),
          },
          options: { bad: optionsObject, call: (p, bad) => p.use(async () => {}, bad) },
          'options.signal': {
            bad: optionalSignal,
            call: (p, signal) => p.use(async () => {}, { signal }),
          },
        },
      },
      acquire: {
        gives: 'promise',
        arguments: {
          options: { bad: optionsObject, call: (p, bad) => p.acquire(bad) },
          'options.signal': { bad: optionalSignal, call: (p, signal) => p.acquire({ signal }) },
        },
      },
    };
    try {
      const before = connections();
      const names = methodsOf(pool);
      expect(names).toEqual(
        expect.arrayContaining(['acquire', 'close', 'use', String(Symbol.asyncDispose)]),
      );
      const faults: string[] = [];
      for (const method of Object.values(table)) {
        for (const [argument, row] of Object.entries(method.arguments)) {
          for (const [value, bad] of Object.entries(row.bad)) {
            const found = await faultsOf(pool, method, row, bad);
            faults.push(...found.map((fault) => `${argument} = ${value}: ${fault}`));
          }
        }
      }
      expect(faults).toEqual([]);
      expect(connections()).toBe(before);
      expect(pool.size).toBe(0);
    } finally {
      await pool.close();
    }
  });
});

/** So that a check too many shows: the compiler reads these calls as well. */
it('connect(url, options) takes the user from the URL and the secret from the options', async () => {
  const url = (protocol: Protocol) =>
    `${protocol}s://${user}@localhost:${servers.ports[protocol]['implicit-tls']}`;
  const options = { auth: { password }, tls: { ca: servers.ca.certificate }, family: 4 as const };
  const clients = await Promise.all([
    FtpClient.connect(url('ftp'), options),
    ImapClient.connect(url('imap'), options),
    Pop3Client.connect(url('pop3'), options),
    SmtpClient.connect(url('smtp'), options),
    NntpClient.connect(url('nntp'), options),
  ]);
  await Promise.all(clients.map((client) => client.quit()));
});

/** What only some pools have: a client's method, on whatever connection is free. */
describe.each([
  {
    name: 'SmtpPool.send',
    method: smtpTable.send,
    make: () => createSmtpPool(wayIn(servers, 'smtp')),
  },
  {
    name: 'ImapPool.open',
    method: imapTable.open,
    make: () => createImapPool(wayIn(servers, 'imap')),
  },
] as { name: string; method: Method<unknown>; make: () => Pool }[])('$name', ({ method, make }) => {
  it('refuses what the client refuses', async () => {
    const pool = make();
    try {
      const faults: string[] = [];
      for (const [argument, row] of Object.entries<Argument<unknown>>(method.arguments)) {
        for (const [value, bad] of Object.entries(row.bad)) {
          const found = await faultsOf(pool, method, row, bad);
          faults.push(...found.map((fault) => `${argument} = ${value}: ${fault}`));
        }
      }
      expect(faults).toEqual([]);
    } finally {
      await pool.close();
    }
  });
});

/** A pool whose every method is its client's: nothing is dialled for a call that no server could make right. */
describe.each([
  {
    name: 'Pop3Pool',
    table: pop3Table,
    make: () => createPop3Pool(wayIn(servers, 'pop3')),
    inOneSession: ['retrieve', 'top', 'retrieveAll', 'delete', 'reset', 'language', 'quit'],
  },
  {
    name: 'NntpPool',
    table: nntpTable,
    make: () => createNntpPool(wayIn(servers, 'nntp')),
    inOneSession: ['articles', 'archive', 'next', 'last', 'quit'],
  },
] as { name: string; table: Table<unknown>; make: () => Pool; inOneSession: string[] }[])(
  '$name',
  ({ table, make, inOneSession }) => {
    const methods = Object.entries(table).filter(([method]) => !inOneSession.includes(method));

    it.each(methods)('%s: refuses what the client refuses, before it dials', async (_, method) => {
      const pool = make();
      try {
        const faults: string[] = [];
        for (const [argument, row] of Object.entries(method.arguments)) {
          for (const [value, bad] of Object.entries(row.bad)) {
            const found = await faultsOf(pool, method, row, bad);
            faults.push(...found.map((fault) => `${argument} = ${value}: ${fault}`));
            expect(pool.size, `${argument} = ${value}`).toBe(0);
          }
        }
        expect(faults).toEqual([]);
      } finally {
        await pool.close();
      }
    });

    it.each(inOneSession.filter((method) => method !== 'quit'))(
      '%s needs one session',
      (method) => {
        const pool = make();
        const call = Reflect.get(pool, method) as () => unknown;
        expect(call).toThrow(expect.objectContaining({ code: 'ERR_STATE' }));
        return pool.close();
      },
    );
  },
);
