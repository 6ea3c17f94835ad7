/** Where mail goes and who must be there: MX, MTA-STS (RFC 8461), DANE (RFC 7672), on loopback, to a real SMTP server. */
import { createHash, X509Certificate } from 'node:crypto';
import { createSocket } from 'node:dgram';
import {
  createThrowawayCa,
  type IssuedCertificate,
  type IssueOptions,
  type SmtpServer,
  startSmtpServer,
  type ThrowawayCa,
} from '@fivewire/test-servers';
import { encode } from 'dns-packet';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, parseResolver } from '../src/delivery/trusted-resolver.js';
import {
  type CachedMtaStsPolicy,
  createSmtpPool,
  type DeliveryOptions,
  type DeliveryPlan,
  deliveryTargets,
  findMtaStsPolicy,
  findTlsa,
  SmtpClient,
  type SmtpOptions,
} from '../src/index.js';
import { type DnsServerOptions, startDnsServer, type Zone } from './dns-server.js';

const none = Object.assign(new Error('none'), { code: 'ENODATA' });
const mx =
  (...hosts: (string | [string, number])[]) =>
  async () =>
    hosts.map((host) =>
      typeof host === 'string'
        ? { exchange: host, priority: 10 }
        : { exchange: host[0], priority: host[1] },
    );
const hosts = ({ targets }: DeliveryPlan) => targets.map(({ connect }) => connect.host);

