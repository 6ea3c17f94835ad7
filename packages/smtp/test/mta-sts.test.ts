/** MTA-STS: RFC 8461, the parsers alone and the way from a domain to its policy. */
import { once } from 'node:events';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { createServer, type TLSSocket } from 'node:tls';
import { createTlsContext } from '@fivewire/line-protocol';
import { createThrowawayCa, type IssueOptions, type ThrowawayCa } from '@fivewire/test-servers';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { httpsGet } from '../src/delivery/https-get.js';
import {
  type CachedMtaStsPolicy,
  findMtaStsPolicy,
  type MtaStsOptions,
} from '../src/delivery/mta-sts.js';
import { allowsMx, hasUtf8Header, parseMtaStsPolicy, parseMtaStsRecord } from '../src/index.js';

const policyText = (mode = 'enforce', maxAge = 604_800) =>
  `version: STSv1\r\nmode: ${mode}\r\nmx: mail.example.org\r\nmx: *.example.net\r\nmax_age: ${maxAge}\r\n`;
const malformed = expect.objectContaining({ code: 'ERR_MALFORMED_RESPONSE' });

describe('the TXT record', () => {
  it.each<[string, string[][], string | undefined]>([
    ["the RFC's own", [['v=STSv1; id=20160831085700Z;']], '20160831085700Z'],
    ['in pieces', [['v=STSv1; id=2016', '0831085700Z;']], '20160831085700Z'],
    ['without the last semicolon', [['v=STSv1; id=1']], '1'],
    ['beside other records', [['v=spf1 -all'], ['v=STSv1;id=a1;']], 'a1'],
    ['with extensions', [['v=STSv1; x=y; id=7; z=1;']], '7'],
    ['none', [], undefined],
    ['two', [['v=STSv1; id=1;'], ['v=STSv1; id=2;']], undefined],
    ['another version', [['v=STSv2; id=1;']], undefined],
    ['the version not first', [['id=1; v=STSv1;']], undefined],
    ['no id', [['v=STSv1;']], undefined],
    ['an id that is too long', [[`v=STSv1; id=${'a'.repeat(33)};`]], undefined],
    ['an id with a path in it', [['v=STSv1; id=../x;']], undefined],
  ])('%s', (_, records, id) => expect(parseMtaStsRecord(records)).toBe(id));

  it('never throws', () => {
    fc.assert(
      fc.property(fc.array(fc.array(fc.string())), (records) => {
        const id = parseMtaStsRecord(records);
        expect(id === undefined || /^[A-Za-z0-9]{1,32}$/.test(id)).toBe(true);
      }),
    );
  });
});

