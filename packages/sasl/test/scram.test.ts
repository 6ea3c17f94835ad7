/** SCRAM against a server written apart from it: all hashes, channel binding, and servers that cheat. */
import {
  authenticate,
  type ChannelBinding,
  type ChannelBindingSource,
  createExchange,
} from '@fivewire/sasl';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ScramAccount, ScramServer } from './scram-server.js';
import { challenge, failure, type Scripted, scripted, success } from './scripted.js';

const exporter: ChannelBinding = { type: 'tls-exporter', data: new Uint8Array(32).fill(7) };
const endPoint: ChannelBinding = {
  type: 'tls-server-end-point',
  data: new Uint8Array(32).fill(9),
};
const source = (...known: ChannelBinding[]): ChannelBindingSource => ({
  channelBinding: (type) => known.find((one) => one.type === type)?.data,
});

const base = { channel: 'verified-tls', protocol: 'imap' } as const;
const auth = { user: 'ünal,=x', password: 'pässwörd€' };
const account: ScramAccount = { hash: 'sha256', ...auth };

/** A transport that speaks for the server, with the last message as challenge. */
const speakFor = (server: ScramServer): Scripted =>
  scripted([
    (sent) => challenge(server.first(sent)),
    (sent) => challenge(server.final(sent)),
    (sent) => (sent === '' ? success() : failure('NO', 'not empty')),
  ]);

describe('all hashes, with and without binding', () => {
  it.each([
    ['SCRAM-SHA-1', 'sha1', undefined],
    ['SCRAM-SHA-256', 'sha256', undefined],
    ['SCRAM-SHA-512', 'sha512', undefined],
    ['SCRAM-SHA-1-PLUS', 'sha1', exporter],
    ['SCRAM-SHA-256-PLUS', 'sha256', exporter],
    ['SCRAM-SHA-512-PLUS', 'sha512', endPoint],
  ] as const)('%s', async (mechanism, hash, binding) => {
    const server = new ScramServer({ ...account, hash }, binding);
    const transport = speakFor(server);
    const options = { ...base, auth, offered: [mechanism.toLowerCase()] };
    const result = await authenticate(
      binding ? { ...options, binding: source(binding) } : options,
      transport,
    );
    expect(result).toEqual({ mechanism });
    expect(server.gs2).toBe(binding ? `p=${binding.type},,` : 'n,,');
  });

  it('additional data with success saves a round', async () => {
    const server = new ScramServer(account);
    const transport = scripted([
      (sent) => challenge(server.first(sent)),
      (sent) => success(server.final(sent)),
    ]);
    await authenticate({ ...base, auth, offered: ['SCRAM-SHA-256'] }, transport);
    expect(transport.sent).toHaveLength(2);
  });

  it('carries an authorization identity', async () => {
    const server = new ScramServer(account);
    const options = { ...base, auth: { ...auth, authzid: 'a,b' }, offered: ['SCRAM-SHA-256'] };
    await authenticate(options, speakFor(server));
    expect(server.authzid).toBe('a=2Cb');
  });

  it('uses a fresh nonce each time', async () => {
    const first = () => createExchange('SCRAM-SHA-1', auth).start();
    expect(await first()).not.toEqual(await first());
  });
});

