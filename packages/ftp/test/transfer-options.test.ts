/** Options of transfers: text, pace, times, parts that go on, comparison by reading again, names that the server chooses. */
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { temporaryName } from '@fivewire/line-protocol';
import fc from 'fast-check';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { uniqueName } from '../src/files/upload-unique.js';
import { FtpClient } from '../src/index.js';
import { RateLimit } from '../src/transfer/rate-limit.js';
import { FromNetwork, ToNetwork } from '../src/transfer/text-lines.js';
import { type Manners, type OddServer, oddServer, type Tree } from './odd-server.js';
import { against, login } from './script.js';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'fivewire-options-'));
});
let files = 0;
const place = () => join(directory, `file-${files++}`);

async function meeting(tree: Tree, manners: Manners = {}): Promise<OddServer & { ftp: FtpClient }> {
  const server = oddServer(tree, manners);
  return { ...server, ftp: await FtpClient.connect(server.options) };
}

const inPieces = (text: string, cuts: number[]): Buffer[] => {
  const at = [0, ...cuts.map((cut) => cut % (text.length + 1)).sort((a, b) => a - b), text.length];
  return at.slice(1).map((end, index) => Buffer.from(text.slice(at[index], end), 'latin1'));
};
const lines = fc.string({ unit: fc.constantFrom('a', '\r', '\n'), maxLength: 30 });

describe('text (TYPE A)', () => {
  test('line ends in any cut are those of the whole', () => {
    fc.assert(
      fc.property(lines, fc.array(fc.nat(), { maxLength: 5 }), (text, cuts) => {
        const to = new ToNetwork();
        const sent = Buffer.concat(inPieces(text, cuts).map((piece) => to.push(piece)));
        expect(sent.toString()).toBe(text.replace(/(?<!\r)\n/g, '\r\n'));
        const from = new FromNetwork('\n');
        const came = inPieces(text, cuts).map((piece) => from.push(piece));
        expect(Buffer.concat([...came, from.end()]).toString()).toBe(text.replaceAll('\r\n', '\n'));
      }),
    );
  });

  test('down: TYPE A, no SIZE, and TYPE I again for what comes next', async () => {
    const script = `${login}
C: TYPE A
S: 200 ascii
C: EPSV
S: 229 ok (|||6446|)
C: RETR /t
S: 150 go (99 bytes)
DATA
D: one
D-raw: two
D-end
S: 226 done
C: TYPE I
S: 200 binary
`;
    const to = place();
    const { result } = await against(script, (ftp) => ftp.download('/t', to, { type: 'ascii' }));
    expect(result).toEqual({ octets: 8, size: 8, start: 0, proof: 'final-reply' });
    expect(await readFile(to, 'utf8')).toBe(
      `one${process.platform === 'win32' ? '\r\n' : '\n'}two`,
    );
  });

  test('up: lines end in CR LF on the wire, and those that do already stay', async () => {
    const { tree, ftp, said } = await meeting({});
    const result = await ftp.upload('one\ntwo\r\n', 't', { type: 'ascii' });
    expect([tree.t, result.proof]).toEqual(['one\r\ntwo\r\n', 'final-reply']);
    expect(said.filter((line) => /^(?:TYPE|STOR|SIZE)/.test(line))).toEqual([
      'TYPE I',
      'TYPE A',
      'STOR t',
      'TYPE I',
    ]);
    await ftp.quit();
  });

  test('what counts or compares octets does not go with it', async () => {
    const { ftp, said } = await meeting({ t: 'x' });
    const before = said.length;
    for (const options of [{ verify: 'hash' }, { verify: 'reread' }, { resume: true }] as const) {
      for (const call of [
        () => ftp.download('t', place(), { ...options, type: 'ascii' }),
        () => ftp.upload('x', 't', { ...options, type: 'ascii' }),
      ]) {
        await expect(call()).rejects.toMatchObject({ code: 'ERR_ARGUMENT' });
      }
    }
    expect(said).toHaveLength(before);
    await ftp.quit();
  });
});

