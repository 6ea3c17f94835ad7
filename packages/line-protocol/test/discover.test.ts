/** SRV discovery: RFC 6186, RFC 8314, RFC 2782, RFC 7817. */
import { createThrowawayCa, startImapServer } from '@fivewire/test-servers';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type DiscoverableService,
  discover,
  inOrder,
  openConnection,
  resolveTransport,
  type ServiceRecord,
} from '../src/index.js';

const record = (name: string, port = 993, priority = 0, weight = 0): ServiceRecord => ({
  name,
  port,
  priority,
  weight,
});
const none = Object.assign(new Error('none'), { code: 'ENODATA' });

/** A resolver that knows these names only. */
const dns = (zone: Record<string, readonly ServiceRecord[]>) => async (name: string) => {
  const found = zone[name];
  if (!found) throw none;
  return found;
};

describe('what is asked and what comes of it', () => {
  it.each<[DiscoverableService, string, string]>([
    ['imap', 'imaps', 'imap'],
    ['pop3', 'pop3s', 'pop3'],
    ['submission', 'submissions', 'submission'],
  ])(
    '%s: implicit TLS before STARTTLS, whatever the priorities',
    async (service, first, second) => {
      const resolveSrv = dns({
        [`_${first}._tcp.example.org`]: [record('a.example.org', 1, 10)],
        [`_${second}._tcp.example.org`]: [record('b.example.org', 2, 0)],
      });
      const a = {
        host: 'a.example.org',
        port: 1,
        security: 'implicit-tls',
        serverHostname: 'a.example.org',
        srvId: `_${first}.example.org`,
      };
      const b = {
        host: 'b.example.org',
        port: 2,
        security: 'starttls',
        serverHostname: 'b.example.org',
        srvId: `_${second}.example.org`,
      };
      expect(await discover('Example.org.', service, { resolveSrv })).toEqual([a, b]);
      expect(await discover('example.org', service, { resolveSrv, security: 'starttls' })).toEqual([
        b,
      ]);
    },
  );

  // biome-ignore format: a table, a row a line
  it.each<[string, string, boolean, string]>([
    ['a host in the domain', 'imap.example.org', false, 'imap.example.org'],
    ['deep in the domain', 'a.b.example.org', false, 'a.b.example.org'],
    ['the domain itself', 'example.org', false, 'example.org'],
    ['another case and a trailing dot', 'IMAP.Example.ORG.', false, 'imap.example.org'],
    ['a host elsewhere', 'imap.provider.test', false, 'example.org'],
    ['a host elsewhere, authenticated', 'imap.provider.test', true, 'imap.provider.test'],
    ['a name that merely ends alike', 'evilexample.org', false, 'example.org'],
    ['the domain as a prefix', 'example.org.evil.test', false, 'example.org'],
    ['a parent of the domain', 'org', false, 'example.org'],
  ])('the identity of %s', async (_, target, authenticated, serverHostname) => {
    const resolveSrv = dns({ '_imaps._tcp.example.org': [record(target)] });
    const [server] = await discover('example.org', 'imap', { resolveSrv, authenticated });
    expect(server).toMatchObject({ serverHostname, srvId: '_imaps.example.org' });
  });

  it('a domain in Unicode is asked about by its A-labels', async () => {
    const resolveSrv = dns({ '_imaps._tcp.xn--bcher-kva.example': [record('x.example')] });
    expect(await discover('bücher.example', 'imap', { resolveSrv })).toMatchObject([
      { serverHostname: 'xn--bcher-kva.example', srvId: '_imaps.xn--bcher-kva.example' },
    ]);
  });
});

describe('what DNS may also say', () => {
  const one = (...records: unknown[]) =>
    discover('example.org', 'imap', {
      resolveSrv: dns({ '_imaps._tcp.example.org': records as ServiceRecord[] }),
    });
  it.each<[string, unknown[]]>([
    ['"." means: not offered', [record('.', 0)]],
    ['Node writes "." as nothing', [record('', 0)]],
    ['an address', [record('192.0.2.1')]],
    ['port 0', [record('imap.example.org', 0)]],
    ['a port beyond 65535', [record('imap.example.org', 70_000)]],
    ['control characters', [record('im\r\nap.example.org')]],
    ['a record that is none', [undefined, null, 7, {}]],
    ['no records', []],
  ])('%s', async (_, records) => {
    await expect(one(...records)).rejects.toMatchObject({
      code: 'ERR_DIAL_FAILED',
      retry: 'never',
      hint: expect.stringContaining('RFC 6186'),
    });
    const good = await one(...records, record('imap.example.org'));
    expect(good.map(({ host }) => host)).toEqual(['imap.example.org']);
  });

  it('ten thousand records: a hundred are looked at', async () => {
    const many = Array.from({ length: 10_000 }, (_, i) => record(`h${i}.example.org`));
    expect(await one(...many)).toHaveLength(100);
  });

  it('a lookup that fails is not a service that is not there', async () => {
    const resolveSrv = async (name: string) => {
      if (name.startsWith('_imaps')) throw Object.assign(new Error(), { code: 'ESERVFAIL' });
      return [record('imap.example.org', 143)];
    };
    await expect(discover('example.org', 'imap', { resolveSrv })).rejects.toMatchObject({
      code: 'ERR_DIAL_FAILED',
      retry: 'later',
      cause: { code: 'ESERVFAIL' },
    });
  });

  it('silence ends, and so does what the caller allows', async () => {
    const resolveSrv = () => new Promise<never>(() => {});
    await expect(
      discover('example.org', 'imap', { resolveSrv, timeout: 10 }),
    ).rejects.toMatchObject({ code: 'ERR_TIMEOUT', phase: 'dial' });
    const signal = AbortSignal.timeout(10);
    await expect(discover('example.org', 'imap', { resolveSrv, signal })).rejects.toMatchObject({
      code: 'ERR_ABORTED',
    });
  });

  it('a resolver that throws or gives something else has typed errors', async () => {
    const throws = () => {
      throw new Error('sync');
    };
    await expect(discover('example.org', 'imap', { resolveSrv: throws })).rejects.toMatchObject({
      code: 'ERR_DIAL_FAILED',
    });
    const gives = (async () => 'x') as unknown as () => Promise<ServiceRecord[]>;
    await expect(discover('example.org', 'imap', { resolveSrv: gives })).rejects.toMatchObject({
      code: 'ERR_ARGUMENT',
    });
  });

  it.each<[string, unknown, unknown, object]>([
    ['an address', '192.0.2.1', 'imap', {}],
    ['a mail address', 'alice@example.org', 'imap', {}],
    ['nothing', '', 'imap', {}],
    ['a service that no RFC registers', 'example.org', 'nntp', {}],
    ['a name of every object', 'example.org', 'toString', {}],
    ['cleartext', 'example.org', 'imap', { security: 'cleartext' }],
  ])('%s is refused before DNS is asked', async (_, domain, service, options) => {
    let asked = 0;
    const resolveSrv = async () => [record(`h${asked++}.example.org`)];
    const discovering = discover(domain as string, service as 'imap', { ...options, resolveSrv });
    await expect(discovering).rejects.toMatchObject({
      code: expect.stringMatching(/^ERR_(ARGUMENT|SERVER_HOSTNAME_)/),
    });
    expect(asked).toBe(0);
  });
});