describe('channel binding', () => {
  const gs2Of = async (offered: readonly string[], more: object): Promise<string> => {
    const server = new ScramServer(account);
    await authenticate({ ...base, auth, offered, ...more }, speakFor(server)).catch(() => {});
    return server.gs2;
  };

  it.each([
    ['n: we can not bind', ['SCRAM-SHA-256'], {}, 'n,,'],
    ['y: we could, none was offered', ['SCRAM-SHA-256'], { binding: source(exporter) }, 'y,,'],
    [
      'n: one was offered and the caller left it out',
      ['SCRAM-SHA-256', 'SCRAM-SHA-256-PLUS'],
      { binding: source(exporter), mechanisms: ['SCRAM-SHA-256'] },
      'n,,',
    ],
    [
      'p: the exporter before the end point',
      ['SCRAM-SHA-256', 'SCRAM-SHA-256-PLUS'],
      { binding: source(endPoint, exporter) },
      'p=tls-exporter,,',
    ],
    [
      'p: the end point where there is no exporter',
      ['SCRAM-SHA-256-PLUS'],
      { binding: source(endPoint) },
      'p=tls-server-end-point,,',
    ],
    ['n: -PLUS offered, nothing to bind to', ['SCRAM-SHA-256-PLUS', 'SCRAM-SHA-256'], {}, 'n,,'],
  ])('gs2 flag %s', async (_, offered, more, gs2) => {
    expect(await gs2Of(offered, more)).toBe(gs2);
  });

  it('another TLS connection at the server is found out by the server', async () => {
    const server = new ScramServer(account, { ...exporter, data: new Uint8Array(32).fill(8) });
    const transport = scripted([
      (sent) => challenge(server.first(sent)),
      (sent) => challenge(server.final(sent)),
      failure('NO', 'no'),
    ]);
    const options = { ...base, auth, offered: ['SCRAM-SHA-256-PLUS'], binding: source(exporter) };
    await expect(authenticate(options, transport)).rejects.toMatchObject({
      code: 'ERR_AUTHENTICATION_FAILED',
      message: expect.stringContaining('channel-bindings-dont-match'),
      hint: expect.stringContaining('something between decrypts it'),
    });
  });

  it('an offer that lost its -PLUS on the way is found out by the server', async () => {
    const server = new ScramServer(account, exporter);
    const transport = scripted([(sent) => challenge(server.first(sent)), failure('NO', 'no')]);
    const options = { ...base, auth, offered: ['SCRAM-SHA-256'], binding: source(exporter) };
    await expect(authenticate(options, transport)).rejects.toMatchObject({
      code: 'ERR_AUTHENTICATION_FAILED',
      hint: expect.stringContaining('something between removed them'),
    });
  });

  it('refuses to begin -PLUS without binding data, and others with', () => {
    expect(() => createExchange('SCRAM-SHA-1-PLUS', auth)).toThrow('needs channel binding');
    expect(() => createExchange('SCRAM-SHA-1', auth, { binding: exporter })).toThrow('takes no');
  });
});

describe('a wrong password', () => {
  it('is explained by e=', async () => {
    const server = new ScramServer({ ...account, password: 'another' });
    const transport = scripted([
      (sent) => challenge(server.first(sent)),
      (sent) => challenge(server.final(sent)),
      failure(535, 'no', '5.7.8'),
    ]);
    const attempt = authenticate({ ...base, auth, offered: ['SCRAM-SHA-256', 'PLAIN'] }, transport);
    await expect(attempt).rejects.toMatchObject({
      code: 'ERR_AUTHENTICATION_FAILED',
      mechanism: 'SCRAM-SHA-256',
      connection: 'usable',
      hint: 'The password is wrong.',
    });
    expect(transport.sent).toHaveLength(3);
  });
});

