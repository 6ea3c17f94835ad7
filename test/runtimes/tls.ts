/**
 * Name, chain, pins and resumption on runtimes beside Node: `npm run test:nodes` runs this file by Bun and by Deno.
 * No test framework: neither runtime runs Vitest.
 */
import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { createServer } from 'node:tls';
import {
  createSessionScope,
  createTlsContext,
  describeCertificate,
  type SecureOptions,
  secure,
  type TlsContextOptions,
} from '../../packages/tls-context-core/src/index.js';
import {
  type Issued,
  issue,
  issueCa,
  revoke,
} from '../../packages/tls-context-core/test/certificates.js';

const runtime = 'Deno' in globalThis ? 'deno' : 'bun';
const name = 'imap.example.org';
const root = issueCa('Root');
const middle = issueCa('Middle', root);
const leaf = issue({ issuer: middle, dns: [name] });
const day = 86_400_000;
const past = { notBefore: new Date(Date.now() - 2 * day), notAfter: new Date(Date.now() - day) };
const old = issue({ issuer: middle, dns: [name], ...past });
const stranger = issueCa('Stranger');
const { pin } = describeCertificate(leaf.der);
const otherPin = `sha256/${'A'.repeat(43)}=`;
const ca = root.cert;
const chain = [leaf, middle];

interface Case {
  title: string;
  sent: readonly Issued[];
  tls: TlsContextOptions;
  serverHostname?: string;
  /** `accepted`, or the code of the refusal. */
  verdict: string;
  /** Where a runtime differs. */
  elsewhere?: Partial<Record<typeof runtime, string>>;
}

const untrusted = 'ERR_CERTIFICATE_UNTRUSTED';
// biome-ignore format: a table, a row a line
const cases: readonly Case[] = [
  { title: 'a good chain', sent: chain, tls: { ca }, verdict: 'accepted' },
  { title: 'TLS 1.2', sent: chain, tls: { ca, maxVersion: 'TLSv1.2' }, verdict: 'accepted' },
  { title: 'TLS 1.3', sent: chain, tls: { ca, minVersion: 'TLSv1.3' }, verdict: 'accepted' },
  { title: 'another name', sent: chain, tls: { ca }, serverHostname: 'else.example', verdict: 'ERR_CERTIFICATE_HOSTNAME_MISMATCH' },
  { title: 'an address that is not in it', sent: chain, tls: { ca }, serverHostname: '127.0.0.1', verdict: 'ERR_CERTIFICATE_HOSTNAME_MISMATCH' },
  { title: 'an unknown root', sent: chain, tls: { ca: stranger.cert }, verdict: untrusted },
  { title: "the system's roots", sent: chain, tls: {}, verdict: untrusted },
  { title: 'a missing intermediate', sent: [leaf], tls: { ca }, verdict: untrusted },
  // Deno shows the leaf and the certificate after it, and nothing else of what was sent.
  { title: 'out of order, with junk', sent: [leaf, stranger, root, middle], tls: { ca }, verdict: 'accepted', elsewhere: { deno: untrusted } },
  { title: 'an expired leaf', sent: [old, middle], tls: { ca }, verdict: 'ERR_CERTIFICATE_EXPIRED' },
  { title: 'an intermediate as ca', sent: [leaf], tls: { ca: middle.cert }, verdict: 'accepted' },
  { title: 'a wildcard over two labels', sent: [issue({ issuer: middle, dns: ['*.org'] }), middle], tls: { ca }, verdict: 'ERR_CERTIFICATE_HOSTNAME_MISMATCH' },
  { title: 'the right pin', sent: chain, tls: { ca, pins: [pin] }, verdict: 'accepted' },
  { title: 'another pin', sent: chain, tls: { ca, pins: [otherPin] }, verdict: 'ERR_CERTIFICATE_PIN_MISMATCH' },
  { title: 'a pin in place of the chain', sent: [leaf], tls: { trust: 'pins', pins: [pin] }, verdict: 'accepted' },
  { title: 'another pin in place of the chain', sent: [leaf], tls: { trust: 'pins', pins: [otherPin] }, verdict: 'ERR_CERTIFICATE_PIN_MISMATCH' },
  { title: 'a revoked leaf', sent: chain, tls: { ca, crl: [revoke(middle, [leaf]), revoke(root, [])] }, verdict: 'ERR_CERTIFICATE_REVOKED' },
  { title: 'lists that revoke others', sent: chain, tls: { ca, crl: [revoke(middle, [old]), revoke(root, [])] }, verdict: 'accepted' },
  { title: 'a list too few', sent: chain, tls: { ca, crl: revoke(root, []) }, verdict: untrusted },
  { title: 'ciphers', sent: chain, tls: { ca, ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' }, verdict: 'accepted', elsewhere: { deno: 'ERR_ARGUMENT' } },
  { title: 'a key log', sent: chain, tls: { ca, keylog: () => undefined }, verdict: 'accepted', elsewhere: { deno: 'ERR_ARGUMENT' } },
];

async function withServer<T>(
  sent: readonly Issued[],
  work: (meet: (options: Omit<SecureOptions, 'protocol'>) => Promise<boolean>) => Promise<T>,
): Promise<T> {
  const [first] = sent as [Issued];
  const server = createServer(
    { cert: sent.map(({ cert }) => cert).join(''), key: first.key },
    (socket) => socket.on('error', () => undefined).write('* OK\r\n'),
  ).on('tlsClientError', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    return await work(async (options) => {
      const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
      await once(socket, 'connect');
      try {
        const stream = await secure(socket, { protocol: 'imap', timeout: 5_000, ...options });
        await once(stream, 'data');
        stream.destroy();
        return stream.security.resumed;
      } finally {
        socket.destroy();
      }
    });
  } finally {
    server.close();
  }
}

async function verdictOf({ sent, tls, serverHostname = name }: Case): Promise<string> {
  try {
    const context = createTlsContext(tls);
    await withServer(sent, (meet) => meet({ context, serverHostname }));
    return 'accepted';
  } catch (error) {
    return String((error as { code?: string }).code ?? error);
  }
}

/** Deno never resumes, which costs a handshake and no check. */
async function resumption(): Promise<string> {
  const context = createTlsContext({ ca });
  const identity = { context, serverHostname: name } as const;
  const sessions = createSessionScope({ ...identity, protocol: 'imap' });
  return withServer(chain, async (meet) => {
    const seen = [];
    for (let i = 0; i < 3; i++) seen.push(await meet({ ...identity, sessions }));
    return String(seen.slice(1).every(Boolean));
  });
}

let failed = 0;
const tell = (title: string, got: string, expected: string): void => {
  if (got !== expected) failed++;
  console.log(
    `${got === expected ? '✓' : '✗'} ${title}: ${got}${got === expected ? '' : `, not ${expected}`}`,
  );
};
for (const one of cases) {
  tell(one.title, await verdictOf(one), one.elsewhere?.[runtime] ?? one.verdict);
}
tell('a session is resumed', await resumption(), String(runtime === 'bun'));
console.log(`${cases.length + 1 - failed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
