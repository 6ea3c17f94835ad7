/** A context that is read anew while it is in use. */

import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  createSessionScope,
  createTlsContext,
  isTlsContext,
  reloadableTlsContext,
  type SecureOptions,
  type SecureStream,
  secure,
  type TlsContextOptions,
} from '../src/index.js';
import { issue, issueCa, revoke } from './certificates.js';
import { type TestServer, tlsServer } from './tls-server.js';

const ca = issueCa('Ours');
const stranger = issueCa('Stranger');
const leaf = issue({ issuer: ca, dns: ['a.example'] });
let server: TestServer;
beforeAll(async () => {
  server = await tlsServer({ cert: leaf.cert, key: leaf.key }, (socket) => socket.write('hello'));
});
afterAll(() => server.close());

const connect = async (
  context: SecureOptions['context'],
  more: Partial<SecureOptions> = {},
): Promise<SecureStream> =>
  secure(await server.dial(), { context, serverHostname: 'a.example', protocol: 'imap', ...more });

/** Connects, reads behind the tickets, leaves. */
async function visit(
  context: SecureOptions['context'],
  more: Partial<SecureOptions> = {},
): Promise<SecureStream['security']> {
  const stream = await connect(context, more);
  await new Promise((resolve) => stream.once('data', resolve));
  stream.destroy();
  return stream.security;
}

const untrusted = { code: 'ERR_CERTIFICATE_UNTRUSTED' };

test('what was loaded last is what new handshakes go by; open connections stay', async () => {
  let options: TlsContextOptions = { ca: stranger.cert };
  const context = await reloadableTlsContext(() => options);
  expect(isTlsContext(context)).toBe(true);
  await expect(visit(context)).rejects.toMatchObject(untrusted);

  options = { ca: ca.cert };
  await expect(visit(context)).rejects.toMatchObject(untrusted); // no call has said so yet
  await context.reload();
  const open = await connect(context);
  expect(open.security).toMatchObject({ verified: true, trust: 'ca' });

  options = { ca: ca.cert, crl: revoke(ca, [leaf]) };
  await context.reload();
  await expect(visit(context)).rejects.toMatchObject({ code: 'ERR_CERTIFICATE_REVOKED' });
  expect(open.destroyed).toBe(false);
  open.destroy();
});

test('it shows what was loaded last', async () => {
  let options: TlsContextOptions = { ca: ca.cert };
  const context = await reloadableTlsContext(async () => options);
  expect(context).toMatchObject({ trust: 'ca', verifyMode: 'required', minVersion: 'TLSv1.2' });
  options = { verifyMode: 'none', checkHostname: false, minVersion: 'TLSv1.3' };
  await context.reload();
  const { trust, verifyMode, checkHostname, minVersion } = context;
  expect({ trust, verifyMode, checkHostname, minVersion }).toEqual({
    trust: 'none',
    verifyMode: 'none',
    checkHostname: false,
    minVersion: 'TLSv1.3',
  });
});

test.each<[string, () => TlsContextOptions | Promise<TlsContextOptions>, object]>([
  [
    'a file that is gone',
    () => Promise.reject(Object.assign(new Error(), { code: 'ENOENT' })),
    { code: 'ENOENT' },
  ],
  [
    'a loader that throws',
    () => {
      throw new Error('no');
    },
    { message: 'no' },
  ],
  ['half a file', () => ({ ca: ca.cert.slice(0, 200) }), { code: 'ERR_ARGUMENT' }],
  ['an empty file', () => ({ ca: '' }), { code: 'ERR_ARGUMENT' }],
  [
    "another's key",
    () => ({ ca: ca.cert, cert: leaf.cert, key: stranger.key }),
    { code: 'ERR_ARGUMENT' },
  ],
  ['nothing', () => undefined as unknown as TlsContextOptions, { argument: 'load' }],
])('a reload that fails says so and leaves all as it was: %s', async (_, broken, error) => {
  let load: () => TlsContextOptions | Promise<TlsContextOptions> = () => ({ ca: ca.cert });
  const context = await reloadableTlsContext(() => load());
  load = broken;
  await expect(context.reload()).rejects.toMatchObject(error);
  expect((await visit(context)).trust).toBe('ca');
  load = () => ({ ca: [ca.cert, stranger.cert] });
  await context.reload();
  expect((await visit(context)).verified).toBe(true);
});