describe('a server that cheats', () => {
  type Play = (server: ScramServer) => Scripted;
  const first = (change: (honest: string) => string) => (server: ScramServer) =>
    scripted([(sent) => challenge(change(server.first(sent)))]);
  const final = (change: (honest: string) => string) => (server: ScramServer) =>
    scripted([
      (sent) => challenge(server.first(sent)),
      (sent) => challenge(change(server.final(sent))),
    ]);
  const count = (value: string) => first((honest) => honest.replace(/i=\d+/, `i=${value}`));

  const cases: [string, string, Play][] = [
    ['nonce not ours', 'ERR_CHALLENGE', first((s) => s.replace('r=', 'r=x'))],
    ['nonce not extended', 'ERR_CHALLENGE', first((s) => s.replace('%server', ''))],
    ['nonce not printable', 'ERR_CHALLENGE', first((s) => s.replace('%server', ' \x7f'))],
    ['nonce endless', 'ERR_CHALLENGE', first((s) => s.replace('%server', 'x'.repeat(2_000)))],
    ['salt empty', 'ERR_CHALLENGE', first((s) => s.replace(/s=[^,]+/, 's='))],
    ['salt no base64', 'ERR_CHALLENGE', first((s) => s.replace(/s=[^,]+/, 's=a_b'))],
    [
      'salt endless',
      'ERR_CHALLENGE',
      first((s) => s.replace(/s=[^,]+/, `s=${'AAAA'.repeat(400)}`)),
    ],
    ['order changed', 'ERR_CHALLENGE', first((s) => s.replace(/(s=[^,]+),(i=\d+)/, '$2,$1'))],
    ['mandatory extension', 'ERR_CHALLENGE', first((s) => `m=x,${s}`)],
    ['mandatory extension late', 'ERR_CHALLENGE', first((s) => `${s},m=x`)],
    ['NUL', 'ERR_CHALLENGE', first((s) => `${s},x=\0`)],
    ['not attributes', 'ERR_CHALLENGE', first(() => 'hello')],
    ['empty', 'ERR_CHALLENGE', first(() => '')],
    ['over 64 KiB', 'ERR_CHALLENGE', first((s) => `${s},x=${'x'.repeat(65_536)}`)],
    ['count of a billion', 'ERR_CHALLENGE', count('1000000000')],
    ['count of 1', 'ERR_CHALLENGE', count('1')],
    ['count of 0', 'ERR_CHALLENGE', count('0')],
    ['count of 4095', 'ERR_CHALLENGE', count('4095')],
    ['count in hex', 'ERR_CHALLENGE', count('0x2000')],
    ['count negative', 'ERR_CHALLENGE', count('-4096')],
    ['signature of another', 'ERR_SERVER_SIGNATURE', final(() => `v=${'A'.repeat(43)}=`)],
    ['signature short', 'ERR_SERVER_SIGNATURE', final((s) => `${s.slice(0, 6)}`)],
    ['signature empty', 'ERR_CHALLENGE', final(() => 'v=')],
    ['final without signature', 'ERR_SERVER_SIGNATURE', final(() => 'x=y')],
    ['success at once', 'ERR_SERVER_SIGNATURE', () => scripted([success()])],
    [
      'success without proof',
      'ERR_SERVER_SIGNATURE',
      (server) => scripted([(sent) => challenge(server.first(sent)), success()]),
    ],
    [
      'success with the wrong proof',
      'ERR_SERVER_SIGNATURE',
      (server) =>
        scripted([(sent) => challenge(server.first(sent)), success(`v=${'A'.repeat(43)}=`)]),
    ],
    [
      'success with an error in it',
      'ERR_SERVER_SIGNATURE',
      (server) => scripted([(sent) => challenge(server.first(sent)), success('e=other-error')]),
    ],
    [
      'success after an error',
      'ERR_SERVER_SIGNATURE',
      (server) =>
        scripted([
          (sent) => challenge(server.first(sent)),
          challenge('e=invalid-proof'),
          success(),
        ]),
    ],
    [
      'a challenge after the end',
      'ERR_CHALLENGE',
      (server) =>
        scripted([
          (sent) => challenge(server.first(sent)),
          (sent) => challenge(server.final(sent)),
          challenge(''),
        ]),
    ],
  ];

  it.each(cases)('%s: %s', async (_, code, play) => {
    const transport = play(new ScramServer(account));
    const attempt = authenticate({ ...base, auth, offered: ['SCRAM-SHA-256', 'PLAIN'] }, transport);
    await expect(attempt).rejects.toMatchObject({
      code,
      name: 'SaslError',
      mechanism: 'SCRAM-SHA-256',
      connection: 'closed',
      protocol: 'imap',
      phase: 'auth',
    });
    expect(transport.sent.join()).not.toContain('PLAIN');
  });

  it('the window of iteration counts can be moved', async () => {
    const server = new ScramServer({ ...account, iterations: 2_000 });
    const options = { ...base, auth, offered: ['SCRAM-SHA-256'], iterations: { min: 1_000 } };
    await expect(authenticate(options, speakFor(server))).resolves.toBeDefined();
  });

  it('PBKDF2 does not stop the event loop', async () => {
    const exchange = createExchange('SCRAM-SHA-512', { user: 'a', password: 'b' });
    const nonce = Buffer.from((await exchange.start()) ?? [])
      .toString()
      .split('r=')[1];
    let turns = 0;
    const ticking = setInterval(() => turns++, 1);
    await exchange.next(Buffer.from(`r=${nonce}x,s=AAAA,i=100000`));
    clearInterval(ticking);
    expect(turns).toBeGreaterThan(3);
  });
});

it('any names and passwords reach the server whole', async () => {
  const printable = fc.string({
    unit: fc.constantFrom(...'ab=,2CD é€'),
    minLength: 1,
    maxLength: 12,
  });
  await fc.assert(
    fc.asyncProperty(printable, printable, async (user, password) => {
      const server = new ScramServer({ hash: 'sha1', user, password });
      const options = { ...base, auth: { user, password }, offered: ['SCRAM-SHA-1'] };
      await authenticate(options, speakFor(server));
    }),
    { numRuns: 50 },
  );
});
