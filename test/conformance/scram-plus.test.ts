/** SCRAM-PLUS end to end (RFC 5802 §6, RFC 9266, RFC 5929 §4): the real clients, real TLS, and somebody in between. */
import type { TestServer } from '@fivewire/test-servers';
import {
  createThrowawayCa,
  type IssuedCertificate,
  type ThrowawayCa,
} from '@fivewire/test-servers';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Client, Driver } from '../hostname-matrix/protocols/driver.js';
import { imap } from '../hostname-matrix/protocols/imap.js';
import { nntp } from '../hostname-matrix/protocols/nntp.js';
import { pop3 } from '../hostname-matrix/protocols/pop3.js';
import { smtp } from '../hostname-matrix/protocols/smtp.js';
import { exposed, password, user } from '../support/credentials.js';
import { rejection } from '../support/promises.js';
import {
  type Disguise,
  type ManInTheMiddle,
  startManInTheMiddle,
} from './scram-plus/man-in-the-middle.js';

const name = 'mail.example.test';
const drivers = [imap, smtp, pop3, nntp] as readonly Driver<Client>[];
const modes = ['implicit-tls', 'starttls'] as const;
const bindings = [
  { version: 'TLSv1.3', binding: 'tls-exporter' },
  { version: 'TLSv1.2', binding: 'tls-server-end-point' },
] as const;

let ca: ThrowawayCa;
let certificate: IssuedCertificate;
/** For the same name, from the same authority: no check of names and chains can tell. */
let stolen: IssuedCertificate;
beforeAll(async () => {
  ca = await createThrowawayCa();
  certificate = await ca.issue({ names: [name] });
  stolen = await ca.issue({ names: [name] });
});

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

describe.each(drivers)('$protocol, TLS 1.2', (driver) => {
  it.each(modes)('binds by tls-unique over %s where the caller says so', async (mode) => {
    const row = { driver, mode, of: driver.protocol, ...bindings[1] } as const;
    const server = await serve(row);
    const insisting = { mechanisms: ['SCRAM-SHA-256-PLUS'], channelBinding: 'tls-unique' };
    const client = await connect(row, server.ports[mode], insisting);
    expect(attempts(server)).toEqual([{ mechanism: 'SCRAM-SHA-256-PLUS', flag: 'p=tls-unique' }]);
    expect(client.security.channelBinding).toBe('tls-unique');
    await client.quit();
  });
});

const rows = drivers.flatMap((driver) =>
  modes.flatMap((mode) =>
    bindings.map(({ version, binding }) => ({
      driver,
      mode,
      version,
      binding,
      of: driver.protocol,
    })),
  ),
);
type Row = (typeof rows)[number];

