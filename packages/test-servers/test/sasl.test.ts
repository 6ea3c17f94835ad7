import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  Accounts,
  startTestServers,
  type TestServers,
  type TestServersOptions,
} from '../src/index.js';
import type { SaslEnvironment } from '../src/sasl-server.js';
import { scram } from '../src/scram-server.js';
import { Client } from './client.js';

const base64 = (text: string | Uint8Array) => Buffer.from(text).toString('base64');
const debase64 = (text: string) => Buffer.from(text, 'base64').toString();

describe('SCRAM gives the published exchanges', () => {
  it.each([
    [
      'RFC 5802 §5',
      'sha1',
      'n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL',
      { nonce: '3rfcNHYJY1ZVvWVs7j', salt: 'QSXCR+Q6sek8bf92', iterations: 4096 },
      'r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096',
      'c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=',
      'v=rmF9pqV8S7suAoZWja4dJRkFsKQ=',
    ],
    [
      'RFC 7677 §3',
      'sha256',
      'n,,n=user,r=rOprNGfwEbeRWgbNEkqO',
      {
        nonce: '%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0',
        salt: 'W22ZaJ0SNY7soEsUEjb6gQ==',
        iterations: 4096,
      },
      'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096',
      'c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=',
      'v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=',
    ],
  ])(
    '%s',
    (_where, hash, clientFirst, {
      nonce,
      salt,
      iterations,
    }, serverFirst, clientFinal, serverFinal) => {
      const environment = {
        accounts: new Accounts({ user: 'pencil' }),
        options: { iterations },
        session: { secure: false, socket: undefined, record: {} },
        service: 'imap',
      } as unknown as SaslEnvironment;
      const random = { nonce: () => nonce, salt: () => Buffer.from(salt, 'base64') };
      const exchange = scram(environment, hash, false, random);
      exchange.next();
      expect(String(exchange.next(Buffer.from(clientFirst)).value)).toBe(serverFirst);
      const { done, value } = exchange.next(Buffer.from(clientFinal));
      expect(done).toBe(true);
      expect(value).toEqual({ user: 'user', final: Buffer.from(serverFinal) });
    },
  );
});

/** A client's SCRAM, for as long as a test needs one. */
function scramClient(
  user: string,
  password: string,
  hash: string,
  gs2: string,
  binding: Buffer = Buffer.alloc(0),
) {
  const hmac = (key: Uint8Array, text: string) => createHmac(hash, key).update(text).digest();
  const digest = (octets: Uint8Array) => createHash(hash).update(octets).digest();
  const bare = `n=${user},r=clientnonce`;
  return {
    first: gs2 + bare,
    final(serverFirst: string) {
      const [, nonce = '', salt = '', iterations = ''] =
        /^r=(.+),s=(.+),i=(\d+)$/.exec(serverFirst) ?? [];
      const salted = pbkdf2Sync(
        password,
        Buffer.from(salt, 'base64'),
        Number(iterations),
        digest(Buffer.alloc(0)).length,
        hash,
      );
      const without = `c=${base64(Buffer.concat([Buffer.from(gs2), binding]))},r=${nonce}`;
      const message = `${bare},${serverFirst},${without}`;
      const clientKey = hmac(salted, 'Client Key');
      const signature = hmac(digest(clientKey), message);
      const proof = clientKey.map((octet, at) => octet ^ (signature[at] as number));
      return {
        text: `${without},p=${base64(proof)}`,
        serverFinal: `v=${base64(hmac(hmac(salted, 'Server Key'), message))}`,
      };
    },
  };
}

interface ScramAttempt {
  user?: string;
  password?: string;
  gs2?: string;
  binding?: Buffer;
  tls?: object;
}