describe('mail exchangers', () => {
  it('are in order, under STARTTLS, and each must prove its name', async () => {
    const plan = await deliveryTargets('Example.ORG.', {
      resolveMx: mx(['b.example.org', 20], ['A.example.org.', 10], ['c.example.net', 30]),
    });
    expect(plan.domain).toBe('example.org');
    expect(plan.targets[0]).toEqual({
      connect: {
        host: 'a.example.org',
        port: 25,
        security: 'starttls',
        serverHostname: 'a.example.org',
      },
      preference: 10,
      protection: 'none',
    });
    expect(hosts(plan)).toEqual(['a.example.org', 'b.example.org', 'c.example.net']);
    expect(plan).toMatchObject({ problems: [] });
    expect(plan).not.toHaveProperty('mtaSts');
  });

  it('equals take turns', async () => {
    const firsts = new Set<string | undefined>();
    for (let i = 0; i < 50; i++)
      firsts.add(
        hosts(await deliveryTargets('example.org', { resolveMx: mx('a.test', 'b.test') }))[0],
      );
    expect(firsts).toEqual(new Set(['a.test', 'b.test']));
  });

  it('no record: the domain itself (RFC 5321 §5.1)', async () => {
    const resolveMx = () => Promise.reject(none);
    expect(hosts(await deliveryTargets('example.org', { resolveMx }))).toEqual(['example.org']);
    const nothing = mx();
    expect(hosts(await deliveryTargets('bücher.example', { resolveMx: nothing }))).toEqual([
      'xn--bcher-kva.example',
    ]);
  });

  it.each<[string, unknown[]]>([
    ['".", the null MX', [{ exchange: '.', priority: 0 }]],
    ['"", as Node writes it', [{ exchange: '', priority: 0 }]],
  ])('%s: no mail', async (_, records) => {
    const resolveMx = async () => records as never;
    await expect(deliveryTargets('example.org', { resolveMx })).rejects.toMatchObject({
      code: 'ERR_DIAL_FAILED',
      retry: 'never',
    });
  });

  it.each<[string, unknown[]]>([
    ['an address', [{ exchange: '192.0.2.1', priority: 0 }]],
    ['rubbish', [{ exchange: 'a b\r\n', priority: 0 }, undefined, 7]],
    [
      'the root and rubbish',
      [
        { exchange: '.', priority: 0 },
        { exchange: '%', priority: 1 },
      ],
    ],
    ['a preference that is none', [{ exchange: 'a.test', priority: 'x' }]],
  ])('%s cannot be read, which is no word about mail', async (_, records) => {
    const resolveMx = async () => records as never;
    await expect(deliveryTargets('example.org', { resolveMx })).rejects.toMatchObject({
      code: 'ERR_DIAL_FAILED',
      retry: 'later',
      hint: expect.stringContaining('MX records'),
    });
  });

  it('a thousand: fifty are looked at', async () => {
    const resolveMx = mx(...Array.from({ length: 1_000 }, (_, i) => `h${i}.example.org`));
    expect(hosts(await deliveryTargets('example.org', { resolveMx }))).toHaveLength(50);
  });

  it('the fifty that are preferred, wherever they stand', async () => {
    const best: [string, number] = ['best.example.org', 1];
    const resolveMx = mx(...Array.from({ length: 60 }, (_, i) => `h${i}.example.org`), best);
    const plan = await deliveryTargets('example.org', { resolveMx });
    expect(hosts(plan)[0]).toBe('best.example.org');
  });

  it.each<[string, object]>([
    ['a misspelt option', { mtaST: true }],
    ['a misspelt option of MTA-STS', { mtaSts: { timout: 1 } }],
    ['an option that only the outer has', { mtaSts: { signal: new AbortController().signal } }],
    ["another library's option for TLS", { mtaSts: { tls: { rejectUnauthorized: false } } }],
    ['a misspelt option of DANE', { dane: { resolver: '127.0.0.1', port: 53 } }],
    ['DANE that is no object', { dane: true }],
    ['MTA-STS that is text', { mtaSts: 'yes' }],
    ['a cache without set', { mtaSts: { cache: { get: () => undefined } } }],
    ['a resolver that is no function', { resolveMx: 'dns' }],
    ['a timeout that is text', { timeout: '1s' }],
  ])('%s is refused before anything is asked', async (_, options) => {
    await expect(deliveryTargets('example.org', options as DeliveryOptions)).rejects.toMatchObject({
      name: 'UsageError',
      code: 'ERR_ARGUMENT',
    });
  });

  it.each<[string, () => Promise<unknown>]>([
    ['an address', () => findTlsa('192.0.2.1', 25, { resolver: '127.0.0.1' })],
    ['port 0', () => findTlsa('mx.example.org', 0, { resolver: '127.0.0.1' })],
    ['a port that is text', () => findTlsa('mx.example.org', '25' as never, { resolver: '::1' })],
    ['a resolver by name', () => findTlsa('mx.example.org', 25, { resolver: 'localhost' })],
    ['an option', () => findTlsa('mx.example.org', 25, { resolver: '::1', port: 53 } as never)],
    ['a domain that is one', () => findMtaStsPolicy('192.0.2.1')],
    ['a domain with a user', () => findMtaStsPolicy('bob@example.org')],
    ['an option of a policy', () => findMtaStsPolicy('example.org', { timout: 1 } as never)],
  ])('who only looks: %s is refused', async (_, look) => {
    await expect(look()).rejects.toMatchObject({
      code: expect.stringMatching(/^ERR_(ARGUMENT|SERVER_HOSTNAME_INVALID)$/),
    });
  });

  it('DNS that fails is not a domain without records', async () => {
    const resolveMx = () => Promise.reject(Object.assign(new Error(), { code: 'ESERVFAIL' }));
    await expect(deliveryTargets('example.org', { resolveMx })).rejects.toMatchObject({
      code: 'ERR_DIAL_FAILED',
      retry: 'later',
    });
  });

  it.each<[string, string, DeliveryOptions]>([
    ['an address', '192.0.2.1', {}],
    ['a mail address', 'bob@example.org', {}],
    ['port 0', 'example.org', { port: 0 }],
    ['a resolver by name', 'example.org', { dane: { resolver: 'localhost:53' } }],
    ['no resolver', 'example.org', { dane: {} as { resolver: string } }],
    ['two sources of MX', 'example.org', { dane: { resolver: '127.0.0.1' }, resolveMx: mx() }],
  ])('%s is refused', async (_, domain, options) => {
    const resolveMx = mx('never.test');
    await expect(
      deliveryTargets(domain, options.dane ? options : { resolveMx, ...options }),
    ).rejects.toMatchObject({
      code: expect.stringMatching(/^ERR_(ARGUMENT|SERVER_HOSTNAME_INVALID)$/),
    });
  });
});