describe('the policy file', () => {
  const good = { mode: 'enforce', mx: ['mail.example.org', '*.example.net'], maxAge: 604_800 };
  it.each<[string, string, object]>([
    ["the RFC's form", policyText(), good],
    ['line feeds alone', policyText().replaceAll('\r\n', '\n'), good],
    ['no last line end', policyText().trimEnd(), good],
    ['spaces around values', policyText().replaceAll(/: (.*)/g, ':\t $1 \t'), good],
    ['upper case in hosts', policyText().replace('mail.', 'MAIL.'), good],
    ['unknown fields', `${policyText()}x-note: zażółć\r\n`, good],
    ['the first of two modes counts', `${policyText()}mode: none\r\n`, good],
    [
      'none needs no mx',
      'version: STSv1\nmode: none\nmax_age: 60',
      { mode: 'none', mx: [], maxAge: 60 },
    ],
    ['a year is the most', policyText('testing', 9_999_999_999), { maxAge: 31_557_600 }],
  ])('%s', (_, text, policy) => expect(parseMtaStsPolicy(text)).toMatchObject(policy));

  it.each<[string, string]>([
    ['nothing', ''],
    ['a web page', '<!doctype html><title>404</title>'],
    ['another version', policyText().replace('STSv1', 'STSv2')],
    ['no version', policyText().replace(/version.*\r\n/, '')],
    ['no mode', policyText().replace(/mode.*\r\n/, '')],
    ['an unknown mode', policyText('ENFORCE')],
    ['no max_age', policyText().replace(/max_age.*\r\n/, '')],
    ['a negative max_age', policyText('enforce', -1)],
    ['eleven digits', policyText('enforce', 12_345_678_901)],
    ['no mx', policyText().replaceAll(/mx.*\r\n/g, '')],
    ['a wildcard within', policyText().replace('*.', 'a*.')],
    ['a wildcard for all', policyText().replace('*.example.net', '*')],
    ['an address', policyText().replace('mail.example.org', '[192.0.2.1]')],
    ['a NUL', policyText().replace('mail', 'ma\0il')],
    ['a line without a colon', `${policyText()}hello\r\n`],
  ])('%s is refused', (_, text) => {
    expect(() => parseMtaStsPolicy(text)).toThrow(malformed);
  });

  it('a hundred and one hosts are too many', () => {
    const many = 'mx: a.example\n'.repeat(101);
    expect(() => parseMtaStsPolicy(policyText() + many)).toThrow(
      expect.objectContaining({ code: 'ERR_LIMIT_EXCEEDED', limit: 'mx' }),
    );
  });

  it('whatever comes: a policy or a typed error', () => {
    const line = fc.oneof(
      fc.string(),
      fc.constantFrom('version: STSv1', 'mode: enforce', 'mode: none', 'mx: a.b', 'max_age: 1'),
    );
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        try {
          const policy = parseMtaStsPolicy(lines.join('\n'));
          expect(policy.mode === 'none' || policy.mx.length > 0).toBe(true);
          expect(policy.maxAge).toBeGreaterThanOrEqual(0);
        } catch (error) {
          expect(error).toMatchObject({ name: 'RemoteProtocolError' });
        }
      }),
    );
  });

  it.each<[string, string, boolean]>([
    ['mail.example.org', 'mail.example.org', true],
    ['mail.example.org', 'MAIL.Example.ORG.', true],
    ['mail.example.org', 'x.mail.example.org', false],
    ['*.example.net', 'a.example.net', true],
    ['*.example.net', 'a.b.example.net', false],
    ['*.example.net', 'example.net', false],
    ['*.example.net', '.example.net', false],
    ['*.example.net', 'evilexample.net', false],
  ])('%s allows %s: %s', (mx, host, allowed) => expect(allowsMx({ mx: [mx] }, host)).toBe(allowed));
});

interface Site {
  options: MtaStsOptions;
  requests: string[];
  /** What the certificate of the next handshake is for; what the server says. */
  say: (response: string | ((socket: TLSSocket) => void)) => void;
  id: (id: string | undefined | Error) => void;
  close(): Promise<void>;
}

