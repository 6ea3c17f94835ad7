/** What `fivewire tls` tells of DANE, MTA-STS and FTP's data connections: real servers on loopback, named as in the world by a proxy. */
import { createHash, X509Certificate } from 'node:crypto';
import { getServers, setServers } from 'node:dns';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttp } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { syncBuiltinESMExports } from 'node:module';
import { type AddressInfo, connect, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { createServer as createTls } from 'node:tls';
import {
  createThrowawayCa,
  type IssuedCertificate,
  startTestServers,
  type TestServers,
} from '@fivewire/test-servers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DnsServer, startDnsServer, type Zone } from '../../smtp/test/dns-server.js';
import { run } from '../src/index.js';

const host = 'mx.example.test';
const domain = 'example.test';
const password = 'pa55-Wort-of-Alice';

let servers: TestServers;
let proxy: string;
let folder: string;
let site: { port: number; policy: string; status: number; names: string[] };
let trusted: string[];
const closers: (() => unknown)[] = [];

const listening = async (server: Server): Promise<number> => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => server.close());
  return (server.address() as AddressInfo).port;
};

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fivewire-tls-'));
  const ca = await createThrowawayCa();
  servers = await startTestServers({
    users: { alice: password },
    files: { '/a.txt': 'A' },
    ca,
    certificate: await ca.issue({ names: [host, 'localhost'] }),
    ftp: { requireSessionReuse: true },
  });
  const web = await servers.issue({ names: [`mta-sts.${domain}`] });
  site = { port: 0, policy: '', status: 200, names: [] };
  site.port = await listening(
    createHttps({ cert: web.chain, key: web.key }, (_, response) => {
      response.writeHead(site.status, { 'content-type': 'text/plain' }).end(site.policy);
    }),
  );
  const forward = createHttp();
  forward.on('connect', ({ url = '' }, socket: Socket) => {
    site.names.push(url);
    const port = url === `mta-sts.${domain}:443` ? site.port : servers.ports.smtp.starttls;
    const way = connect(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      way.pipe(socket).pipe(way);
    });
    for (const one of [way, socket]) one.on('error', () => one.destroy());
  });
  proxy = `http://127.0.0.1:${await listening(forward)}`;
  const file = join(folder, 'ca.pem');
  writeFileSync(file, ca.certificate);
  trusted = ['--ca', file];
});
afterAll(async () => {
  for (const close of closers) close();
  await servers.close();
  rmSync(folder, { recursive: true });
});

async function fivewire(args: readonly string[]) {
  const texts = { stdout: '', stderr: '' };
  const into = (name: keyof typeof texts) =>
    new Writable({
      write(octets, _, done) {
        texts[name] += octets;
        done();
      },
    });
  const status = await run([...args], { stdout: into('stdout'), stderr: into('stderr') });
  return { status, ...texts };
}

const tls = (...args: string[]) => fivewire(['tls', ...args]);
const json = async (...args: string[]) => {
  const ran = await tls(...args, '--json');
  return { ...ran, row: JSON.parse(ran.stdout) };
};

/** `3 1 1`. */
const tlsa = ({ certificate }: Pick<IssuedCertificate, 'certificate'>) => ({
  usage: 3,
  selector: 1,
  matchingType: 1,
  certificate: createHash('sha256')
    .update(new X509Certificate(certificate).publicKey.export({ type: 'spki', format: 'der' }))
    .digest(),
});

const withDns = async <T>(
  zone: Zone,
  work: (dns: DnsServer) => Promise<T>,
  unsigned: string[] = [],
) => {
  const dns = await startDnsServer({ zone, unsigned });
  try {
    return await work(dns);
  } finally {
    await dns.close();
  }
};