describe('rateLimit', () => {
  test('octets wait for their time', () => {
    let now = 0;
    const limit = new RateLimit(1_000, () => now);
    expect([limit.after(500), limit.after(500), limit.after(1_000)]).toEqual([0, 500, 1_500]);
    now = 1_500;
    expect(limit.after(100)).toBe(100);
    now = 100_000; // what was not used long ago is not owed
    expect([limit.after(500), limit.after(500)]).toEqual([0, 500]);
  });

  test('all octets come and go all the same', async () => {
    const { tree, ftp } = await meeting({ a: 'x'.repeat(2_000) });
    const to = place();
    await ftp.download('a', to, { rateLimit: 20_000 });
    await ftp.upload('y'.repeat(2_000), 'b', { rateLimit: 20_000 });
    expect([await readFile(to, 'utf8'), tree.b]).toEqual([tree.a, 'y'.repeat(2_000)]);
    await ftp.quit();
  });

  test('an abort ends a wait that would be long', async () => {
    const { ftp } = await meeting({ a: 'x'.repeat(200_000) });
    const given = new AbortController();
    const { signal } = given;
    const onProgress = vi.fn(() => given.abort());
    const slow = ftp.download('a', place(), { rateLimit: 1, signal, onProgress });
    await expect(slow).rejects.toMatchObject({ code: 'ERR_ABORTED', connection: 'usable' });
    await ftp.quit();
  });
});

describe('preserveTimes', () => {
  test('down by MDTM, up by MFMT, and the result says so', async () => {
    const features = ['EPSV', 'SIZE', 'MDTM', 'MFMT'];
    const { ftp, said } = await meeting({ a: 'x' }, { features, setsTimes: true });
    const to = place();
    const modified = new Date('2024-01-02T03:04:05Z');
    expect(await ftp.download('a', to, { preserveTimes: true })).toMatchObject({ modified });
    expect((await stat(to)).mtime).toEqual(modified);
    const other = new Date('2020-02-03T04:05:06.789Z');
    await utimes(to, other, other);
    const result = await ftp.upload({ file: to }, 'b', { preserveTimes: true, atomic: true });
    expect(result.modified).toEqual(new Date('2020-02-03T04:05:06Z'));
    const times = said.filter((line) => /^(?:MFMT|RNTO)/.test(line));
    expect(times).toEqual([
      expect.stringMatching(/^MFMT 20200203040506 \.b\.[0-9a-f]{12}\.part$/),
      'RNTO b',
    ]);
    await ftp.quit();
  });

  test('a server that sets no times has the file all the same', async () => {
    const { ftp, tree } = await meeting({ a: 'x' }, { features: ['EPSV', 'SIZE'] });
    const from = place();
    await writeFile(from, 'hello');
    const result = await ftp.upload({ file: from }, 'b', { preserveTimes: true });
    expect([result.modified, tree.b]).toEqual([undefined, 'hello']);
    await expect(ftp.upload('x', 'b', { preserveTimes: true })).rejects.toMatchObject({
      code: 'ERR_ARGUMENT',
    });
    await ftp.quit();
  });
});

const content = Array.from({ length: 3_000 }, (_, index) => `line ${index}\n`).join('');
const half = Math.floor(content.length / 2);