const response = (body: string, head = 'Content-Type: text/plain') =>
  `HTTP/1.1 200 OK\r\n${head}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;

let ca: ThrowawayCa;
beforeAll(async () => {
  ca = await createThrowawayCa();
});

async function startSite(shape: IssueOptions = { names: ['mta-sts.example.org'] }): Promise<Site> {
  const { chain, key } = await ca.issue(shape);
  let said: string | ((socket: TLSSocket) => void) = response(policyText());
  let id: string | undefined | Error = '1';
  const requests: string[] = [];
  const open = new Set<TLSSocket>();
  const server = createServer({ cert: chain, key, ALPNProtocols: ['http/1.1'] }, (socket) => {
    open.add(socket);
    socket.on('error', () => {}).once('close', () => open.delete(socket));
    socket.once('data', (octets) => {
      requests.push(octets.toString('latin1'));
      if (typeof said === 'string') socket.end(said);
      else said(socket);
    });
  });
  server.on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    requests,
    say: (what) => {
      said = what;
    },
    id: (what) => {
      id = what;
    },
    options: {
      cache: new Map(),
      tls: { ca: ca.certificate },
      resolveTxt: async () => {
        if (id instanceof Error) throw id;
        return id === undefined ? [] : [[`v=STSv1; id=${id};`]];
      },
      dial: async () => {
        const socket = connect(port, '127.0.0.1');
        await once(socket, 'connect');
        return socket;
      },
      timeout: 5_000,
    },
    async close() {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

async function withSite(work: (site: Site) => Promise<void>, shape?: IssueOptions): Promise<void> {
  const site = await startSite(shape);
  try {
    await work(site);
  } finally {
    await site.close();
  }
}

describe('HTTP over secure()', () => {
  let site: Site;
  beforeAll(async () => {
    site = await startSite();
  });
  afterAll(() => site.close());

  /** What comes of a text that the web server says in pieces of these sizes, and then leaves. */
  async function read(text: string, sizes: readonly number[] = [], clean = true) {
    site.say(async (socket) => {
      const octets = Buffer.from(text, 'latin1');
      for (let at = 0, i = 0; at < octets.length; i++) {
        const size = sizes[i % sizes.length] ?? octets.length;
        socket.write(octets.subarray(at, at + size));
        at += size;
        await new Promise(setImmediate);
      }
      if (clean) socket.end();
      else socket.write('', () => (socket as unknown as { _parent: Socket })._parent.destroy());
    });
    const { dial } = site.options;
    const { status, headers, body } = await httpsGet('mta-sts.example.org', '/x', {
      context: createTlsContext({ ca: ca.certificate }),
      timeout: 5_000,
      limit: 100,
      ...(dial && { dial }),
    });
    return {
      status,
      type: headers.get('content-type'),
      body: Buffer.from(body).toString('latin1'),
    };
  }

  const hello = { status: 200, type: 'text/plain', body: 'hello world' };
  const start = 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n';
  const forms: Record<string, string> = {
    length: `${start}Content-Length: 11\r\n\r\nhello world`,
    chunks: `${start}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;x=y\r\n world\r\n0\r\n\r\n`,
    trailers: `${start}Transfer-Encoding: chunked\r\n\r\nB\r\nhello world\r\n0\r\nX: y\r\n\r\n`,
    'the end': `${start}\r\nhello world`,
  };

  it.each(Object.keys(forms))('by %s, whole and cut', async (form) => {
    for (const sizes of [[], [1], [7, 3]])
      expect(await read(forms[form] as string, sizes)).toEqual(hello);
  });

  it.each<[string, string, boolean?]>([
    ['cut short', `${start}Content-Length: 12\r\n\r\nhello world`],
    ['chunks cut short', (forms.chunks as string).slice(0, -8)],
    ['nothing', ''],
    ['half a head', start],
    ['two lengths', `${start}Content-Length: 11\r\nContent-Length: 12\r\n\r\nhello world`],
    [
      'a length and chunks',
      `${start}Content-Length: 11\r\n${(forms.chunks as string).slice(start.length)}`,
    ],
    ['a negative length', `${start}Content-Length: -1\r\n\r\n`],
    ['a chunk of no size', `${start}Transfer-Encoding: chunked\r\n\r\nx\r\n`],
    ['a chunk that does not end', `${start}Transfer-Encoding: chunked\r\n\r\n1\r\nxy\r\n`],
    ['a header without a name', `${start}: x\r\n\r\n`],
    ['100 Continue', 'HTTP/1.1 100 Continue\r\n\r\n'],
    ['SSH', 'SSH-2.0-OpenSSH_9.2\r\n\r\n'],
  ])('%s is malformed', async (_, text) => {
    await expect(read(text)).rejects.toThrow(malformed);
    await expect(read(text, [1])).rejects.toThrow(malformed);
  });

  it('a cut wire is no end of a body', async () => {
    await expect(read(forms['the end'] as string, [], false)).rejects.toMatchObject({
      code: expect.stringMatching(/^ERR_(MALFORMED_RESPONSE|CONNECTION_CLOSED)$/),
    });
  });

  it.each<[string, string]>([
    ['a long head', `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`],
    ['a long body', `${start}\r\n${'x'.repeat(101)}`],
    ['a long chunk', `${start}Transfer-Encoding: chunked\r\n\r\n66\r\n${'x'.repeat(102)}\r\n`],
    ['many chunks', `${start}Transfer-Encoding: chunked\r\n\r\n${'1\r\nx\r\n'.repeat(101)}`],
  ])('%s is too much', async (_, text) => {
    await expect(read(text)).rejects.toMatchObject({ code: 'ERR_LIMIT_EXCEEDED' });
  });
});

const find = (site: Site, more: Partial<MtaStsOptions> = {}) =>
  findMtaStsPolicy('example.org', { ...site.options, ...more });
const renew = (site: Site, said: string): void => {
  site.id('2');
  site.say(said);
};
const dnsFails = Object.assign(new Error('no'), { code: 'ESERVFAIL' });

describe('from a domain to its policy', () => {
  it('fetches it once, from the one place, and remembers it', () =>
    withSite(async (site) => {
      const { policy, problem } = await find(site);
      expect(problem).toBeUndefined();
      expect(policy).toMatchObject({ id: '1', mode: 'enforce', maxAge: 604_800 });
      expect(JSON.parse(JSON.stringify(policy))).toEqual(policy);
      expect(site.requests).toHaveLength(1);
      expect(site.requests[0]).toMatch(
        /^GET \/\.well-known\/mta-sts\.txt HTTP\/1\.1\r\nHost: mta-sts\.example\.org\r\n/,
      );
      expect((await find(site)).policy).toEqual(policy);
      expect(site.requests).toHaveLength(1);
    }));

  it('another id: another policy', () =>
    withSite(async (site) => {
      await find(site);
      site.id('2');
      site.say(response(policyText('testing')));
      expect((await find(site)).policy).toMatchObject({ id: '2', mode: 'testing' });
    }));

  it.each<[string, (site: Site) => void]>([
    ['DNS fails', (site) => site.id(dnsFails)],
    ['the record is gone', (site) => site.id(undefined)],
    ['the new policy is broken', (site) => renew(site, response('nonsense'))],
    ['the web server refuses', (site) => renew(site, 'HTTP/1.1 404 No\r\n\r\n')],
  ])('%s: what is remembered holds', (_, spoil) =>
    withSite(async (site) => {
      const { policy } = await find(site);
      spoil(site);
      expect((await find(site)).policy).toEqual(policy);
    }),
  );

  it('until it expires', () =>
    withSite(async (site) => {
      const { policy } = await find(site);
      const old = { ...(policy as CachedMtaStsPolicy), fetchedAt: Date.now() - 604_800_001 };
      site.id(dnsFails);
      const cache = new Map([['example.org', old]]);
      const finding = await find(site, { cache });
      expect(finding).toMatchObject({ problem: { code: 'ERR_DIAL_FAILED' } });
      expect(finding.policy).toBeUndefined();
      // From the future: a clock was set back, or somebody wrote it.
      cache.set('example.org', { ...old, fetchedAt: Date.now() + 1e9 });
      expect((await find(site, { cache })).policy).toBeUndefined();
    }));

  it('without a cache it is remembered for the process; what a broken cache holds is not', () =>
    withSite(async (site) => {
      const { cache: _, ...options } = site.options;
      const domain = 'example.org';
      const { policy } = await findMtaStsPolicy(domain, options);
      expect(await findMtaStsPolicy(domain, options)).toEqual({ policy });
      expect(site.requests).toHaveLength(1);
      const broken = [{}, null, 'x', { ...policy, mx: 'a' }, { ...policy, maxAge: '9' }];
      for (const held of broken as CachedMtaStsPolicy[]) {
        expect((await find(site, { cache: new Map([[domain, held]]) })).policy?.id).toBe('1');
      }
      expect(site.requests).toHaveLength(1 + broken.length);
    }));

  it('no record: no question to the web server', () =>
    withSite(async (site) => {
      site.id(undefined);
      expect(await find(site)).toEqual({});
      expect(site.requests).toEqual([]);
    }));

  it.each<[string, string]>([
    [
      'a redirect',
      'HTTP/1.1 301 Moved\r\nLocation: https://evil.test/\r\nContent-Length: 0\r\n\r\n',
    ],
    ['a web page', response(policyText(), 'Content-Type: text/html')],
    ['no type', response(policyText(), 'X: y')],
    ['compression', response(policyText(), 'Content-Type: text/plain\r\nContent-Encoding: gzip')],
    ['65 KiB', response('x'.repeat(65_537))],
    [
      'octets that are no UTF-8',
      `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 1\r\n\r\n\xff`,
    ],
    ['no HTTP', '* OK IMAP4rev1\r\n'],
    ['a policy that is none', response('<html>')],
  ])('%s is a problem, and no policy', (_, said) =>
    withSite(async (site) => {
      site.say((socket) => socket.end(said, 'latin1'));
      const finding = await find(site);
      expect(finding.policy).toBeUndefined();
      expect(finding.problem).toMatchObject({ name: 'RemoteProtocolError' });
      expect(site.requests).toHaveLength(1);
    }),
  );

  it('a policy that ends with the connection must end with close_notify', () =>
    withSite(async (site) => {
      const said = `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n${policyText()}`;
      site.say((socket) => void socket.write(said, () => setTimeout(() => socket.destroy(), 20)));
      const finding = await find(site);
      expect(finding.policy).toBeUndefined();
      expect(finding.problem?.code).toMatch(/^ERR_(MALFORMED_RESPONSE|CONNECTION_CLOSED)$/);
      site.say(said);
      expect((await find(site)).policy?.mode).toBe('enforce');
    }));

  it.each<[string, IssueOptions, string]>([
    ['another name', { names: ['example.org'] }, 'ERR_CERTIFICATE_HOSTNAME_MISMATCH'],
    [
      'an old certificate',
      { names: ['mta-sts.example.org'], validity: 'expired' },
      'ERR_CERTIFICATE_EXPIRED',
    ],
    [
      'nobody who is trusted',
      { names: ['mta-sts.example.org'], selfSigned: true },
      'ERR_CERTIFICATE_UNTRUSTED',
    ],
  ])('a web server with %s has no word to say', (_, shape, code) =>
    withSite(async (site) => {
      const finding = await find(site);
      expect(finding.policy).toBeUndefined();
      expect(finding.problem).toMatchObject({ code });
      expect(site.requests).toEqual([]);
    }, shape),
  );

  it('silence and trickles end', () =>
    withSite(async (site) => {
      site.say((socket) => {
        socket.write('HTTP/1.1 200 OK\r\nX: ');
        const drip = setInterval(() => socket.write('x'), 5);
        socket.once('close', () => clearInterval(drip));
      });
      expect((await find(site, { timeout: 100 })).problem).toMatchObject({ code: 'ERR_TIMEOUT' });
      const signal = AbortSignal.timeout(50);
      await expect(find(site, { signal })).rejects.toMatchObject({ code: 'ERR_ABORTED' });
      await expect(find(site, { signal })).rejects.toMatchObject({ code: 'ERR_ABORTED' });
    }));
});

describe('what a caller without types gives to a parser is refused as an argument', () => {
  const given = [undefined, null, 5, {}, [5], [[5]], ['v=STSv1; id=1'], [null]];
  it.each(Object.entries({
    parseMtaStsRecord: (value: unknown) => parseMtaStsRecord(value as string[][]),
    parseMtaStsPolicy: (value: unknown) => parseMtaStsPolicy(value as string),
    'the policy of allowsMx': (value: unknown) => allowsMx(value as { mx: string[] }, 'mail.example.org'),
    'the host of allowsMx': (value: unknown) => allowsMx({ mx: [] }, value as string),
    hasUtf8Header: (value: unknown) => hasUtf8Header(value as Buffer),
  }))('%s', (_, parse) => {
    for (const value of given)
      expect(() => parse(value)).toThrow(expect.objectContaining({ code: 'ERR_ARGUMENT' }));
  });
}); // biome-ignore format: one parser a line