describe('DANE', () => {
  const url = `smtp://${host}:25`;
  const records = `TLSA _25._tcp.${host}`;
  const address: Zone = { [`A ${host}`]: ['127.0.0.1'] };
  const look = (zone: Zone, unsigned: string[] = [], more: string[] = trusted) =>
    withDns(
      { ...address, ...zone },
      ({ address: resolver }) => json(url, '--proxy', proxy, '--resolver', resolver, ...more),
      unsigned,
    );

  it('a record that matches', async () => {
    const { status, row, stderr } = await look({ [records]: [tlsa(servers.certificate)] });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(row.dane).toEqual({
      result: 'match',
      records: [expect.stringMatching(/^3 1 1 [0-9a-f]{64}$/)],
    });
  });

  it('vouches for a server for which no authority does', async () => {
    const found = await look({ [records]: [tlsa(servers.certificate)] }, [], []);
    expect(found.row.refused.code).toMatch(/^ERR_CERTIFICATE_/);
    expect(found.row.dane.result).toBe('match');
    expect(found.status).not.toBe(0);
  });

  it('a record of another key: exit 1 and a warning, in a row of many too', async () => {
    const zone = { [records]: [tlsa(await servers.issue())] };
    const { status, row, stderr } = await look(zone);
    expect(status).toBe(1);
    expect(stderr).toContain('no TLSA record matches');
    expect(row.dane).toMatchObject({ result: 'mismatch', why: expect.stringContaining('TLSA') });
    const many = await withDns({ ...address, ...zone }, ({ address: resolver }) =>
      tls(url, url, '--proxy', proxy, '--resolver', resolver, ...trusted),
    );
    expect(many.status).toBe(1);
    expect(many.stdout.match(/no TLSA record matches$/gm)).toHaveLength(2);
  });

  it.each<[string, Zone, string[]]>([
    ['none', {}, []],
    [
      'none',
      { [records]: [{ usage: 9, selector: 1, matchingType: 1, certificate: Buffer.alloc(32) }] },
      [],
    ],
    ['unsigned', {}, [host]],
    ['unsigned', {}, [`_25._tcp.${host}`]],
    ['unknown', { [records]: 'SERVFAIL' }, []],
  ])('%s: case %#', async (result, zone, unsigned) => {
    const { status, row } = await look(zone, unsigned);
    expect(status).toBe(0);
    expect(row.dane).toMatchObject({ result });
    expect(row.dane).not.toHaveProperty('records');
  });

  it('a pin is no part of the question', async () => {
    const pin = `sha256/${servers.certificate.pin}`;
    const zone = { [records]: [tlsa(await servers.issue())] };
    expect((await look(zone, [], [...trusted, '--pin', pin])).row.dane.result).toBe('mismatch');
  });

  it('is asked for who the server must be, and not for an address', async () => {
    const { starttls } = servers.ports.smtp;
    const there = [`smtp://127.0.0.1:${starttls}`, ...trusted];
    const asked = await withDns(
      { ...address, [`TLSA _${starttls}._tcp.${host}`]: [tlsa(servers.certificate)] },
      async ({ address: resolver }) =>
        (await json(...there, '--server-hostname', host, '--resolver', resolver)).row.dane,
    );
    expect(asked.result).toBe('match');
    const bare = await json(`smtp://127.0.0.1:${starttls}`, ...trusted, '--resolver', '127.0.0.1');
    expect(bare.row.dane).toMatchObject({ result: 'not asked' });
  });

  it.each([
    ['--resolver', 'localhost:53'],
    ['--resolver', ''],
    ['--domain', '192.0.2.1'],
    ['--domain', 'a b'],
    ['--domain', ''],
  ])('%s %j is 64, before any server is asked', async (...option) => {
    site.names = [];
    const { status, stdout } = await tls(url, url, '--proxy', proxy, ...option);
    expect({ status, stdout, asked: site.names }).toEqual({ status: 64, stdout: '', asked: [] });
  });
});

describe('MTA-STS', () => {
  const txt = { [`TXT _mta-sts.${domain}`]: ['v=STSv1; id=1;'] };
  const policy = (mode: string, mx = host) =>
    `version: STSv1\r\nmode: ${mode}\r\nmx: ${mx}\r\nmax_age: 604800\r\n`;
  const look = (said: string, zone: Zone = txt, status = 200, url = `smtp://${host}:25`) =>
    withDns(zone, async ({ address }) => {
      Object.assign(site, { policy: said, status, names: [] });
      const before = getServers();
      setServers([address]);
      syncBuiltinESMExports();
      try {
        return await json(url, '--proxy', proxy, '--domain', domain.toUpperCase(), ...trusted);
      } finally {
        setServers(before);
        syncBuiltinESMExports();
      }
    });

  it.each(['enforce', 'testing'])('%s: names the server', async (mode) => {
    const { status, row } = await look(policy(mode));
    expect(status).toBe(0);
    expect(row.mtaSts).toMatchObject({ result: 'named', policy: { mode, mx: [host] } });
    expect(site.names).toContain(`mta-sts.${domain}:443`);
  });

  it('names another: exit 1 and a warning', async () => {
    const { status, row, stderr } = await look(policy('enforce', '*.elsewhere.test'));
    expect(status).toBe(1);
    expect(stderr).toContain('the MTA-STS policy does not name it');
    expect(row.mtaSts.result).toBe('not named');
  });

  it('what was seen once is asked again', async () => {
    expect((await look(policy('enforce'))).row.mtaSts.result).toBe('named');
    expect((await look(policy('enforce', 'other.test'))).row.mtaSts.result).toBe('not named');
    expect((await look(policy('enforce'), {})).row.mtaSts.result).toBe('none');
  });

  it.each<[string, string, Zone | undefined, number]>([
    ['none', '', {}, 200],
    ['none', policy('none'), undefined, 200],
    ['unknown', policy('enforce'), undefined, 404],
    ['unknown', 'no policy', undefined, 200],
    ['unknown', '', { [`TXT _mta-sts.${domain}`]: 'SERVFAIL' }, 200],
  ])('%s: %j, %j, %i', async (result, said, zone, code) => {
    const { status, row } = await look(said, zone, code);
    expect(status).toBe(0);
    expect(row.mtaSts).toMatchObject({ result });
  });

  it('what is not asked says so, and why', async () => {
    const smtp = await tls(`smtp://${host}:25`, '--proxy', proxy, ...trusted);
    expect(smtp.stdout).toMatch(/^ {2}dane +not asked: --resolver names a validating resolver$/m);
    expect(smtp.stdout).toMatch(/^ {2}mta-sts +not asked: --domain names the mail domain$/m);
    const imap = `imaps://localhost:${servers.ports.imap['implicit-tls']}`;
    expect((await tls(imap, '--domain', domain, ...trusted)).stdout).toMatch(
      /^ {2}mta-sts +not asked: it is for SMTP$/m,
    );
  });
});