describe('under MTA-STS', () => {
  const policy = (mode: CachedMtaStsPolicy['mode']) => {
    const known = { mode, mx: ['a.example.org', '*.example.net'], maxAge: 60, id: '1' };
    const cache = new Map([['example.org', { ...known, fetchedAt: Date.now() }]]);
    return { cache, resolveTxt: async () => [['v=STSv1; id=1;']] };
  };
  const resolveMx = mx(['evil.test', 0], ['a.example.org', 1], ['b.example.net', 2]);

  it('enforced: what the policy does not name is out', async () => {
    const plan = await deliveryTargets('example.org', { resolveMx, mtaSts: policy('enforce') });
    expect(hosts(plan)).toEqual(['a.example.org', 'b.example.net']);
    expect(plan.targets.map(({ protection }) => protection)).toEqual(['mta-sts', 'mta-sts']);
    expect(plan.problems).toMatchObject([
      { host: 'evil.test', error: { code: 'ERR_DIAL_FAILED' } },
    ]);
    expect(plan.mtaSts?.policy).toMatchObject({ mode: 'enforce', id: '1' });
  });

  it('enforced, and none is named: later', async () => {
    const only = { resolveMx: mx('evil.test'), mtaSts: policy('enforce') };
    await expect(deliveryTargets('example.org', only)).rejects.toMatchObject({
      code: 'ERR_DIAL_FAILED',
      retry: 'later',
      addresses: ['evil.test'],
      message: expect.stringContaining('MTA-STS'),
    });
  });

  it('in testing: all stay, and those that would be out are marked', async () => {
    const plan = await deliveryTargets('example.org', { resolveMx, mtaSts: policy('testing') });
    expect(hosts(plan)).toEqual(['evil.test', 'a.example.org', 'b.example.net']);
    expect(plan.targets.map(({ violation }) => violation)).toEqual([true, undefined, undefined]);
    expect(plan.targets.every(({ protection }) => protection === 'none')).toBe(true);
  });

  it('none: as without', async () => {
    const plan = await deliveryTargets('example.org', { resolveMx, mtaSts: policy('none') });
    expect(hosts(plan)).toHaveLength(3);
    expect(plan.targets.every(({ protection }) => protection === 'none')).toBe(true);
  });

  it('not asked for: not obeyed, and nobody is asked', async () => {
    const { cache } = policy('enforce');
    const resolveTxt = () => Promise.reject(new Error('asked'));
    const plan = await deliveryTargets('example.org', { resolveMx, mtaSts: false });
    expect(hosts(plan)).toHaveLength(3);
    expect(cache.size).toBe(1);
    // And when DNS fails, what is known holds; the plan says what failed.
    const known = await deliveryTargets('example.org', {
      resolveMx,
      mtaSts: { cache, resolveTxt },
    });
    expect(hosts(known)).toHaveLength(2);
    expect(known.mtaSts?.problem).toMatchObject({ code: 'ERR_DIAL_FAILED' });
  });
});

it('DANE holds for each exchanger, however many there are', async () => {
  const names = Array.from({ length: 25 }, (_, i) => `mx${i}.example.org`);
  const tlsa = { usage: 3, selector: 1, matchingType: 1, certificate: Buffer.alloc(32, 1) };
  const zone: Zone = {
    'MX example.org': names.map((exchange, preference) => ({ preference, exchange })),
    ...Object.fromEntries(names.map((name) => [`A ${name}`, ['127.0.0.1']])),
    ...Object.fromEntries(names.map((name) => [`TLSA _25._tcp.${name}`, [tlsa]])),
  };
  const dns = await startDnsServer({ zone });
  try {
    const { targets } = await deliveryTargets('example.org', { dane: { resolver: dns.address } });
    expect(targets.map(({ protection }) => protection)).toEqual(names.map(() => 'dane'));
  } finally {
    await dns.close();
  }
});

