// Mail to a domain, as its DNS says: MX, null MX, MTA-STS and DANE, asked of a real resolver.
import { createHash, X509Certificate } from 'node:crypto';
import { promises as dnsPromises } from 'node:dns';
import { once } from 'node:events';
import { createServer as createWebServer, type Server } from 'node:https';
import { type AddressInfo, connect as dialTcp, type LookupFunction } from 'node:net';
import { type DeliverToOptions, deliverTo } from '@fivewire/smtp';
import {
  createThrowawayCa,
  type SmtpServer,
  startSmtpServer,
  type ThrowawayCa,
} from '@fivewire/test-servers';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { type RunningResolver, startResolver, type Zone } from './resolver.js';

const domains = ['dane', 'equal', 'sts', 'testing', 'none', 'gone', 'bogus', 'null', 'alias'].map(
  (name) => `${name}.test`,
);
let ca: ThrowawayCa;
let dns: RunningResolver | undefined;
let smtp: SmtpServer;
let web: Server;
let issuer: Awaited<ReturnType<ThrowawayCa['createIntermediate']>>;
const system = new dnsPromises.Resolver();
const policies: Record<string, string> = {
  'mta-sts.sts.test': 'version: STSv1\nmode: enforce\nmx: mx.sts.test\nmax_age: 86400\n',
  'mta-sts.testing.test': 'version: STSv1\nmode: testing\nmx: other.testing.test\nmax_age: 86400\n',
  'mta-sts.none.test': 'version: STSv1\nmode: none\nmax_age: 86400\n',
};

const zone = (name: string, signing: Zone['signing'], ...records: string[]): Zone => ({
  name,
  signing,
  records: records.map((record) => record.replace(' ', ' 300 IN ')),
});
const sts = (name: string): string[] => [
  `_mta-sts.${name}. TXT "v=STSv1; id=1;"`,
  `mta-sts.${name}. A 127.0.0.1`,
  `mx.${name}. A 127.0.0.1`,
];

beforeAll(async () => {
  ca = await createThrowawayCa();
  issuer = await ca.createIntermediate();
  smtp = await startSmtpServer({
    modes: ['starttls'],
    users: Object.fromEntries(domains.map((name) => [`b@${name}`, 'x'])),
  });
  web = createWebServer(
    await ca
      .issue({ names: Object.keys(policies) })
      .then(({ certificate, key }) => ({ cert: certificate, key })),
    (request, response) => {
      response.setHeader('content-type', 'text/plain');
      response.end(policies[request.headers.host ?? ''] ?? '');
    },
  ).listen(0, '127.0.0.1');
  await once(web, 'listening');
  const anchor = createHash('sha256')
    .update(
      new X509Certificate(issuer.certificate).publicKey.export({ type: 'spki', format: 'der' }),
    )
    .digest('hex');
  const tlsa = `_${smtp.ports.starttls}._tcp`;
  dns = await startResolver([
    zone(
      'dane.test',
      'signed',
      'dane.test. MX 10 mx.dane.test.',
      'mx.dane.test. A 127.0.0.1',
      `${tlsa}.mx.dane.test. TLSA 2 1 1 ${anchor}`,
    ),
    zone(
      'alias.test',
      'signed',
      'alias.test. MX 10 mx.alias.test.',
      'mx.alias.test. CNAME mx.dane.test.',
    ),
    zone('bogus.test', 'bogus', 'bogus.test. MX 10 mx.bogus.test.', 'mx.bogus.test. A 127.0.0.1'),
    zone('null.test', 'plain', 'null.test. MX 0 .'),
    zone('gone.test', 'plain'),
    zone(
      'equal.test',
      'plain',
      'equal.test. MX 5 dead.equal.test.',
      'dead.equal.test. A 127.0.0.9',
      ...['a', 'b', 'c'].flatMap((name) => [
        `equal.test. MX 10 ${name}.equal.test.`,
        `${name}.equal.test. A 127.0.0.1`,
      ]),
      'equal.test. MX 20 last.equal.test.',
      'last.equal.test. A 127.0.0.1',
    ),
    zone(
      'sts.test',
      'plain',
      'sts.test. MX 5 evil.sts.test.',
      'sts.test. MX 10 mx.sts.test.',
      'evil.sts.test. A 127.0.0.1',
      ...sts('sts.test'),
    ),
    zone('testing.test', 'plain', 'testing.test. MX 10 mx.testing.test.', ...sts('testing.test')),
    zone('none.test', 'plain', 'none.test. MX 10 mx.none.test.', ...sts('none.test')),
  ]);
  system.setServers([dns.address]);
});
beforeEach(async () => {
  const hosts = domains.flatMap((name) =>
    ['mx', 'a', 'b', 'c', 'last', 'evil'].map((host) => `${host}.${name}`),
  );
  smtp.useCertificate(await ca.issue({ names: hosts }));
});
afterAll(async () => {
  await dns?.stop();
  web?.close();
  await smtp?.close();
});