test('the first load fails as createTlsContext does', async () => {
  await expect(reloadableTlsContext(() => ({ ca: '' }))).rejects.toMatchObject({
    code: 'ERR_ARGUMENT',
  });
  await expect(reloadableTlsContext({} as never)).rejects.toMatchObject({ argument: 'load' });
});

test('reloads are done one after the other: the last one asked for wins', async () => {
  let calls = 0;
  const context = await reloadableTlsContext(async () => {
    const call = calls++;
    await delay(call === 1 ? 30 : 1); // the first reload is slow
    return { ca: call === 2 ? ca.cert : stranger.cert };
  });
  await Promise.all([context.reload(), context.reload()]);
  expect((await visit(context)).verified).toBe(true);
});

describe.each(['TLSv1.2', 'TLSv1.3'] as const)('sessions over %s', (version) => {
  const identity = { serverHostname: 'a.example', protocol: 'imap' } as const;
  const versions = { minVersion: version, maxVersion: version };

  test('are resumed between reloads, and never across one', async () => {
    const context = await reloadableTlsContext(() => ({ ca: ca.cert, ...versions }));
    const sessions = createSessionScope({ context, ...identity });
    const resumed = async (): Promise<boolean> => (await visit(context, { sessions })).resumed;
    expect([await resumed(), await resumed()]).toEqual([false, true]);
    await context.reload();
    expect([await resumed(), await resumed()]).toEqual([false, true]);
  });

  test('of a revoked certificate end with the reload', async () => {
    let options: TlsContextOptions = { ca: ca.cert, crl: revoke(ca, []), ...versions };
    const context = await reloadableTlsContext(() => options);
    const sessions = createSessionScope({ context, ...identity });
    await visit(context, { sessions });
    expect((await visit(context, { sessions })).resumed).toBe(true);
    options = { ...options, crl: revoke(ca, [leaf]) };
    await context.reload();
    await expect(visit(context, { sessions })).rejects.toMatchObject({
      code: 'ERR_CERTIFICATE_REVOKED',
    });
  });

  test('of a handshake that began before the reload are not kept after it', async () => {
    const context = await reloadableTlsContext(() => ({ ca: ca.cert, ...versions }));
    const sessions = createSessionScope({ context, ...identity });
    const stream = await connect(context, { sessions });
    await context.reload();
    await new Promise((resolve) => stream.once('data', resolve)); // behind its tickets
    stream.destroy();
    expect((await visit(context, { sessions })).resumed).toBe(false);
  });

  test('whose ticket comes when the scope already serves the new context are not kept either', async () => {
    const context = await reloadableTlsContext(() => ({ ca: ca.cert }));
    const sessions = createSessionScope({ context, serverHostname: 'a.example', protocol: 'imap' });
    const before = await connect(context, { sessions }); // its ticket is still on its way
    const ticket = new Promise((resolve) => before.once('session', resolve));
    await context.reload();
    // A client connects under the new context and leaves no ticket of their own.
    const signal = AbortSignal.abort();
    await expect(connect(context, { sessions, signal })).rejects.toMatchObject({
      code: 'ERR_ABORTED',
    });
    await ticket;
    before.destroy();
    expect((await visit(context, { sessions })).resumed).toBe(false);
  });

  test('of the context itself are its own', async () => {
    const context = await reloadableTlsContext(() => ({ ca: ca.cert, ...versions }));
    const sessions = createSessionScope({ context, ...identity });
    await visit(context, { sessions });
    const other = createTlsContext({ ca: ca.cert, ...versions });
    await expect(visit(other, { sessions })).rejects.toMatchObject({ argument: 'sessions' });
  });
});

test('a frozen one is no door: its parts can not be put in another', async () => {
  const context = await reloadableTlsContext(() => ({ ca: ca.cert }));
  expect(Object.isFrozen(context)).toBe(true);
  const copy = { ...context };
  expect(isTlsContext(copy)).toBe(false);
  await expect(visit(copy)).rejects.toMatchObject({ code: 'ERR_ARGUMENT', argument: 'context' });
});