describe('a trusted resolver', () => {
  const zone: Zone = { 'MX example.org': [{ preference: 1, exchange: 'mx.example.org' }] };
  const asking = async (options: Partial<DnsServerOptions>, timeout = 5_000) => {
    const server = await startDnsServer({ zone, ...options });
    try {
      const answer = await ask(parseResolver(server.address), 'example.org', 'MX', { timeout });
      return { ...answer, asked: server.asked, queries: server.queries };
    } finally {
      await server.close();
    }
  };
  const records = [{ preference: 1, exchange: 'mx.example.org' }];

  it.each<[string, { address: string; port: number } | undefined]>([
    ['127.0.0.1', { address: '127.0.0.1', port: 53 }],
    ['127.0.0.1:5353', { address: '127.0.0.1', port: 5353 }],
    ['[::1]:53', { address: '::1', port: 53 }],
    ['[::1]', { address: '::1', port: 53 }],
    ['localhost:53', undefined],
    ['127.0.0.1:0', undefined],
    ['127.0.0.1:99999', undefined],
    ['', undefined],
  ])('%j', (text, resolver) => {
    if (resolver) expect(parseResolver(text)).toEqual(resolver);
    else
      expect(() => parseResolver(text)).toThrow(expect.objectContaining({ code: 'ERR_ARGUMENT' }));
  });

  it('is asked for the AD bit, and believed', async () => {
    const signed = await asking({});
    expect(signed).toMatchObject({ authenticated: true, records });
    expect(signed.asked).toEqual(['udp MX example.org']);
    expect(signed.queries[0]).toMatchObject({ flag_ad: true, flag_rd: true });
    expect(await asking({ unsigned: ['example.org'] })).toMatchObject({
      authenticated: false,
      records,
    });
  });

  it('asks with ids that nobody can guess', async () => {
    const server = await startDnsServer({ zone });
    const ids = new Set<number | undefined>();
    for (let i = 0; i < 20; i++) await ask(parseResolver(server.address), 'example.org', 'MX');
    for (const { id } of server.queries) ids.add(id);
    await server.close();
    expect(ids.size).toBeGreaterThan(15);
  });

  it('is asked over TCP where its answer was cut', async () => {
    const answer = await asking({ truncate: true });
    expect(answer).toMatchObject({ authenticated: true, records });
    expect(answer.asked).toEqual(['udp MX example.org', 'tcp MX example.org']);
  });

  it.each<[string, NonNullable<DnsServerOptions['udp']>]>([
    ['another id', (honest) => [encode({ ...honest, id: ((honest.id ?? 0) + 1) % 0x10000 })]],
    [
      'another name',
      (honest) => [encode({ ...honest, questions: [{ name: 'evil.test', type: 'MX' }] })],
    ],
    [
      'another type',
      (honest) => [encode({ ...honest, questions: [{ name: 'example.org', type: 'A' }] })],
    ],
    ['no question', (honest) => [encode({ ...honest, questions: [] })]],
    ['a question', (_, query) => [query]],
    ['noise', () => [Buffer.from('hello'), Buffer.alloc(0), Buffer.alloc(600, 0xc0)]],
  ])('an answer with %s is none', async (_, udp) => {
    await expect(asking({ udp }, 150)).rejects.toMatchObject({ code: 'ERR_TIMEOUT' });
    // Behind it, the true one is heard.
    const both: DnsServerOptions['udp'] = (honest, query) => [
      ...udp(honest, query),
      encode(honest),
    ];
    expect(await asking({ udp: both })).toMatchObject({ records });
  });

  it('a flood of strays ends it', async () => {
    const udp = (_: unknown, query: Buffer) => Array.from({ length: 150 }, () => query);
    await expect(asking({ udp })).rejects.toMatchObject({ code: 'ERR_MALFORMED_RESPONSE' });
  });

  it('what is lost is asked again', async () => {
    let seen = 0;
    const answer = await asking({ udp: (honest) => (seen++ === 0 ? [] : [encode(honest)]) });
    expect(answer).toMatchObject({ records });
    expect(answer.asked).toHaveLength(2);
  });

  it.each<[string, NonNullable<DnsServerOptions['tcp']>]>([
    ['another id', (honest) => encode({ ...honest, id: ((honest.id ?? 0) + 1) % 0x10000 })],
    ['noise', () => Buffer.from('hello')],
    [
      'a cut answer again',
      (honest) => encode({ ...honest, flags: (honest.flags ?? 0) | (1 << 9) }),
    ],
  ])('%s over TCP is the end', async (_, tcp) => {
    await expect(asking({ truncate: true, tcp })).rejects.toMatchObject({
      code: 'ERR_MALFORMED_RESPONSE',
    });
  });

  it.each(['SERVFAIL', 'REFUSED'] as const)('%s is an error, to be tried later', async (rcode) => {
    await expect(asking({ zone: { 'MX example.org': rcode } })).rejects.toMatchObject({
      code: 'ERR_DIAL_FAILED',
      retry: 'later',
      message: expect.stringContaining(rcode),
    });
  });

  it('NXDOMAIN and no data are answers', async () => {
    expect(await asking({ zone: {} })).toMatchObject({ authenticated: true, records: [] });
    expect(await asking({ zone: { 'MX example.org': 'NXDOMAIN' } })).toMatchObject({
      authenticated: true,
      records: [],
    });
  });

  it('records of other names in an answer are nobody’s; aliases are followed, not in circles', async () => {
    const data = records[0];
    const stray = { name: 'evil.test', type: 'MX', data };
    expect(await asking({ zone: { 'MX example.org': [stray] } })).toMatchObject({ records: [] });
    const alias = (name: string, to: string) => ({ name, type: 'CNAME', data: to });
    const chain = [
      alias('example.org', 'a.test'),
      alias('a.test', 'b.test'),
      { ...stray, name: 'b.test' },
    ];
    expect(await asking({ zone: { 'MX example.org': chain } })).toMatchObject({ records });
    const circle = [alias('example.org', 'a.test'), alias('a.test', 'example.org')];
    await expect(asking({ zone: { 'MX example.org': circle } })).rejects.toMatchObject({
      code: 'ERR_MALFORMED_RESPONSE',
    });
  });

  it('a server that refers to others says nothing about records', async () => {
    const recursionAvailable = 1 << 7;
    const udp: DnsServerOptions['udp'] = (honest) => [
      encode({ ...honest, flags: (honest.flags ?? 0) & ~recursionAvailable }),
    ];
    await expect(asking({ zone: {}, udp })).rejects.toMatchObject({
      code: 'ERR_DIAL_FAILED',
      retry: 'later',
    });
    expect(await asking({ zone: { 'MX example.org': [records[0]] }, udp })).toMatchObject({
      records,
    });
    expect(await asking({ zone: { 'MX example.org': 'NXDOMAIN' }, udp })).toMatchObject({
      records: [],
    });
  });

  it('nobody there, silence, and a change of mind', async () => {
    const silent = createSocket('udp4');
    await new Promise<void>((resolve) => silent.bind(0, '127.0.0.1', resolve));
    const resolver = { address: '127.0.0.1', port: silent.address().port };
    await expect(ask(resolver, 'a.test', 'A', { timeout: 50 })).rejects.toMatchObject({
      code: 'ERR_TIMEOUT',
    });
    const signal = AbortSignal.timeout(50);
    await expect(ask(resolver, 'a.test', 'A', { signal })).rejects.toMatchObject({
      code: 'ERR_ABORTED',
    });
    await new Promise<void>((resolve) => silent.close(() => resolve()));
    await expect(ask(resolver, 'a.test', 'A', { timeout: 5_000 })).rejects.toMatchObject({
      code: 'ERR_DIAL_FAILED',
    });
  });

  it('whatever octets come, nothing but an answer or a typed error goes out', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(60), fc.nat(255)), { maxLength: 6 }),
        async (flips) => {
          const spoil = (honest: Parameters<NonNullable<DnsServerOptions['udp']>>[0]) => {
            const octets = Buffer.from(encode(honest));
            for (const [at, value] of flips) if (at > 11 && at < octets.length) octets[at] = value;
            return [octets];
          };
          const outcome = await asking({ udp: spoil }, 50).catch((error: unknown) => error);
          expect(outcome).toMatchObject(
            outcome instanceof Error ? { code: expect.stringMatching(/^ERR_/) } : { records: {} },
          );
        },
      ),
      { numRuns: 25 },
    );
  });
});