describe.each(rows)('$of over $mode, $version', (row) => {
  it(`binds by ${row.binding}`, async () => {
    const server = await serve(row);
    const client = await connect(row, server.ports[row.mode]);
    await row.driver.command(client);
    expect(client.security).toMatchObject({
      protocol: row.version,
      channelBinding: row.binding,
    });
    expect(attempts(server)).toEqual([
      { mechanism: 'SCRAM-SHA-256-PLUS', flag: `p=${row.binding}` },
    ]);
    expect(server.connections.at(-1)?.user).toBe(user);
    await client.quit();
    expect(server.problems).toEqual([]);
  });

  it('a trusted man in the middle makes it fail where the caller names -PLUS, and nothing weaker is tried', async () => {
    const server = await serve(row);
    const man = await between(row, server);
    const error = await rejection(connect(row, man.port, { mechanisms: ['SCRAM-SHA-256-PLUS'] }));
    expect(error.code).toBe('ERR_AUTHENTICATION_FAILED');
    expect(attempts(server)).toEqual([
      { mechanism: 'SCRAM-SHA-256-PLUS', flag: `p=${row.binding}` },
    ]);
    expect(server.connections.at(-1)?.user).toBeUndefined();
    expectSecretKept(man);
  });

  it('without a name it goes on unbound, once, says so, and no password leaves', async () => {
    const server = await serve(row);
    const man = await between(row, server);
    const client = await connect(row, man.port);
    expect(attempts(server)).toEqual([
      { mechanism: 'SCRAM-SHA-256-PLUS', flag: `p=${row.binding}` },
      { mechanism: 'SCRAM-SHA-256', flag: 'n' },
    ]);
    expect(client.security).toMatchObject({ verified: true, channelBinding: 'none' });
    const { value } = await client.notices[Symbol.asyncIterator]().next();
    expect(value).toMatchObject({
      kind: 'AUTH',
      text: expect.stringContaining(`channel binding ${row.binding}`),
    });
    expectSecretKept(man);
    client.close();
  });

  it('one who strips -PLUS is found out by the server, which reads that we could have bound', async () => {
    const server = await serve(row);
    const man = await between(row, server, (said) =>
      said.replace(/ ?(?:AUTH=)?SCRAM-SHA-[0-9]+-PLUS/g, ''),
    );
    const error = await rejection(
      connect(row, man.port, { mechanisms: ['SCRAM-SHA-256-PLUS', 'SCRAM-SHA-256'] }),
    );
    expect(error.code).toBe('ERR_AUTHENTICATION_FAILED');
    expect(attempts(server)).toEqual([{ mechanism: 'SCRAM-SHA-256', flag: 'y' }]);
    expect(server.connections.at(-1)?.user).toBeUndefined();
    expectSecretKept(man);
  });

  it('one who leaves PLAIN alone gets nothing from a caller who names -PLUS', async () => {
    const server = await serve(row);
    const man = await between(row, server, (said) => said.replace(/(?:AUTH=)?SCRAM-\S+ ?/g, ''));
    const error = await rejection(connect(row, man.port, { mechanisms: ['SCRAM-SHA-256-PLUS'] }));
    expect(error.code).toBe('ERR_NO_COMMON_MECHANISM');
    expect(attempts(server)).toEqual([]);
    expect(exposed(man.overheard)).toEqual([]);
  });
});

async function serve({ driver, version }: Pick<Row, 'driver' | 'version'>): Promise<TestServer> {
  const server = await driver.start({
    users: { [user]: password },
    certificate,
    tls: { maxVersion: version },
  });
  cleanups.push(() => server.close());
  return server;
}

async function between(
  { driver, mode, version }: Row,
  server: TestServer,
  rewrite?: Disguise['rewrite'],
): Promise<ManInTheMiddle> {
  const man = await startManInTheMiddle({
    certificate: stolen,
    target: { host: server.host, port: server.ports[mode] },
    mode,
    version,
    alpn: driver.alpn,
    ...(rewrite && { rewrite }),
  });
  cleanups.push(() => man.close());
  return man;
}

function connect(
  { driver, mode }: Pick<Row, 'driver' | 'mode'>,
  port: number,
  login: { mechanisms?: string[]; channelBinding?: string } = {},
): Promise<Client> {
  const options = {
    host: '127.0.0.1',
    port,
    security: mode,
    serverHostname: name,
    tls: { ca: ca.certificate },
    auth: { user, password },
    ...login,
  };
  return driver.connect(options);
}

/** SCRAM tells the user's name to whoever reads; the password stays here. */
const expectSecretKept = (man: ManInTheMiddle): void =>
  expect(exposed(man.overheard)).toEqual([user]);

/** Each mechanism that was begun, and the gs2-cbind-flag of its first message. */
function attempts(server: TestServer): { mechanism: string; flag: string | undefined }[] {
  const lines = server.connections.flatMap((connection) => connection.lines);
  return lines.flatMap((line, at) => {
    const mechanism = /\b(?:AUTHENTICATE|AUTH|AUTHINFO SASL) ([A-Z0-9-]+)/.exec(line)?.[1];
    if (mechanism === undefined) return [];
    const rest = [line, lines[at + 1] ?? ''].flatMap((text) => text.split(' '));
    const first = rest
      .map((token) => Buffer.from(token, 'base64').toString('latin1'))
      .find((text) => /^[pny][=,]/.test(text));
    return [{ mechanism, flag: first?.split(',')[0] }];
  });
}