describe('over the wire', () => {
  let servers: TestServers;
  const clients: Client[] = [];

  async function start(options: TestServersOptions = {}) {
    servers = await startTestServers({ users: { alice: 'secret' }, ...options });
  }
  beforeEach(() => start());
  afterEach(async () => {
    for (const client of clients.splice(0)) client.close();
    expect(servers.problems).toEqual([]);
    await servers.close();
  });

  async function dial(
    protocol: 'imap' | 'pop3' | 'smtp' | 'nntp',
    mode: 'implicit-tls' | 'cleartext' = 'implicit-tls',
    more = {},
  ) {
    const port = servers.ports[protocol][mode];
    const client =
      mode === 'cleartext'
        ? await Client.dial(port)
        : await Client.dialTls(port, { ca: servers.ca.certificate, ...more });
    clients.push(client);
    await client.line();
    return client;
  }

  /** How each protocol frames an exchange. */
  const framing = {
    imap: {
      start: 'a AUTHENTICATE',
      challenge: /^\+ (.*)$/,
      success: /^a OK/,
      failure: /^a NO \[AUTHENTICATIONFAILED\]/,
    },
    pop3: { start: 'AUTH', challenge: /^\+ (.*)$/, success: /^\+OK/, failure: /^-ERR \[AUTH\]/ },
    smtp: { start: 'AUTH', challenge: /^334 (.*)$/, success: /^235/, failure: /^535/ },
    nntp: { start: 'AUTHINFO SASL', challenge: /^383 (.*)$/, success: /^28[13]/, failure: /^481/ },
  };
  const protocols = ['imap', 'pop3', 'smtp', 'nntp'] as const;

  it.each(protocols)(
    '%s: PLAIN, with the initial response at once or asked for',
    async (protocol) => {
      const { start: verb, challenge, success, failure } = framing[protocol];
      const good = base64('\0alice\0secret');
      expect(await (await dial(protocol)).ask(`${verb} PLAIN ${good}`)).toMatch(success);
      const asked = await dial(protocol);
      expect(await asked.ask(`${verb} PLAIN`)).toMatch(challenge);
      expect(await asked.ask(good)).toMatch(success);
      expect(servers[protocol].connections).toMatchObject([
        { user: 'alice', linesInClear: [] },
        { user: 'alice', linesInClear: [] },
      ]);
      const wrong = await dial(protocol);
      expect(await wrong.ask(`${verb} PLAIN ${base64('\0alice\0wrong')}`)).toMatch(failure);
      // A failure leaves the connection as it was.
      expect(await wrong.ask(`${verb} PLAIN ${good}`)).toMatch(success);
    },
  );

  it.each(protocols)('%s: LOGIN asks twice', async (protocol) => {
    const { start: verb, challenge, success } = framing[protocol];
    const client = await dial(protocol);
    expect(debase64(challenge.exec(await client.ask(`${verb} LOGIN`))?.[1] ?? '')).toBe(
      'Username:',
    );
    expect(debase64(challenge.exec(await client.ask(base64('alice')))?.[1] ?? '')).toBe(
      'Password:',
    );
    expect(await client.ask(base64('secret'))).toMatch(success);
  });

  it.each(protocols)('%s: a cancel ends the exchange', async (protocol) => {
    const client = await dial(protocol);
    await client.ask(`${framing[protocol].start} PLAIN`);
    expect(await client.ask('*')).toMatch(/^(a BAD|-ERR|501|481)/);
  });

  async function authenticateByScram(
    protocol: (typeof protocols)[number],
    mechanism: string,
    {
      user = 'alice',
      password = 'secret',
      gs2 = 'n,,',
      binding = Buffer.alloc(0),
      tls = {},
    }: ScramAttempt = {},
  ) {
    const { start: verb, challenge, failure } = framing[protocol];
    const client = await dial(protocol, 'implicit-tls', tls);
    const hash = { 1: 'sha1', 2: 'sha256', 5: 'sha512' }[mechanism.slice(10, 11)] as string;
    const bound: Buffer = gs2.startsWith('p=tls-exporter')
      ? client.tls.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0))
      : binding;
    const scramClientSide = scramClient(user, password, hash, gs2, bound);
    const first = await client.ask(`${verb} ${mechanism} ${base64(scramClientSide.first)}`);
    if (!challenge.test(first)) return first;
    const final = scramClientSide.final(debase64(challenge.exec(first)?.[1] ?? ''));
    const answer = await client.ask(base64(final.text));
    if (failure.test(answer)) return answer;
    const signature = /^283 (.*)$/.exec(answer)?.[1] ?? challenge.exec(answer)?.[1] ?? '';
    expect(debase64(signature) === final.serverFinal).toBe(true);
    return protocol === 'nntp' ? answer : client.ask(protocol === 'smtp' ? '=' : '');
  }

  describe.each(protocols)('%s: SCRAM', (protocol) => {
    const { success, failure } = framing[protocol];

    it.each(['SCRAM-SHA-1', 'SCRAM-SHA-256'])('%s proves both sides', async (mechanism) => {
      expect(await authenticateByScram(protocol, mechanism)).toMatch(success);
      expect(await authenticateByScram(protocol, mechanism, { password: 'wrong' })).toMatch(
        failure,
      );
      expect(await authenticateByScram(protocol, mechanism, { user: 'mallory' })).toMatch(failure);
    });

    it.each([
      ['tls-exporter', 'TLSv1.3'],
      ['tls-exporter', 'TLSv1.2'],
      ['tls-server-end-point', 'TLSv1.3'],
    ] as const)('SCRAM-SHA-256-PLUS binds by %s over %s', async (type, maxVersion) => {
      const { X509Certificate } = await import('node:crypto');
      const der = new X509Certificate(servers.certificate.certificate).raw;
      const binding = createHash('sha256').update(der).digest();
      const plus = { gs2: `p=${type},,`, binding, tls: { maxVersion } };
      expect(await authenticateByScram(protocol, 'SCRAM-SHA-256-PLUS', plus)).toMatch(success);
    });

    it('refuses the binding of another channel, and a stripped one', async () => {
      const elsewhere = { gs2: 'p=tls-server-end-point,,', binding: Buffer.alloc(32) };
      expect(await authenticateByScram(protocol, 'SCRAM-SHA-256-PLUS', elsewhere)).toMatch(failure);
      expect(await authenticateByScram(protocol, 'SCRAM-SHA-256', { gs2: 'y,,' })).toMatch(failure);
      expect(await authenticateByScram(protocol, 'SCRAM-SHA-256-PLUS', { gs2: 'n,,' })).toMatch(
        failure,
      );
    });
  });

  it('an impostor cannot sign', async () => {
    await servers.close();
    await start({ sasl: { forgeServerSignature: true } });
    await expect(authenticateByScram('imap', 'SCRAM-SHA-256')).rejects.toThrow();
  });

  it('offers what was asked for, and only that', async () => {
    await servers.close();
    await start({ sasl: { mechanisms: ['SCRAM-SHA-512', 'CRAM-MD5', 'ANONYMOUS'] } });
    const client = await dial('pop3');
    client.send('CAPA\r\n');
    expect(await client.until(/^\.$/)).toContain('SASL SCRAM-SHA-512 CRAM-MD5 ANONYMOUS');
    expect(await client.ask(`AUTH PLAIN ${base64('\0alice\0secret')}`)).toMatch(/^-ERR/);
    const challenge = (await client.ask('AUTH CRAM-MD5')).slice(2);
    const digest = createHmac('md5', 'secret')
      .update(Buffer.from(challenge, 'base64'))
      .digest('hex');
    expect(await client.ask(base64(`alice ${digest}`))).toMatch(/^\+OK/);
    expect(await authenticateByScram('smtp', 'SCRAM-SHA-512')).toMatch(/^235/);
  });

  it('takes OAuth tokens', async () => {
    await servers.close();
    await start({ accessTokens: { alice: 'token' } });
    const bearer = (token: string) =>
      base64(`n,a=alice,\x01host=x\x01port=1\x01auth=Bearer ${token}\x01\x01`);
    const legacy = (token: string) => base64(`user=alice\x01auth=Bearer ${token}\x01\x01`);
    const imap = await dial('imap');
    expect(await imap.ask(`a AUTHENTICATE OAUTHBEARER ${bearer('token')}`)).toMatch(/^a OK/);
    const smtp = await dial('smtp');
    expect(debase64((await smtp.ask(`AUTH XOAUTH2 ${legacy('wrong')}`)).slice(4))).toContain(
      '"status":"400"',
    );
    expect(await smtp.ask('')).toMatch(/^535/);
    expect(await smtp.ask(`AUTH XOAUTH2 ${legacy('token')}`)).toMatch(/^235/);
  });

  it('takes a client certificate for EXTERNAL, and only a trusted one', async () => {
    await servers.close();
    await start({ tls: {} });
    const { ca } = servers;
    await servers.close();
    await start({ ca, tls: { clientCa: ca.certificate } });
    const alice = await ca.issue({ usage: 'client', commonName: 'alice', names: [] });
    const pair = { cert: alice.chain, key: alice.key };
    const known = await dial('imap', 'implicit-tls', pair);
    expect(await known.ask('a AUTHENTICATE EXTERNAL =')).toMatch(/^a OK/);
    const unknown = await dial('imap');
    expect(await unknown.ask('a AUTHENTICATE EXTERNAL =')).toMatch(/^a NO/);
  });
});