describe('uploads that go on', () => {
  test.each([
    ['REST and STOR', {}, 'STOR'],
    [
      'APPE, where REST is refused (ProFTPD without AllowStoreRestart)',
      { refusesRestart: true },
      'APPE',
    ],
    ['APPE, where restarts are not announced', { features: ['EPSV', 'SIZE'] }, 'APPE'],
  ] as [string, Manners, string][])('by %s', async (_, manners, verb) => {
    const { tree, ftp, said, manners: now } = await meeting({}, { ...manners, breaksAfter: half });
    const from = place();
    await writeFile(from, content);
    const first = ftp.upload({ file: from }, 'f', { resume: true });
    await expect(first).rejects.toMatchObject({ code: 'ERR_TRANSFER_INCOMPLETE' });
    const [part] = Object.keys(tree);
    expect(part).toMatch(/^\.f\.[0-9a-f]{12}\.part$/);
    expect(tree[part as string]).toBe(content.slice(0, half));
    now.breaksAfter = Infinity;
    const result = await ftp.upload({ file: from }, 'f', { resume: true });
    expect(result).toEqual({
      octets: content.length - half,
      size: content.length,
      start: half,
      proof: 'size',
    });
    expect(tree).toEqual({ f: content });
    expect(said.filter((line) => /^(?:STOR|APPE)/.test(line)).at(-1)).toBe(`${verb} ${part}`);
    await ftp.quit();
  });

  test.each([
    ['EPSV', 'SIZE'],
    ['EPSV', 'SIZE', 'REST STREAM'],
  ])('a server that adds to no file gets the whole of it: %s %s %s', async (...features) => {
    const { tree, ftp, manners } = await meeting({}, { features, breaksAfter: half });
    const from = place();
    await writeFile(from, content);
    await expect(ftp.upload({ file: from }, 'f', { resume: true })).rejects.toMatchObject({
      code: 'ERR_TRANSFER_INCOMPLETE',
    });
    Object.assign(manners, { breaksAfter: Infinity, addsToNothing: true });
    const result = await ftp.upload({ file: from }, 'f', { resume: true });
    expect(result).toMatchObject({ start: 0, size: content.length, proof: 'size' });
    expect(tree).toEqual({ f: content });
    await ftp.quit();
  });

  test('a part of another version of the file is no part of this one', async () => {
    const { tree, ftp, manners } = await meeting({}, { breaksAfter: half });
    const from = place();
    await writeFile(from, content);
    await ftp.upload({ file: from }, 'f', { resume: true }).catch(() => {});
    manners.breaksAfter = Infinity;
    await writeFile(from, content.toUpperCase());
    await utimes(from, new Date(1e12), new Date(1e12));
    const result = await ftp.upload({ file: from }, 'f', { resume: true });
    expect([result.start, tree.f]).toEqual([0, content.toUpperCase()]);
    await ftp.quit();
  });

  test('without a name of its own, what lies there is trusted only by a hash or by reading it', async () => {
    const { tree, ftp } = await meeting({ f: content.slice(0, half), g: 'other' });
    const anew = await ftp.upload(content, 'f', { resume: true, atomic: false });
    expect([anew.start, tree.f]).toEqual([0, content]);
    tree.f = content.slice(0, half);
    const options = { resume: true, atomic: false, verify: 'reread' } as const;
    const goesOn = await ftp.upload(content, 'f', options);
    expect([goesOn.start, tree.f, goesOn.hash?.value]).toEqual([half, content, sha256(content)]);
    const other = await ftp.upload(content, 'g', options);
    expect([other.start, tree.g]).toEqual([0, content]);
    expect(await ftp.upload(content, 'g', options)).toMatchObject({
      octets: 0,
      start: content.length,
    });
    await ftp.quit();
  });

  test('a stream has no middle to go on from', async () => {
    const { ftp } = await meeting({});
    for (const source of [Readable.from(['x']), new Blob(['x'])]) {
      await expect(ftp.upload(source, 'f', { resume: true })).rejects.toMatchObject({
        code: 'ERR_ARGUMENT',
      });
    }
    await ftp.quit();
  });
});

const sha256 = (text: string) => createHash('sha256').update(text, 'latin1').digest('hex');

describe('comparison by reading again', () => {
  test('where the server has no hash', async () => {
    const { tree, ftp, said } = await meeting({ a: content });
    const hash = { algorithm: 'sha256', value: sha256(content) };
    expect(await ftp.download('a', place(), { verify: 'reread' })).toMatchObject({ hash });
    expect(await ftp.upload(content, 'b', { verify: 'reread' })).toMatchObject({ hash });
    expect(said.filter((line) => line.startsWith('RETR'))).toEqual(['RETR a', 'RETR a', 'RETR b']);
    expect(await ftp.hash('a', 'sha256', { reread: true })).toBe(hash.value);
    expect(await ftp.hash('a', 'crc32', { reread: true })).toMatch(/^[0-9a-f]{8}$/);
    await expect(ftp.hash('a')).rejects.toMatchObject({ code: 'ERR_EXTENSION_REQUIRED' });
    expect(tree.b).toBe(content);
    await ftp.quit();
  });

  test('what was damaged on the way is seen', async () => {
    const script = `${login}
C: EPSV
S: 229 ok (|||6446|)
C: STOR a
S: 150 go
DATA
U: good
S: 226 done
C: SIZE a
S: 213 4
C: SIZE a
C: EPSV
S: 213 4
S: 229 ok (|||6446|)
C: RETR a
S: 150 go
DATA
D-raw: evil
D-end
S: 226 done
`;
    await expect(
      against(script, (ftp) => ftp.upload('good', 'a', { verify: 'reread' })),
    ).rejects.toMatchObject({ code: 'ERR_TRANSFER_INCOMPLETE' });
  });
});