describe('order, RFC 2782', () => {
  const records = fc.array(fc.record({ priority: fc.nat(4), weight: fc.nat(20), id: fc.nat() }), {
    maxLength: 20,
  });
  it('is a permutation with rising priorities, whatever is drawn', () => {
    fc.assert(
      fc.property(records, fc.infiniteStream(fc.nat()), (given, numbers) => {
        const ordered = inOrder(given, (below) => (numbers.next().value as number) % below);
        expect(new Set(ordered)).toEqual(new Set(given));
        expect(ordered).toHaveLength(given.length);
        const priorities = ordered.map(({ priority }) => priority);
        expect(priorities).toEqual([...priorities].sort((a, b) => a - b));
      }),
    );
  });

  it('follows weights: 1 to 3, and 0 almost never first', () => {
    const counts: Record<string, number> = {};
    for (let i = 0; i < 4_000; i++) {
      const [first] = inOrder([
        { priority: 1, weight: 3, id: 'heavy' },
        { priority: 1, weight: 1, id: 'light' },
      ]);
      counts[first?.id ?? ''] = (counts[first?.id ?? ''] ?? 0) + 1;
    }
    expect((counts.heavy ?? 0) / 4_000).toBeGreaterThan(0.5);
    expect((counts.light ?? 0) / 4_000).toBeGreaterThan(0.1);
    const zero = inOrder(
      [
        { priority: 0, weight: 5, id: 'five' },
        { priority: 0, weight: 0, id: 'none' },
      ],
      () => 1,
    );
    expect(zero[0]?.id).toBe('five');
  });
});

describe('to a server', () => {
  const profile = {
    protocol: 'imap',
    ports: { 'implicit-tls': 993, starttls: 143, cleartext: 143 },
    schemes: {},
    options: [],
  } as const;

  it.each<[string, string[], boolean, string | undefined]>([
    ['its own name, in the domain', ['imap.example.org'], true, 'imap.example.org'],
    ["the domain's name, from another domain", ['example.org'], false, 'example.org'],
    ["the other domain's name only", ['imap.provider.test'], false, undefined],
  ])('%s', async (_, names, inside, matchedName) => {
    const ca = await createThrowawayCa();
    const server = await startImapServer({
      modes: ['implicit-tls'],
      certificate: await ca.issue({ names }),
    });
    try {
      const target = inside ? 'imap.example.org' : 'imap.provider.test';
      const resolveSrv = dns({
        '_imaps._tcp.example.org': [record(target, server.ports['implicit-tls'])],
      });
      const [found] = await discover('example.org', 'imap', { resolveSrv });
      const opening = openConnection(
        resolveTransport(profile, {
          ...found,
          tls: { ca: ca.certificate },
          lookup: (_host, { all }, done) =>
            all ? done(null, [{ address: '127.0.0.1', family: 4 }]) : done(null, '127.0.0.1', 4),
        }),
      );
      if (matchedName === undefined) {
        await expect(opening).rejects.toMatchObject({ code: 'ERR_CERTIFICATE_HOSTNAME_MISMATCH' });
      } else {
        const connection = await opening;
        expect(connection.secureStream?.security).toMatchObject({ verified: true, matchedName });
        connection.close();
      }
    } finally {
      await server.close();
    }
  });
});

it('FTP takes neither srvId nor tlsa: its data connections have other ports', () => {
  const ftp = {
    protocol: 'ftp',
    ports: { 'implicit-tls': 990, starttls: 21, cleartext: 21 },
    schemes: {},
    options: [],
  } as const;
  for (const extra of [{ srvId: '_ftp.example.org' }, { tlsa: [] }]) {
    expect(() => resolveTransport(ftp, { host: 'ftp.example.org', ...extra })).toThrow(
      expect.objectContaining({ code: 'ERR_ARGUMENT', argument: Object.keys(extra)[0] }),
    );
  }
});