describe("FTP's data connections", () => {
  const url = (scheme: 'ftp' | 'ftps', user = '') =>
    `${scheme}://${user}localhost:${servers.ports.ftp[scheme === 'ftp' ? 'starttls' : 'implicit-tls']}`;
  const netrc = (text: string): string[] => {
    const path = join(folder, 'netrc');
    writeFileSync(path, text, { mode: 0o600 });
    return ['--netrc-file', path];
  };
  const mine = `machine localhost login alice password ${password}\n`;
  const data = async (...args: string[]) =>
    (await json(...args, ...trusted, '--probe')).row.probe.ftpDataResumes;

  it.each(['ftp', 'ftps'] as const)('%s: resume, where there is a login', async (scheme) => {
    expect(await data(url(scheme), ...netrc(mine))).toBe('yes');
    expect(await data(url(scheme, 'alice@'), ...netrc(mine), '--tls-min', '1.3')).toBe('yes');
  });

  it('without one they are not asked, whatever stands in the way of it', async () => {
    expect(await data(url('ftps'))).toBe('not asked: needs a login');
    expect(await data(url('ftps', 'alice@'))).toBe('not asked: needs a login');
    expect(await data(url('ftps', 'bob@'), ...netrc(mine))).toBe('not asked: needs a login');
    const wrong = netrc('machine localhost login alice password wrong\n');
    expect(await data(url('ftps'), ...wrong)).toBe('unknown');
    const imap = `imaps://localhost:${servers.ports.imap['implicit-tls']}`;
    expect(await data(imap, ...netrc(mine))).toBe('not asked');
  });

  it.each(['EPSV', 'PASV'])('a server that forgets the session there, by %s', async (passive) => {
    const { chain, key } = servers.certificate;
    const sent: string[] = [];
    const listing = createTls({ cert: chain, key }, (socket) => {
      socket.on('error', () => {}).end('');
    });
    const port = await listening(listing);
    const answers: Record<string, string> = {
      USER: '331 who',
      PASS: '230 in',
      PBSZ: '200 ok',
      PROT: '200 ok',
      [passive]:
        passive === 'EPSV'
          ? `229 there (|||${port}|)`
          : `227 there (192,0,2,1,${port >> 8},${port & 255})`,
      LIST: '150 here\r\n226 done',
      QUIT: '221 bye',
    };
    const control = createTls({ cert: chain, key }, (socket) => {
      socket.on('error', () => {}).write('220 forgetful\r\n');
      socket.on('data', (octets) => {
        for (const line of octets.toString().split('\r\n').filter(Boolean)) {
          sent.push(line);
          socket.write(`${answers[line.split(' ', 1)[0] as string] ?? '500 what'}\r\n`);
        }
      });
    });
    const there = `ftps://localhost:${await listening(control)}`;
    expect(await data(there, ...netrc(mine))).toBe('no');
    expect(sent.slice(sent.indexOf('USER alice'))).toEqual([
      'USER alice',
      `PASS ${password}`,
      'PBSZ 0',
      'PROT P',
      ...(passive === 'EPSV' ? ['EPSV'] : ['EPSV', 'PASV']),
      'LIST',
      'QUIT',
    ]);
  });
});