const lookup: LookupFunction = (name, { all }, done) => {
  system.resolve4(name).then(
    (found) =>
      all
        ? done(
            null,
            found.map((address) => ({ address, family: 4 })),
          )
        : done(null, found[0] ?? '', 4),
    (error) => done(error, ''),
  );
};
const send = (domain: string, options: DeliverToOptions = {}) =>
  deliverTo(domain, { from: 'a@example.test', to: `b@${domain}` }, 'Subject: x\r\n\r\nx\r\n', {
    port: smtp.ports.starttls,
    ...(options.dane === undefined && { resolveMx: (name) => system.resolveMx(name) }),
    ...options,
    connect: {
      clientName: 'client.example.test',
      lookup,
      tls: { ca: ca.certificate },
      ...options.connect,
    },
  });
const mtaSts = (): NonNullable<DeliverToOptions['mtaSts']> => ({
  cache: new Map(),
  resolveTxt: (name) => system.resolveTxt(name),
  tls: { ca: ca.certificate },
  dial: async ({ host }) => {
    const [address = ''] = await system.resolve4(host);
    const socket = dialTcp((web.address() as AddressInfo).port, address);
    await once(socket, 'connect');
    return socket;
  },
});
const dane = () => ({ resolver: dns?.address ?? '' });

it.each([['mx.dane.test'], ['dane.test']])(
  'DANE-TA: a certificate of %s, from an authority that only the record knows',
  async (name) => {
    smtp.useCertificate(await issuer.issue({ names: [name] }));
    const { target } = await send('dane.test', {
      dane: dane(),
      connect: { tls: { ca: (await createThrowawayCa()).certificate } },
    });
    expect(target).toMatchObject({
      protection: 'dane',
      connect: { host: 'mx.dane.test', serverHostname: 'mx.dane.test' },
    });
  },
);

it('DANE-TA: an exchanger that is an alias has the records of its end', async () => {
  for (const name of ['mx.dane.test', 'alias.test']) {
    smtp.useCertificate(await issuer.issue({ names: [name] }));
    const { target } = await send('alias.test', { dane: dane() });
    expect(target).toMatchObject({
      protection: 'dane',
      connect: { host: 'mx.alias.test', serverHostname: 'mx.dane.test' },
    });
  }
});

it('DANE: another authority, another name, and a forged answer are no exchanger', async () => {
  await expect(send('dane.test', { dane: dane() })).rejects.toMatchObject({
    code: 'ERR_CERTIFICATE_UNTRUSTED',
  });
  smtp.useCertificate(await issuer.issue({ names: ['other.dane.test'] }));
  await expect(send('dane.test', { dane: dane() })).rejects.toMatchObject({
    code: 'ERR_CERTIFICATE_HOSTNAME_MISMATCH',
  });
  await expect(send('bogus.test', { dane: dane() })).rejects.toMatchObject({
    code: 'ERR_DIAL_FAILED',
    retry: 'later',
  });
});

it('the lowest preference first, equals by lot, and none that is dead', async () => {
  const used = new Set<string>();
  while (used.size < 3) {
    const { target, problems } = await send('equal.test');
    expect(problems).toMatchObject([
      { host: 'dead.equal.test', error: { code: 'ERR_DIAL_FAILED' } },
    ]);
    used.add(target.connect.host);
  }
  expect([...used].sort()).toEqual(['a.equal.test', 'b.equal.test', 'c.equal.test']);
});

it('null MX takes no mail; a domain without a host takes none now', async () => {
  await expect(send('null.test')).rejects.toMatchObject({
    code: 'ERR_DIAL_FAILED',
    retry: 'never',
  });
  await expect(send('gone.test')).rejects.toMatchObject({ code: 'ERR_DIAL_FAILED' });
  await expect(send('null.test', { dane: dane() })).rejects.toMatchObject({ retry: 'never' });
});

it('MTA-STS: enforced, in testing, and none', async () => {
  const { target, problems } = await send('sts.test', { mtaSts: mtaSts() });
  expect(target).toMatchObject({ protection: 'mta-sts', connect: { host: 'mx.sts.test' } });
  expect(problems).toMatchObject([{ host: 'evil.sts.test' }]);
  expect(await send('testing.test', { mtaSts: mtaSts() })).toMatchObject({
    target: { protection: 'none', violation: true },
  });
  expect(await send('none.test', { mtaSts: mtaSts() })).toMatchObject({
    target: { protection: 'none' },
  });
});