describe('DANE, to a server', () => {
  let ca: ThrowawayCa;
  let server: SmtpServer;
  beforeAll(async () => {
    ca = await createThrowawayCa();
    server = await startSmtpServer({ modes: ['starttls'], users: { 'b@example.org': 'x' } });
  });
  afterAll(() => server.close());
  const host = 'mx.example.org';
  const message = 'Subject: x\r\n\r\nx\r\n';

  /** `3 1 1` of a certificate, unless said otherwise. */
  const tlsa = (
    { certificate }: Pick<IssuedCertificate, 'certificate'>,
    usage = 3,
    selector = 1,
  ) => {
    const node = new X509Certificate(certificate);
    const octets =
      selector === 0 ? node.raw : node.publicKey.export({ type: 'spki', format: 'der' });
    return {
      usage,
      selector,
      matchingType: 1,
      certificate: createHash('sha256').update(octets).digest(),
    };
  };
  const zoneOf = (records: readonly unknown[] | 'SERVFAIL'): Zone => ({
    'MX example.org': [{ preference: 1, exchange: host }],
    [`A ${host}`]: ['127.0.0.1'],
    [`TLSA _${server.ports.starttls}._tcp.${host}`]: records,
  });
  const plan = async (zone: Zone, unsigned: readonly string[] = []) => {
    const dns = await startDnsServer({ zone, unsigned });
    try {
      const port = server.ports.starttls;
      const dane = { resolver: dns.address };
      return { ...(await deliveryTargets('example.org', { dane, port })), asked: dns.asked };
    } finally {
      await dns.close();
    }
  };
  const deliver = async ({ targets }: DeliveryPlan, tls?: SmtpOptions['tls']) => {
    const smtp = await SmtpClient.connect({
      ...(targets[0]?.connect as DeliveryPlan['targets'][0]['connect']),
      clientName: 'client.example.test',
      ...(tls && { tls }),
      lookup: (_name, { all }, done) =>
        all ? done(null, [{ address: '127.0.0.1', family: 4 }]) : done(null, '127.0.0.1', 4),
    });
    try {
      await smtp.send({ from: 'a@example.test', to: 'b@example.org' }, message);
      return smtp.security;
    } finally {
      await smtp.quit();
    }
  };
  const present = async (shape: IssueOptions = {}): Promise<IssuedCertificate> => {
    const certificate = await ca.issue(shape);
    server.useCertificate(certificate);
    return certificate;
  };

  it('3 1 1: a self-signed, expired certificate of another name is the right one', async () => {
    const mine = await present({ selfSigned: true, validity: 'expired', names: ['old.test'] });
    const found = await plan(zoneOf([tlsa(mine)]));
    expect(found.targets).toMatchObject([
      { protection: 'dane', connect: { host, serverHostname: host } },
    ]);
    expect(await deliver(found)).toMatchObject({
      verified: true,
      trust: 'dane',
      matchedName: undefined,
      mode: 'starttls',
    });
  });

  it('3 1 1 of another key: refused, though its roots are trusted', async () => {
    await present({ names: [host] });
    const found = await plan(zoneOf([tlsa(await ca.issue({ names: [host] }))]));
    await expect(deliver(found, { ca: ca.certificate })).rejects.toMatchObject({
      code: 'ERR_CERTIFICATE_UNTRUSTED',
      reason: 'TLSA',
      retry: 'later',
    });
  });

  it.each([0, 1])('2 %i 1: an issuer in the chain, and the name counts', async (selector) => {
    const middle = await ca.createIntermediate();
    const found = await plan(zoneOf([tlsa(middle, 2, selector)]));
    server.useCertificate(await middle.issue({ names: [host] }));
    expect(await deliver(found)).toMatchObject({
      verified: true,
      trust: 'dane',
      matchedName: host,
    });
    server.useCertificate(await middle.issue({ names: ['elsewhere.test'] }));
    await expect(deliver(found)).rejects.toMatchObject({
      code: 'ERR_CERTIFICATE_HOSTNAME_MISMATCH',
    });
  });

  it('one of several records is enough', async () => {
    const mine = await present({ selfSigned: true });
    const found = await plan(zoneOf([tlsa(await ca.issue()), tlsa(mine, 1), tlsa(mine)]));
    expect(await deliver(found)).toMatchObject({ trust: 'dane' });
  });

  it('a pool resumes under the same records', async () => {
    const mine = await present({ selfSigned: true });
    const { targets } = await plan(zoneOf([tlsa(mine)]));
    const pool = createSmtpPool({
      ...(targets[0]?.connect as DeliveryPlan['targets'][0]['connect']),
      host: '127.0.0.1',
      clientName: 'client.example.test',
      maxConnections: 2,
    });
    const security = await pool.use(async (one) => {
      await one.noop();
      return pool.use(async (other) => other.security);
    });
    await pool.close();
    expect(security).toMatchObject({ resumed: true, verified: true, trust: 'dane' });
  });

  it.each<[string, (mine: IssuedCertificate) => [Zone, (readonly string[])?]]>([
    ['no records', () => [zoneOf([])]],
    ['records of usage 0 and 1 only', (mine) => [zoneOf([tlsa(mine, 0), tlsa(mine, 1)])]],
    ['unknown selectors only', (mine) => [zoneOf([{ ...tlsa(mine), selector: 7 }])]],
    [
      'digests of the wrong length only',
      (mine) => [zoneOf([{ ...tlsa(mine), certificate: Buffer.alloc(8) }])],
    ],
    ['an MX that is not authenticated', (mine) => [zoneOf([tlsa(mine)]), ['example.org']]],
    ['an address that is not authenticated', (mine) => [zoneOf([tlsa(mine)]), [host]]],
    [
      'TLSA that is not authenticated',
      (mine) => [zoneOf([tlsa(mine)]), [`_${server.ports.starttls}._tcp.${host}`]],
    ],
  ])('%s: no DANE, and then the roots and the name decide as ever', async (_, make) => {
    const mine = await present({ selfSigned: true, names: [host] });
    const found = await plan(...make(mine));
    expect(found.targets).toMatchObject([{ protection: 'none' }]);
    expect(found.targets[0]?.connect).not.toHaveProperty('tlsa');
    await expect(deliver(found)).rejects.toMatchObject({ code: 'ERR_CERTIFICATE_UNTRUSTED' });
    await present({ names: [host] });
    expect(await deliver(found, { ca: ca.certificate })).toMatchObject({
      verified: true,
      trust: 'ca',
    });
  });

  it('2 x x: a certificate of the domain, or of the end of its alias, will do as well (RFC 7672 §3.2.2)', async () => {
    const issuer = await ca.createIntermediate();
    const at = `TLSA _${server.ports.starttls}._tcp.${host}`;
    const mx = [{ preference: 1, exchange: host }];
    const aliased = [
      { name: 'example.org', type: 'CNAME', data: 'Mail.Example.COM.' },
      { name: 'mail.example.com', type: 'MX', data: mx[0] },
    ];
    for (const [zone, names] of [
      [{ 'MX example.org': mx }, ['example.org']],
      [{ 'MX example.org': aliased }, ['example.org', 'mail.example.com']],
    ] as [Zone, string[]][]) {
      const found = await plan({ ...zone, [`A ${host}`]: ['127.0.0.1'], [at]: [tlsa(issuer, 2)] });
      expect(found.targets[0]?.connect.tlsa).toMatchObject([{ usage: 2, names }]);
      for (const name of [host, ...names]) {
        server.useCertificate(await issuer.issue({ names: [name] }));
        expect(await deliver(found)).toMatchObject({ trust: 'dane', matchedName: name });
      }
      server.useCertificate(await issuer.issue({ names: ['other.example.org', 'example.com'] }));
      await expect(deliver(found)).rejects.toMatchObject({ code: 'ERR_CERTIFICATE_HOSTNAME_MISMATCH' });
    }
    // Of usage 3 no name counts, and none is added.
    const found = await plan(zoneOf([tlsa(issuer)]));
    expect(found.targets[0]?.connect.tlsa?.[0]).not.toHaveProperty('names');
  }); // biome-ignore format: one line a fact

  it('an unsigned zone is not asked for TLSA: its servers fail on that', async () => {
    const { asked } = await plan(zoneOf('SERVFAIL'), [host]);
    expect(asked).toEqual(['udp MX example.org', `udp A ${host}`]);
  });

  describe('an exchanger that is an alias', () => {
    const end = 'farm.example.net';
    const alias = { name: host, type: 'CNAME', data: end };
    const middle = 'alias.example.com';
    const aliased = (type: string, data: string, names = [host, end]): unknown[] => [
      ...names.slice(1).map((to, i) => ({ name: names[i], type: 'CNAME', data: to })),
      { name: names.at(-1), type, data },
    ];
    const records = (name: string): string => `TLSA _${server.ports.starttls}._tcp.${name}`;
    const mx = { 'MX example.org': [{ preference: 1, exchange: host }] };

    it.each<[string, Zone]>([
      ['of one step', { [`A ${host}`]: aliased('A', '127.0.0.1') }],
      ['of two', { [`A ${host}`]: aliased('A', '127.0.0.1', [host, middle, end]) }],
      [
        'with an IPv6 address alone',
        { [`A ${host}`]: [alias], [`AAAA ${host}`]: aliased('AAAA', '::1') },
      ],
      [
        'in other letters',
        { [`A ${host}`]: aliased('A', '127.0.0.1', [host, 'Farm.Example.NET.']) },
      ],
    ])('%s: the records of its end count, and its name', async (_, addresses) => {
      const issuer = await ca.createIntermediate();
      const others = {
        [records(end)]: [tlsa(issuer, 2)],
        [records(host)]: [tlsa(await ca.issue())],
      };
      const found = await plan({ ...mx, ...addresses, ...others });
      expect(found.targets).toMatchObject([
        { protection: 'dane', connect: { host, serverHostname: end } },
      ]);
      server.useCertificate(await issuer.issue({ names: [end] }));
      expect(await deliver(found)).toMatchObject({ trust: 'dane', matchedName: end });
      server.useCertificate(await issuer.issue({ names: [host] }));
      await expect(deliver(found)).rejects.toMatchObject({
        code: 'ERR_CERTIFICATE_HOSTNAME_MISMATCH',
      });
    });

    it.each<[string, (mine: unknown) => [Zone, (readonly string[])?]]>([
      ['its end has no records', (mine) => [{ [records(host)]: [mine] }]],
      [
        'the records of its end are not proven',
        (mine) => [
          { [records(host)]: [mine], [records(end)]: [mine] },
          [`_${server.ports.starttls}._tcp.${end}`],
        ],
      ],
    ])('%s: those of its own name count', async (_, make) => {
      const mine = await present({ selfSigned: true });
      const [zone, unsigned] = make(tlsa(mine));
      const found = await plan(
        { ...mx, [`A ${host}`]: aliased('A', '127.0.0.1'), ...zone },
        unsigned,
      );
      expect(found.targets).toMatchObject([
        { protection: 'dane', connect: { host, serverHostname: host } },
      ]);
      expect(await deliver(found)).toMatchObject({ trust: 'dane' });
    });

    it('the alias is proven, its end is not: only its own records count', async () => {
      const mine = tlsa(await present({ selfSigned: true }));
      const zone = {
        ...mx,
        [`A ${host}`]: aliased('A', '127.0.0.1'),
        [`CNAME ${host}`]: [end],
        [records(host)]: [mine],
        [records(end)]: [tlsa(await ca.issue())],
      };
      const partly = async (unsigned: readonly string[]) => {
        const dns = await startDnsServer({ zone, unsigned });
        try {
          const port = server.ports.starttls;
          return {
            ...(await findTlsa(host, port, { resolver: dns.address })),
            asked: dns.asked.map((one) => one.slice(4)),
          };
        } finally {
          await dns.close();
        }
      };
      expect(await partly([`A ${host}`])).toMatchObject({
        signed: true,
        records: [{ usage: 3 }],
        asked: [`A ${host}`, `CNAME ${host}`, records(host)],
      });
      expect(await partly([host])).toMatchObject({
        signed: false,
        records: [],
        asked: [`A ${host}`, `CNAME ${host}`],
      });
    });

    it('whose end can not be asked: the host is out', async () => {
      const zone: Zone = {
        ...mx,
        [`A ${host}`]: aliased('A', '127.0.0.1'),
        [records(end)]: 'SERVFAIL',
        [records(host)]: [],
      };
      await expect(plan(zone)).rejects.toMatchObject({ code: 'ERR_DIAL_FAILED', retry: 'later' });
    });
  });

  it('TLSA that can not be had: the host is out, for silence could do away with the records', async () => {
    await expect(plan(zoneOf('SERVFAIL'))).rejects.toMatchObject({
      code: 'ERR_DIAL_FAILED',
      retry: 'later',
      addresses: [host],
    });
    const two = {
      ...zoneOf('SERVFAIL'),
      'MX example.org': [
        { preference: 1, exchange: host },
        { preference: 2, exchange: 'other.example.org' },
      ],
      'AAAA other.example.org': ['::1'],
    };
    const found = await plan(two);
    expect(hosts(found)).toEqual(['other.example.org']);
    expect(found.problems).toMatchObject([{ host, error: { code: 'ERR_DIAL_FAILED' } }]);
  });
});