describe('STOU', () => {
  const stou = (place: string, opening: string, last: string) => `${login}${place}
C: EPSV
S: 229 ok (|||6446|)
C: STOU
S: ${opening}
DATA
U: x
S: ${last}
`;

  test('the name that the server chose, in the login directory', async () => {
    const { result } = await against(stou('', '150 FILE: upl0001', '226 done'), (ftp) =>
      ftp.uploadUnique('x'),
    );
    expect(result).toMatchObject({ octets: 1, path: 'upl0001', proof: 'final-reply' });
  });

  test('in another directory, and back', async () => {
    const there = `
C: PWD
S: 257 "/home"
C: CWD /in
S: 250 ok`;
    const script = `${stou(there, '150 go', '226 Transfer complete (unique file name:u.1).')}C: CWD /home
S: 250 ok
`;
    const { result } = await against(script, (ftp) => ftp.uploadUnique('x', '/in'));
    expect(result.path).toBe('/in/u.1');
  });

  test('names of real servers', () => {
    expect(uniqueName(['Ok to send data.', 'FILE: a b'])).toBe('a b'); // vsftpd
    expect(uniqueName(['FILE: "a"'])).toBe('a');
    expect(uniqueName(['Transfer complete'])).toBeUndefined();
  });

  test('without STOU: a random name, and the source is read once', async () => {
    const { tree, ftp } = await meeting({ in: {} }, { answers: { STOU: '502 no' } });
    const { path } = await ftp.uploadUnique(Readable.from(['one', 'two']), '/in');
    expect(path).toMatch(/^\/in\/[0-9a-f-]{36}$/);
    expect(Object.values(tree.in as Tree)).toEqual(['onetwo']);
    await ftp.quit();
  });
});

describe('NLST', () => {
  test('names, in whatever way the server writes them', async () => {
    const script = `${login}
C: EPSV
S: 229 ok (|||6446|)
C: NLST /in
S: 150 go
DATA
D: /in/a b
D: .
D: ..
D: c
D-raw: d
D-end
S: 226 done
`;
    for (const cut of ['whole', 'octets', 1] as const) {
      const work = (ftp: FtpClient) => ftp.listNames('/in').toArray();
      const { result } = await against(script, work, { cut });
      expect(result.map(({ path }) => path)).toEqual(['/in/a b', '/in/c', '/in/d']);
      expect(result[0]).toEqual({ name: 'a b', path: '/in/a b', rawPath: Buffer.from('/in/a b') });
    }
  });

  test('nothing there, nothing in it, and paths with blanks are told apart', async () => {
    const { ftp, place: now } = await meeting({ empty: {}, 'a b': { c: 'x' } });
    expect(await ftp.listNames('/empty').toArray()).toEqual([]);
    expect((await ftp.listNames('/a b').toArray()).map(({ path }) => path)).toEqual(['/a b/c']);
    await expect(ftp.listNames('/none').toArray()).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' });
    expect(now()).toBe('/');
    await ftp.quit();
  });

  test('a refusal that says "empty" is (DrFTPD, MVS)', async () => {
    const { ftp } = await meeting({ d: {} }, { answers: { NLST: '550 No files found.' } });
    expect(await ftp.listNames('/d').toArray()).toEqual([]);
    await ftp.quit();
  });
});

describe('sweep, and rename', () => {
  test('what killed uploads left goes, when it is old enough', async () => {
    const part = '.a.0123456789ab.part';
    const ours = temporaryName('b'); // its writer is this process, which runs
    const { tree, ftp } = await meeting({
      ...{ [part]: 'x', [ours]: 'x', 'a.part': 'x', '.b.part': 'x', d: {} },
    });
    expect(await ftp.sweep('/', { olderThan: 1e15 })).toEqual([]);
    expect(await ftp.sweep('/')).toEqual([`/${part}`]);
    expect(Object.keys(tree)).toEqual([ours, 'a.part', '.b.part', 'd']);
    expect(await ftp.sweep('/', { olderThan: 0 })).toEqual([`/${ours}`]);
    expect(Object.keys(tree)).toEqual(['a.part', '.b.part', 'd']);
    await ftp.quit();
  });

  test('overwrite: false looks first', async () => {
    const { tree, ftp, said } = await meeting({ a: '1', b: '2' });
    await expect(ftp.rename('a', 'b', { overwrite: false })).rejects.toMatchObject({
      code: 'ERR_COMMAND_REJECTED',
      connection: 'usable',
    });
    expect(said.some((line) => line.startsWith('RNFR'))).toBe(false);
    await ftp.rename('a', 'c', { overwrite: false });
    expect(tree).toEqual({ b: '2', c: '1' });
    await ftp.quit();
  });
});
